"""A task: a typed chain of 1 to 4 primitives with its English text, plan, Python function and hidden inputs.

Chains are split by composition: sha256 over the primitives' names decides, so no wording or constant of a held-out
composition is ever trained on. Single primitives are never held out (there would be nothing to learn them from).
"""

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from random import Random

from hidden_inputs import draw_inputs
from phrasing import write_task
from primitive import BOOL, INTS, PARAMETER, TEXT, WORDS, Step, pick_constant
from primitives_lists import BY_NAME, PRIMITIVES, WEIGHT

BY_INPUT = {kind: [p for p in PRIMITIVES if p.takes == kind] for kind in (INTS, WORDS, TEXT, "int", BOOL)}
LENGTH_WEIGHTS = (0.10, 0.25, 0.30, 0.35)
HELD_OUT_ONE_IN = 5
N_INPUTS = 16


@dataclass(frozen=True)
class Task:
    text: str
    chain: tuple[Step, ...]
    plan: str
    code: str

    def composition(self) -> str:
        return composition_of(self.chain)


def composition_of(chain) -> str:
    return ">".join(step.primitive.name for step in chain)


def is_held_out(composition: str) -> bool:
    if ">" not in composition:
        return False
    return int.from_bytes(hashlib.sha256(composition.encode()).digest()[:8], "big") % HELD_OUT_ONE_IN == 0


def plan_of(chain) -> str:
    lines = [step.plan() for step in chain]
    return "\n".join(f"{i}. {line[0].upper()}{line[1:]}." for i, line in enumerate(lines, 1))


def code_lines(chain) -> list[tuple[str, int]]:
    """The function's lines, each with the index of the step it belongs to (-1 for the signature)."""
    source = PARAMETER[chain[0].primitive.takes]
    lines = [(f"def f({source}):", -1)]
    for i, step in enumerate(chain):
        target = "abcd"[i]
        statements = step.statements(source, target)
        if i == len(chain) - 1 and len(statements) == 1:
            lines.append((f"    return {statements[0].removeprefix(target + ' = ')}", i))
            break
        lines += [("    " + s, i) for s in statements]
        if i == len(chain) - 1:
            lines.append((f"    return {target}", i))
        source = target
    return lines


def code_of(chain) -> str:
    return "\n".join(line for line, _ in code_lines(chain))


@lru_cache(maxsize=None)
def step_function(name: str, value):
    """One step as a Python function, for checking chains quickly."""
    lines = code_lines((Step(BY_NAME[name], value),))
    space: dict = {}
    exec("\n".join(line for line, _ in lines), space)  # our own table's code, not a model's
    return space["f"]


def apply_chain(chain, value):
    for step in chain:
        value = step_function(step.primitive.name, step.value)(value)
    return value


def outcomes(chain, inputs) -> list:
    """The chain's value on each input; None where it is undefined (the largest of an empty list)."""
    found = []
    for value in inputs:
        try:
            found.append(apply_chain(chain, value))
        except (ValueError, IndexError):
            found.append(None)
    return found


def is_informative(chain, inputs) -> bool:
    """Defined on most inputs, not constant, and no step that could be left out unnoticed."""
    whole = outcomes(chain, inputs)
    defined = [repr(v) for v in whole if v is not None]
    if len(defined) < len(inputs) // 2 or len(set(defined)) < (2 if chain[-1].primitive.gives == BOOL else 3):
        return False
    for i, step in enumerate(chain):
        if len(chain) > 1 and step.primitive.takes == step.primitive.gives:
            if outcomes(chain[:i] + chain[i + 1:], inputs) == whole:
                return False
    return True


def draw_chain(rng: Random, length: int) -> tuple[Step, ...]:
    """A random typed chain; tries again when a type has no way on."""
    while True:
        kind = rng.choices((INTS, WORDS, TEXT), (0.5, 0.28, 0.22))[0]
        chain: list[Step] = []
        for position in range(length):
            options = BY_INPUT[kind]
            if position < length - 1:
                options = [p for p in options if p.gives != BOOL]
            if chain:
                options = [p for p in options if p.name != chain[-1].primitive.name]
            if not options:
                break
            p = rng.choices(options, [WEIGHT.get(p.name, 1.0) for p in options])[0]
            chain.append(Step(p, pick_constant(p.constant, rng)))
            kind = p.gives
        if len(chain) == length:
            return tuple(chain)


def draw_task(rng: Random, held_out: bool, length: int | None = None) -> Task:
    """A task from the training side or the held-out side of the split."""
    while True:
        size = length or rng.choices((1, 2, 3, 4), LENGTH_WEIGHTS)[0]
        chain = draw_chain(rng, size)
        if is_held_out(composition_of(chain)) != held_out:
            continue
        if not is_informative(chain, draw_inputs(chain[0].primitive.takes, rng, 8)):
            continue
        return Task(write_task(list(chain), rng), chain, plan_of(chain), code_of(chain))


def hidden_inputs(task: Task, count: int = N_INPUTS) -> list:
    """Inputs on which the task is defined, the same everywhere for the same task."""
    rng = Random(hashlib.sha256((task.text + task.composition()).encode()).hexdigest())
    found: list = []
    while len(found) < count:
        batch = draw_inputs(task.chain[0].primitive.takes, rng, count)
        found += [x for x, y in zip(batch, outcomes(task.chain, batch)) if y is not None]
    return found[:count]
