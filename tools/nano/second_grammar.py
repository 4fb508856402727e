"""A grammar written apart from the first one: other sentence structures, other words, other orders of clauses. For evaluation
alone; nothing of it is trained on."""

from random import Random

from primitive import (DATE, INT, INTS, MATRIX, TABLE, TEXT, TWO_DATES, TWO_LISTS, TWO_NUMBERS, TWO_STRINGS, WORDS, Parameter, Step)
from program import Program
from second_phrases import SAID

INPUT = {INTS: ("xs", "a bunch of integers, xs", "some integers xs"), WORDS: ("words", "a bunch of words", "some strings called words"),
         TEXT: ("s", "a piece of text s", "some string s"), INT: ("n", "a single integer n", "some whole number n"),
         TABLE: ("d", "a dictionary d", "some dict d"), MATRIX: ("m", "a bunch of rows m", "some matrix m"), DATE: ("day", "a calendar date day", "some date day"),
         TWO_LISTS: ("xs and ys", "two bunches of integers, xs and ys"), TWO_NUMBERS: ("n and m", "two whole numbers n and m"),
         TWO_STRINGS: ("s and t", "two pieces of text, s and t"), TWO_DATES: ("day and other", "two calendar dates")}


def said(step: Step) -> str:
    value = step.value
    shown = value.name if isinstance(value, Parameter) else f'"{value}"' if isinstance(value, str) else str(value)
    return SAID[step.primitive.name].replace("{k}", shown)


def is_sayable(p: Program) -> bool:
    return p.branch is None and all(s.primitive.name in SAID for s in p.chain)


def in_order(parts: list[str], thing: str, rng: Random) -> str:
    form = rng.randrange(7)
    if form == 0:
        return f"Starting with {thing}: {' -> '.join(parts)}"
    if form == 1:
        return f"I have {thing}. " + " ".join(f"{p[0].upper()}{p[1:]}." for p in parts)
    if form == 2:
        return f"Here is what should happen to {thing}:\n" + "\n".join(f"{i}) {p}" for i, p in enumerate(parts, 1))
    if form == 3:
        return f"My input is {thing}; {'; '.join(parts)}; that is the answer"
    if form == 4:
        return f"With {thing} I would {' and go on to '.join(parts)}"
    if form == 5:
        return f"Somebody hands over {thing} - " + ", whereupon ".join(parts)
    return f"{thing}\n" + "\n".join(f"- {p}" for p in parts)


def end_first(parts: list[str], thing: str, rng: Random) -> str:
    """The last step said before the others."""
    last, before = parts[-1], parts[:-1]
    form = rng.randrange(4)
    if form == 0:
        return f"In the end {last}, though to begin with {', then '.join(before)} ({thing} being the input)"
    if form == 1:
        return f"From {thing}, {last}. Do not do so until you {' and then '.join(before)}"
    if form == 2:
        return f"{last[0].upper()}{last[1:]} once you were done with this on {thing}: {', then '.join(before)}"
    return f"The closing act is to {last}; leading up to it, {', then '.join(before)}. It all works on {thing}"


def write_second(p: Program, rng: Random) -> str:
    parts, thing = [said(s) for s in p.chain], rng.choice(INPUT[p.kind])
    if p.extra():
        thing += f" plus a further argument {p.extra().value.name}"
    text = end_first(parts, thing, rng) if len(parts) > 1 and rng.random() < 0.25 else in_order(parts, thing, rng)
    return text + rng.choice([".", "", "."]) if not text.endswith(".") else text


