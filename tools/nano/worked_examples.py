"""Examples as input and output pairs inside a task, function names that the task asks for, and phrases with two meanings that only
the examples tell apart."""

import builtins
from dataclasses import replace
from keyword import iskeyword
from random import Random

from hidden_inputs import draw_inputs
from out_of_domain import dictionary, pseudo_word
from primitive import Step
from program import Program, outcomes
from table import BY_NAME

# Steps that the phrase fits equally well: with an ambiguous phrase a task always gives examples.
AMBIGUOUS = (
    (("nth_largest_distinct", "nth_largest"), ("the {th} largest value {in}",)),
    (("range_up_to", "range_below"), ("the numbers up to {l}", "the integers to {l}")),
    (("primes_up_to", "primes_below"), ("the primes until {l}", "the primes to {l}")),
    (("unique_ints", "numbers_once"), ("{n} without repeated values", "{n} with the repeats taken out")),
    (("sort_ascending", "sort_descending"), ("{n} in order", "{n} in sorted order by size")),
    (("rotate_left", "rotate_right"), ("{l} rotated by {k}", "{l} shifted around by {k} places")),
    (("element_at", "nth_element"), ("element number {k} {in}",)),
    (("k_largest", "k_smallest"), ("the {k} most extreme numbers {in}",)),
    (("sort_words", "sort_words_down"), ("{n} in order", "{n} ordered by spelling")),
    (("reverse_words_of", "reverse_word_order"), ("{l} with the words reversed", "{l} with its words turned around")),
    (("day_first", "day_first_hyphen"), ("{l} with the day first",)),
    (("largest", "smallest"), ("the extreme number {in}",)),
    (("upper_text", "capitalise", "capitalise_words"), ("{l} with capitals", "the capitalised version of {l}")),
)
BY_MEANING = {name: (names, phrases) for names, phrases in AMBIGUOUS for name in names if name in BY_NAME}
VERBS = "get find make do compute count list solve calc check build".split()
NOUNS = "it items values numbers result stuff total letters words list answer pairs data things max min sum even odd largest".split()


def draw_name(rng: Random) -> str:
    """A name such as people give functions."""
    verb, noun, more = rng.choice(VERBS), rng.choice(NOUNS), rng.choice(NOUNS)
    if rng.random() < 0.6:  # names to be copied, not known
        verb, noun, more = (rng.choice(dictionary()) if rng.random() < 0.7 else pseudo_word(rng) for _ in range(3))
        if rng.random() < 0.2:
            noun, more = noun.capitalize(), more.capitalize()
    name = rng.choice((f"{verb}_{noun}", f"{verb}_{noun}_{more}", verb + noun.capitalize(), f"my_{noun}", noun, "g", "solve", "solution", f"{noun}_of_{more}",
                       f"{verb}_{noun}{rng.randint(1, 9)}", f"{verb}_{noun.capitalize()}"))
    return f"my_{name}" if hasattr(builtins, name) or iskeyword(name) else name


def short_examples(p: Program, rng: Random, count: int, others=()) -> list[tuple[tuple, object]]:
    """Inputs and values that fit in a sentence; the first tells `p` from each of the other programs. Empty where there are none."""
    extra = p.extra()
    inputs = draw_inputs(p.kind, extra.primitive.constant if extra else "", rng, 40)
    values, rivals = outcomes(p, inputs), [outcomes(o, inputs) for o in others]
    fitting = [i for i, v in enumerate(values) if v is not None and len(repr(inputs[i])) + len(repr(v)) < 50 and inputs[i][0] not in ([], "", {})]
    telling = [i for i in fitting if all(r[i] != values[i] for r in rivals)]
    if not telling:
        return []
    first = rng.choice(telling)
    chosen = [first] + [i for i in fitting if i != first][:count - 1]
    return [(inputs[i], values[i]) for i in chosen]


def call(name: str, arguments: tuple) -> str:
    return f"{name}({', '.join(map(repr, arguments))})"


def said_examples(examples, name: str, rng: Random) -> str:
    style = rng.randrange(8)
    if style == 0:
        return " For example, " + " and ".join(f"{call(name, a)} should return {v!r}" for a, v in examples) + "."
    if style == 1:
        return "\n" + "\n".join(f"{call(name, a)} == {v!r}" for a, v in examples)
    if style == 2:
        return "\n" + "\n".join(f"assert {call(name, a)} == {v!r}" for a, v in examples)
    if style == 3:
        return "\n" + "\n".join(f">>> {call(name, a)}\n{v!r}" for a, v in examples)
    shown = [(", ".join(map(repr, a)), repr(v)) for a, v in examples]
    if style == 4:
        return " Examples: " + "; ".join(f"{a} -> {v}" for a, v in shown)
    if style == 5:
        return "\n" + "\n".join(f"Input: {a} Output: {v}" for a, v in shown)
    if style == 6:
        return " E.g. " + ", ".join(f"{a} gives {v}" for a, v in shown)
    return " So " + " and ".join(f"{a} becomes {v}" for a, v in shown) + "."


def ambiguous(p: Program, rng: Random) -> tuple[Program, list[Program]] | None:
    """The program with a last step whose phrases have several meanings, and the programs of the other meanings."""
    if p.branch or not p.chain or p.chain[-1].primitive.name not in BY_MEANING:
        return None
    last = p.chain[-1]
    names, phrases = BY_MEANING[last.primitive.name]
    vague = replace(last.primitive, nouns=phrases, bases=(), tails=(), verbs=tuple("take " + t for t in phrases))

    def ending(primitive):
        return Program(p.kind, p.chain[:-1] + (Step(primitive, last.value),))

    return ending(vague), [ending(BY_NAME[n]) for n in names if n != last.primitive.name]
