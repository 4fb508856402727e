"""Primitives with a choice inside: maps that treat some numbers one way and the rest another, and totals that add here and
subtract there. Made by name from a condition and two actions: "where(even,square,negate)", "fold(greater,double,keep)"."""

from functools import lru_cache
from random import Random

from primitive import INT, INTS, Primitive

# name: (test, adjective before a noun or "", what follows "is", kind of constant)
CONDITIONS = {
    "even": ("x % 2 == 0", "even", "even", ""), "odd": ("x % 2 != 0", "odd", "odd", ""),
    "positive": ("x > 0", "positive", "positive", ""), "negative": ("x < 0", "negative", "negative", ""),
    "greater": ("x > {k}", "", "greater than {k}", "bound"), "less": ("x < {k}", "", "less than {k}", "bound"),
    "multiple": ("x % {k} == 0", "", "divisible by {k}", "divisor"),
}
# name: (value, command without object, noun after "by"/"add")
ACTIONS = {
    "keep": ("x", "keep", "itself"), "square": ("x * x", "square", "its square"), "double": ("x * 2", "double", "its double"),
    "triple": ("x * 3", "triple", "three times its value"), "halve": ("x // 2", "halve", "its half rounded down"),
    "negate": ("-x", "negate", "its negative"), "increment": ("x + 1", "increment", "the next number"),
    "decrement": ("x - 1", "decrement", "the number before it"), "zero": ("0", "zero out", "0"), "cube": ("x ** 3", "cube", "its cube"),
}
PAST = {"square": "squared", "double": "doubled", "triple": "tripled", "halve": "halved", "negate": "negated", "increment": "increased by one",
        "decrement": "decreased by one", "zero": "set to 0", "cube": "cubed"}


def some(condition: str) -> tuple[str, str]:
    """"each even number" and "the even numbers"."""
    _, adjective, after, _ = CONDITIONS[condition]
    if adjective:
        return f"each {adjective} number", f"the {adjective} numbers"
    return f"each number {after}", f"the numbers {after}"


def where(condition: str, action: str, other: str) -> Primitive:
    test, _, after, constant = CONDITIONS[condition]
    (value, verb, noun), (value2, verb2, noun2) = ACTIONS[action], ACTIONS[other]
    each, plural = some(condition)
    name, code = f"where({condition},{action},{other})", f"[{value} if {test} else {value2} for x in {{v}}]"
    if other == "keep":
        return Primitive(name, INTS, INTS, f"{verb} {each} and keep the rest", code,
                         (f"{{n}} with {plural} {PAST[action]}", f"{{n}} with {each} {PAST[action]}",
                          f"{{n}} where {each} is replaced by {noun}"), (), (),
                         (f"{verb} {plural}{{at}} and leave the rest as they are", f"{verb} {plural}{{at}} and keep the others",
                          f"{verb} only {plural}{{at}}", f"replace {each}{{at}} by {noun}", f"{verb} a number{{at}} if it is {after}, else leave it alone"),
                         constant)
    return Primitive(name, INTS, INTS, f"{verb} {each} and {verb2} the rest", code,
                     (f"{{n}} with {plural} {PAST[action]} and the rest {PAST[other]}",
                      f"{{n}} where {each} is replaced by {noun} and any other by {noun2}"), (), (),
                     (f"{verb} {plural}{{at}} and {verb2} the rest", f"{verb} {each}{{at}} and {verb2} the others",
                      f"replace each number{{at}} by {noun} if it is {after}, otherwise by {noun2}",
                      f"for each number{{at}}, {verb} it if it is {after} and {verb2} it otherwise"), constant)


def fold(condition: str, action: str, other: str) -> Primitive:
    test, _, after, constant = CONDITIONS[condition]
    (value, _, noun), (value2, _, noun2) = ACTIONS[action], ACTIONS[other]
    each, plural = some(condition)
    noun, noun2 = noun.replace("itself", "the number"), noun2.replace("itself", "the number")
    name = f"fold({condition},{action},{other})"
    code = f"{{o}} = 0\nfor x in {{v}}:\n    if {test}:\n        {{o}} += {value}\n    else:\n        {{o}} -= {value2}"
    return Primitive(name, INTS, INT, f"start at 0, add {noun} for {each} and subtract {noun2} for the rest", code,
                     (f"the total over {{n}} that adds {noun} for {each} and subtracts {noun2} for the rest",
                      f"the running total over {{n}} where {each} adds {noun} and any other subtracts {noun2}"), (), (),
                     (f"start at zero and for each number{{at}} add {noun} if it is {after}, otherwise subtract {noun2}",
                      f"keep a total that starts at 0: for {each}{{at}} add {noun}, for the others subtract {noun2}",
                      f"go through {{o}} with a total of 0, adding {noun} for {plural} and subtracting {noun2} for the rest",
                      f"add {noun} for {each}{{at}} and subtract {noun2} for every other number"), constant)


@lru_cache(maxsize=None)
def made(name: str) -> Primitive:
    kind, rest = name.rstrip(")").split("(")
    return {"where": where, "fold": fold}[kind](*rest.split(","))


def draw(rng: Random) -> Primitive:
    condition, action = rng.choice(list(CONDITIONS)), rng.choice([a for a in ACTIONS if a != "keep"])
    if rng.random() < 0.5:
        other = "keep" if rng.random() < 0.4 else rng.choice([a for a in ACTIONS if a not in ("keep", action)])
        return made(f"where({condition},{action},{other})")
    action = rng.choice([a for a in ACTIONS if a != "zero"])
    return made(f"fold({condition},{action},{rng.choice([a for a in ACTIONS if a not in ('zero', 'negate')])})")
