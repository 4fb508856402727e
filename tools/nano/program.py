"""A program of the grammar: a typed chain of steps, at the end of which may stand a choice between two chains. Its plan, its
Python, its composition, and what it gives on an input."""

from dataclasses import dataclass
from functools import lru_cache

from primitive import PARAMETERS, Parameter, Primitive, Step

TARGETS = "abegh"
UNCHANGED = "return it unchanged"
LARGEST, LONGEST_LIST, LONGEST_TEXT = 10 ** 15, 120, 300


@dataclass(frozen=True)
class Branch:
    test: Step
    yes: tuple[Step, ...]
    no: tuple[Step, ...]


@dataclass(frozen=True)
class Program:
    kind: str
    chain: tuple[Step, ...]
    branch: Branch | None = None

    def steps(self) -> tuple[Step, ...]:
        b = self.branch
        return self.chain + ((b.test, *b.yes, *b.no) if b else ())

    def size(self) -> int:
        return len(self.steps())

    def gives(self) -> str:
        last = (self.branch.yes or self.branch.no or self.chain) if self.branch else self.chain
        return last[-1].primitive.gives

    def extra(self) -> Step | None:
        """The step whose constant the caller gives."""
        return next((s for s in self.steps() if isinstance(s.value, Parameter)), None)

    def parameters(self) -> tuple[str, ...]:
        step = self.extra()
        return PARAMETERS[self.kind] + ((step.value.name,) if step else ())


def named(chain) -> str:
    return ">".join(s.primitive.name for s in chain)


def composition_of(p: Program) -> str:
    head = named(p.chain)
    if not p.branch:
        return head
    return (head + ">" if head else "") + f"if[{p.branch.test.primitive.name}|{named(p.branch.yes)}|{named(p.branch.no)}]"


def sentence(text: str) -> str:
    return text[0].upper() + text[1:] + "."


def condition(step: Step) -> str:
    """"check whether the number is even" as "the number is even"."""
    return step.plan().removeprefix("check whether ")


def plan_of(p: Program) -> str:
    lines, number = [], 0

    def add(chain):
        nonlocal number
        for step in chain:
            number += 1
            lines.append(f"{number}. {sentence(step.plan())}")
        if not chain:
            lines.append(sentence(UNCHANGED))

    if p.chain or not p.branch:
        add(p.chain)
    if p.branch:
        lines.append(f"If {condition(p.branch.test)}:")
        add(p.branch.yes)
        lines.append("Otherwise:")
        add(p.branch.no)
    return "\n".join(lines)


def chain_lines(chain, source: str, used: int, indent: str) -> tuple[list[tuple[str, str]], str]:
    """Lines that run the chain and return; `used` targets are taken."""
    lines = []
    for i, step in enumerate(chain):
        target = TARGETS[used + i]
        statements = step.statements(source, target)
        if i == len(chain) - 1 and len(statements) == 1:
            lines.append((f"{indent}return {statements[0].removeprefix(target + ' = ')}", step.plan()))
            return lines, ""
        lines += [(indent + s, step.plan()) for s in statements]
        source = target
    lines.append((f"{indent}return {source}", chain[-1].plan() if chain else UNCHANGED))
    return lines, source


def code_lines(p: Program, name: str = "f") -> list[tuple[str, str]]:
    """The function's lines, each with the plan of the step it belongs to."""
    source = ", ".join(PARAMETERS[p.kind])
    signature = f"def {name}({', '.join(p.parameters())}):"
    lines = [(signature, f"start with {signature.rstrip(':')}")]
    if not p.branch:
        return lines + chain_lines(p.chain, source, 0, "    ")[0]
    for i, step in enumerate(p.chain):
        lines += [("    " + s, step.plan()) for s in step.statements(source, TARGETS[i])]
        source = TARGETS[i]
    test = p.branch.test.statements(source, "{}")[0].removeprefix("{} = ")
    lines.append((f"    if {test}:", f"check whether {condition(p.branch.test)}"))
    lines += chain_lines(p.branch.yes, source, len(p.chain), "        ")[0]
    return lines + chain_lines(p.branch.no, source, len(p.chain), "    ")[0]


def code_of(p: Program, name: str = "f") -> str:
    return "\n".join(line for line, _ in code_lines(p, name))


@lru_cache(maxsize=200_000)
def step_function(primitive: Primitive, value):
    """One step as a Python function, for checking chains quickly."""
    takes = primitive.takes
    program = Program(takes, (Step(primitive, value),))
    space: dict = {}
    exec(code_of(program), space)  # the grammar's own code, not a model's
    return space["f"]


class Undefined(Exception):
    pass


def checked(value):
    """Values that grow out of hand count as undefined."""
    kind = type(value)
    if kind is int and abs(value) > LARGEST or kind is list and len(value) > LONGEST_LIST or kind is str and len(value) > LONGEST_TEXT:
        raise Undefined
    return value


def run_chain(chain, value, arguments):
    for step in chain:
        most, constant = step.primitive.most, step.value
        if most and (value > most or value < 0):
            raise Undefined
        if isinstance(constant, Parameter):
            constant = arguments[-1]
        function = step_function(step.primitive, constant)
        value = checked(function(*value) if type(value) is tuple else function(value))
    return value


def value_of(p: Program, arguments: tuple):
    n = len(PARAMETERS[p.kind])
    value = run_chain(p.chain, arguments[0] if n == 1 else arguments[:n], arguments)
    if not p.branch:
        return value
    return run_chain(p.branch.yes if run_chain((p.branch.test,), value, arguments) else p.branch.no, value, arguments)


ERRORS = (Undefined, ValueError, IndexError, ZeroDivisionError, KeyError, TypeError, OverflowError, StopIteration)


def outcomes(p: Program, inputs) -> list:
    """The program's value on each input; None where it is undefined (the largest of an empty list)."""
    found = []
    for arguments in inputs:
        try:
            found.append(value_of(p, arguments))
        except ERRORS:
            found.append(None)
    return found
