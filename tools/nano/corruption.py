"""Wrong programs, made from right ones: the plentiful, artificial part of what reviewer and fixer learn on, beside the models' own
mistakes."""

from dataclasses import replace
from random import Random

from primitive import Parameter, Step, pick_constant
from program import Branch, Program
from table import BY_INPUT


def another_step(step: Step, rng: Random) -> Step:
    """A different primitive of the same types, or the same with another constant."""
    p = step.primitive
    if p.constant and rng.random() < 0.4 and not isinstance(step.value, Parameter):
        value = pick_constant(p.constant, rng)
        if value != step.value:
            return Step(p, value)
    options = [o for o in BY_INPUT[p.takes] if o.gives == p.gives and o.name != p.name]
    same = [o for o in options if o.constant == p.constant]
    if isinstance(step.value, Parameter):
        options = same
    if not options:
        return step
    chosen = rng.choice(same if same and rng.random() < 0.6 else options)
    return Step(chosen, step.value if chosen.constant == p.constant else pick_constant(chosen.constant, rng))


def slipped(chain: tuple[Step, ...], rng: Random) -> tuple[Step, ...]:
    """A step exchanged, left out, added, or two in the wrong order. Types still fit."""
    if not chain:
        return chain
    steps, slip, i = list(chain), rng.random(), rng.randrange(len(chain))
    keeps_type = [j for j, s in enumerate(steps) if s.primitive.takes == s.primitive.gives]
    swappable = [j for j in keeps_type if j + 1 in keeps_type and steps[j].primitive.takes == steps[j + 1].primitive.takes]
    if slip < 0.25 and swappable:
        j = rng.choice(swappable)
        steps[j], steps[j + 1] = steps[j + 1], steps[j]
    elif slip < 0.40 and keeps_type and len(steps) > 1:
        del steps[rng.choice(keeps_type)]
    elif slip < 0.50 and len(steps) < 4:
        options = [o for o in BY_INPUT[steps[i].primitive.takes] if o.takes == o.gives]
        if options:
            p = rng.choice(options)
            steps.insert(i, Step(p, pick_constant(p.constant, rng)))
    else:
        steps[i] = another_step(steps[i], rng)
    return tuple(steps)


def corrupted(p: Program, rng: Random) -> Program:
    b = p.branch
    if b is None or (p.chain and rng.random() < 0.4):
        changed = slipped(p.chain, rng)
        return replace(p, chain=changed) if changed else p
    place = rng.random()
    if place < 0.25:
        return replace(p, branch=Branch(b.test, b.no, b.yes))
    if place < 0.5:
        test = another_step(b.test, rng)
        return replace(p, branch=Branch(test if "{o}" not in test.primitive.code else b.test, b.yes, b.no))
    if place < 0.75:
        return replace(p, branch=Branch(b.test, slipped(b.yes, rng), b.no))
    return replace(p, branch=Branch(b.test, b.yes, slipped(b.no, rng)))
