"""Whole tasks as people write them: the program's sentence, a function name or examples where they belong, and wording noise."""

import re
from random import Random

from hidden_inputs import draw_inputs
from phrasing import write_task
from primitive import PARAMETERS
from program import Program, composition_of
from second_grammar import is_sayable, write_second
from task import Task, draw_informative, draw_program, input_constant, is_held_out, is_informative
from wording import typed
from worked_examples import ambiguous, draw_name, said_examples, short_examples

WITH_EXAMPLES, WITH_NAME, EXAMPLES_ONLY, VAGUE = 0.17, 0.13, 0.02, 0.6


def renamed(text: str, name: str, p: Program, rng: Random) -> str:
    """The request for a function of that name."""
    form, signature = rng.randrange(5), f"{name}({', '.join(p.parameters())})"
    if form == 0:
        return f"{text.rstrip('.')}. Call the function {name}."
    if form == 1:
        return f"Write a function {signature} for this: {text}"
    if form == 2:
        return f"{text}\ndef {signature}:"
    if form == 3:
        return f"Write {name}: {text}"
    found = re.match(r"(?i)(write|make|define|code) a (python )?function", text)
    return f"{found[0]} {name}{text[found.end():]}" if found else f"{text.rstrip('.')} (function {name})"


def examples_alone(p: Program, rng: Random) -> Task | None:
    """Nothing but input and output pairs."""
    name = draw_name(rng) if rng.random() < 0.5 else "f"
    examples = short_examples(p, rng, 3)
    if len(examples) < 3:
        return None
    shown = said_examples(examples, name, rng).strip()
    intro = rng.choice(["Write a function for these examples:\n", "Find the rule: ", "What function does this? ", "", f"Define {name} so that these hold.\n"])
    return Task(intro + shown, p, name if name + "(" in intro + shown or f"Define {name} " in intro else "f", tuple(examples))


def write(p: Program, rng: Random, is_plain: bool = False) -> Task:
    """`is_plain`: without slips and chatty frames, for tests of the grammar."""
    if p.size() == 1 and p.gives() != "bool" and rng.random() < EXAMPLES_ONLY * 4 and not is_plain:
        task = examples_alone(p, rng)
        if task:
            return task
    vague = ambiguous(p, rng) if rng.random() < VAGUE else None
    examples = short_examples(p, rng, 2, vague[1] if vague else ()) if vague or rng.random() < WITH_EXAMPLES else []
    said = vague[0] if vague and examples else p
    text = write_task(said, rng)
    if not is_plain:
        text = typed(text, PARAMETERS[p.kind], rng)
    name = draw_name(rng) if rng.random() < WITH_NAME else "f"
    only_in_examples = bool(examples) and rng.random() < 0.4
    if name != "f" and not only_in_examples:
        text = renamed(text, name, p, rng)
    if examples:
        shown = said_examples(examples, name, rng)
        if only_in_examples and name + "(" not in shown:
            name = "f"
        text += shown
    return Task(text, p, name, tuple(examples))


def draw_task(rng: Random, held_out: bool, size: int | None = None) -> Task:
    return write(draw_informative(rng, held_out, size), rng)


def draw_tasks(rng: Random, wordings: int) -> list[Task]:
    """One training program in several wordings."""
    p = draw_informative(rng, False)
    return [write(p, rng) for _ in range(wordings)]


def draw_second(rng: Random, size: int) -> Task:
    """A task of the second grammar; longer compositions come from the held-out side of the split."""
    while True:
        p = draw_program(rng, size)
        if not is_sayable(p) or (size > 1 and not is_held_out(composition_of(p))):
            continue
        if is_informative(p, draw_inputs(p.kind, input_constant(p), rng, 8)):
            return Task(write_second(p, rng), p)
