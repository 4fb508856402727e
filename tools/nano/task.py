"""Draws tasks: a program with its English text, plan and Python function. Compositions are split by the SHA-256 of their
primitives' names, so that no wording or constant of a held-out composition is ever trained on. Single primitives are never
held out (there would be nothing to learn them from)."""

import hashlib
from dataclasses import dataclass, replace
from random import Random

import primitives_choices
from hidden_inputs import draw_inputs
from primitive import (BOOL, DATE, EXTRA, INT, INTS, MATRIX, TABLE, TEXT, TWO_DATES, TWO_LISTS, TWO_NUMBERS, TWO_STRINGS, WORDS, Parameter,
                       Step, pick_constant)
from program import Branch, Program, code_of, composition_of, outcomes, plan_of
from table import BY_INPUT, WEIGHT

KINDS = {INTS: 0.34, WORDS: 0.16, TEXT: 0.16, INT: 0.12, TABLE: 0.06, MATRIX: 0.06, DATE: 0.02, TWO_LISTS: 0.04, TWO_NUMBERS: 0.02,
         TWO_STRINGS: 0.015, TWO_DATES: 0.005}
LENGTH_WEIGHTS = (0.16, 0.24, 0.25, 0.20, 0.15)
CHOICES = 0.10          # of the steps on lists of integers
BRANCHES = 0.12         # of the programs
EXTRA_PARAMETERS = 0.12
HELD_OUT_ONE_IN = 5
N_INPUTS = 12


@dataclass(frozen=True)
class Task:
    text: str
    program: Program
    name: str = "f"
    examples: tuple = ()     # (arguments, value) pairs that the text shows

    @property
    def plan(self) -> str:
        return plan_of(self.program)

    @property
    def code(self) -> str:
        return code_of(self.program, self.name)

    def composition(self) -> str:
        return composition_of(self.program)


def is_held_out(composition: str) -> bool:
    if not any(c in composition for c in ">(["):
        return False
    return int.from_bytes(hashlib.sha256(composition.encode()).digest()[:8], "big") % HELD_OUT_ONE_IN == 0


def draw_step(kind: str, rng: Random, is_last: bool, before: str = "") -> Step | None:
    if kind == INTS and rng.random() < CHOICES:
        p = primitives_choices.draw(rng)
    else:
        options = [p for p in BY_INPUT.get(kind, ()) if p.name != before and (is_last or p.gives in BY_INPUT)]
        if not options:
            return None
        p = rng.choices(options, [WEIGHT.get(p.name, 1.0) for p in options])[0]
    return Step(p, pick_constant(p.constant, rng))


def draw_chain(kind: str, length: int, rng: Random, gives: str = "") -> tuple[Step, ...] | None:
    chain: list[Step] = []
    for position in range(length):
        step = draw_step(kind, rng, position == length - 1, chain[-1].primitive.name if chain else "")
        if step is None:
            return None
        chain.append(step)
        kind = step.primitive.gives
    return tuple(chain) if not gives or kind == gives else None


def is_expression(step: Step) -> bool:
    return "{o}" not in step.primitive.code


def draw_branch(kind: str, rng: Random) -> Branch | None:
    """On a value of this kind."""
    tests = [p for p in BY_INPUT.get(kind, ()) if p.gives == BOOL and "{o}" not in p.code]
    if not tests:
        return None
    p = rng.choice(tests)
    test = Step(p, pick_constant(p.constant, rng))
    yes = draw_chain(kind, rng.choice((1, 1, 2)), rng)
    if not yes or yes[-1].primitive.gives == BOOL:
        return None
    gives = yes[-1].primitive.gives
    no: tuple[Step, ...] | None = ()
    if gives != kind or rng.random() < 0.6:
        for _ in range(30):
            no = draw_chain(kind, rng.choice((1, 1, 2)), rng, gives)
            if no and no != yes:
                break
        else:
            return None
    return (Branch(test, yes, no) if rng.random() < 0.7 or not no else Branch(test, no, yes)) if no is not None else None


def draw_program(rng: Random, size: int) -> Program:
    """A random typed program of about this many steps; tries again when a type has no way on."""
    while True:
        kind = rng.choices(list(KINDS), list(KINDS.values()))[0]
        is_double = "+" in kind
        with_branch = size >= 3 and rng.random() < BRANCHES * 1.6
        length = rng.choice((1, 2) if is_double else (0, 0, 1, 2)) if with_branch else size
        chain = draw_chain(kind, length, rng) if length else ()
        if chain is None:
            continue
        branch = None
        if with_branch:
            branch = draw_branch(chain[-1].primitive.gives if chain else kind, rng)
            if branch is None:
                continue
        return with_parameter(Program(kind, chain, branch), rng)


def with_parameter(p: Program, rng: Random) -> Program:
    """Now and then one constant becomes a parameter of the function."""
    if rng.random() > EXTRA_PARAMETERS or "+" in p.kind:
        return p
    holders = [s for s in p.steps() if s.primitive.constant in EXTRA]
    if not holders:
        return p
    chosen = rng.choice(holders)
    new = replace(chosen, value=Parameter(EXTRA[chosen.primitive.constant]))

    def swapped(chain):
        return tuple(new if s is chosen else s for s in chain)

    b = p.branch
    return Program(p.kind, swapped(p.chain), Branch(swapped((b.test,))[0], swapped(b.yes), swapped(b.no)) if b else None)


def input_constant(p: Program) -> str:
    step = p.extra()
    return step.primitive.constant if step else ""


def shorter(p: Program):
    """The program without one of the steps that keep their type."""
    for i, step in enumerate(p.chain):
        if step.primitive.takes == step.primitive.gives and p.size() > 1:
            yield Program(p.kind, p.chain[:i] + p.chain[i + 1:], p.branch)
    if p.branch:
        yield Program(p.kind, p.chain + p.branch.yes) if p.chain or p.branch.yes else None
        yield Program(p.kind, p.chain + p.branch.no) if p.chain or p.branch.no else None


def is_informative(p: Program, inputs) -> bool:
    """Defined on most inputs, not constant, and no step or branch that could be left out unnoticed."""
    whole = outcomes(p, inputs)
    defined = [repr(v) for v in whole if v is not None]
    if len(defined) < len(inputs) // 2 or len(set(defined)) < (2 if p.gives() == BOOL else 3):
        return False
    return all(outcomes(q, inputs) != whole for q in shorter(p) if q is not None)


def draw_informative(rng: Random, held_out: bool, size: int | None = None) -> Program:
    """A program from the training side or the held-out side of the split."""
    while True:
        p = draw_program(rng, size or rng.choices((1, 2, 3, 4, 5), LENGTH_WEIGHTS)[0])
        if is_held_out(composition_of(p)) == held_out and is_informative(p, draw_inputs(p.kind, input_constant(p), rng, 8)):
            return p


def hidden_inputs(p: Program, count: int = N_INPUTS, seed: str = "") -> list[tuple]:
    """Inputs on which the program is defined, the same everywhere for the same program."""
    rng = Random(hashlib.sha256((seed + plan_of(p)).encode()).hexdigest())
    found: list = []
    for _ in range(60):
        batch = draw_inputs(p.kind, input_constant(p), rng, count)
        found += [x for x, y in zip(batch, outcomes(p, batch)) if y is not None]
        if len(found) >= count:
            break
    return found[:count]
