"""Plausible wrong chains, made from right ones: the plentiful, artificial part of what reviewer and fixer learn on, beside the
models' own mistakes."""

from random import Random

from primitive import Step, pick_constant
from task import BY_INPUT


def another_step(step: Step, rng: Random) -> Step:
    """A different primitive of the same types, or the same with another constant."""
    p = step.primitive
    if p.constant and rng.random() < 0.5:
        value = pick_constant(p.constant, rng)
        if value != step.value:
            return Step(p, value)
    options = [o for o in BY_INPUT[p.takes] if o.gives == p.gives and o.name != p.name]
    if not options:
        return step
    same = [o for o in options if o.constant == p.constant]
    chosen = rng.choice(same if same and rng.random() < 0.6 else options)
    value = step.value if chosen.constant == p.constant else pick_constant(chosen.constant, rng)
    return Step(chosen, value)


def corrupted(chain: tuple[Step, ...], rng: Random) -> tuple[Step, ...]:
    """One slip: a step exchanged, left out, said twice over, or two in the wrong order. Types still fit."""
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
