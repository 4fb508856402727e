"""Runs drafts: the grammar's own ones and, in worker processes with limits, what models wrote."""

import builtins
import resource
import signal
import warnings

from program import Program, outcomes
from task import Task, hidden_inputs

SAFE = {n: getattr(builtins, n) for n in ("abs all any bin bool chr dict enumerate float hex int isinstance len list map max min next ord "
                                          "range reversed round set sorted str sum tuple zip").split()}
SECONDS, MEMORY = 0.3, 1 << 30
# Short inputs among which a review looks for one that shows the fault.
TELLING = {
    "ints": [([1, 2, 3],), ([2, -1],), ([5, 3, 5],), ([0, 4],), ([12, 7, 9, 10],), ([-3, -8],), ([15, 2, 30, 2],), ([4, 6, 8, 1, 3],), ([2, 2, 7, 11, 0, -5],)],
    "words": [(["apple", "it"],), (["noon", "Anna", "noon"],), (["tree", "a", "bird"],), (["cat", "eagle", "moon", "up"],), (["level", "ox", "otter", "tea", "ox"],)],
    "text": [("apple",), ("Anna 12",), ("the tea",), ("noon up a",), ("eagle Tree 305",)],
    "int": [(5,), (12,), (3,), (0,), (30,), (7,), (100,)],
    "table": [({"apple": 3, "cat": 12},), ({"b": 5, "a": 5},), ({"tea": 0, "moon": 16, "eye": 7},)],
    "matrix": [([[1, 2], [3, 4]],), ([[5, -1, 2]],), ([[2, 9], [4, 0], [1, 1]],)],
    "date": [("2024-03-01",), ("1999-12-25",), ("2001-07-14",)],
    "ints+ints": [([1, 2, 3], [3, 2]), ([4, 0], [5, 4, 1])],
    "int+int": [(6, 4), (12, 5), (3, 9)],
    "text+text": [("tea", "eat"), ("moon", "on"), ("apple", "a")],
    "date+date": [("2024-03-01", "2020-05-06"), ("1999-12-25", "2001-07-14")],
}
EXTRA_VALUES = {"k": (2, 3, 5), "ch": ("a", "e"), "sep": ("-", ",")}


class TookTooLong(Exception):
    pass


def give_up(*_):
    raise TookTooLong


def limit_worker() -> None:
    """For the pool's processes: drafts of half-trained models run in them."""
    with open("/proc/self/statm") as f:
        held = int(f.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (held + MEMORY, held + MEMORY))
    warnings.simplefilter("ignore", SyntaxWarning)
    signal.signal(signal.SIGALRM, give_up)


def run(code: str, name: str, inputs) -> list:
    """The function's value on each input as [repr], None where it fails; [] where there is no function."""
    is_main_thread_alarm = signal.getsignal(signal.SIGALRM) is give_up
    if is_main_thread_alarm:
        signal.setitimer(signal.ITIMER_REAL, SECONDS)
    found: list = []
    try:
        space = {"__builtins__": SAFE}
        exec(compile(code, "draft", "exec"), space)
        function = space[name]
        for arguments in inputs:
            try:
                found.append([repr(function(*arguments))[:400]])
            except TookTooLong:
                raise
            except Exception:
                found.append(None)
    except (Exception, TookTooLong):
        found += [None] * (len(inputs) - len(found))
    finally:
        if is_main_thread_alarm:
            signal.setitimer(signal.ITIMER_REAL, 0)
    return found


def behaves_right(task: Task, draft: str) -> bool:
    if draft == task.code:
        return True
    inputs = hidden_inputs(task.program)
    return bool(draft.strip()) and run(draft, task.name, inputs) == [[repr(v)] for v in outcomes(task.program, inputs)]


def of_draft(task: Task, draft: str):
    """A draft as a function from inputs to results as `run` gives them."""
    return lambda inputs: run(draft, task.name, inputs)


def of_program(program: Program):
    """The same of a program of the grammar, which needs no limits: what grows out of hand counts as failing."""
    return lambda inputs: [None if v is None else [repr(v)] for v in outcomes(program, inputs)]


def telling_input(task: Task, results) -> tuple | None:
    """The first short input on which the draft is wrong."""
    inputs = TELLING[task.program.kind]
    extra = task.program.extra()
    if extra:
        inputs = [i + (v,) for i in inputs for v in EXTRA_VALUES[extra.value.name]]
    for arguments, value, got in zip(inputs, outcomes(task.program, inputs), results(inputs)):
        if value is not None and got != [repr(value)]:
            return arguments
    return None


def checked(task: Task, results) -> str:
    """What running the task's examples shows: "passed", or the first that fails. Empty where the task has none."""
    if not task.examples:
        return ""
    for (arguments, value), got in zip(task.examples, results([a for a, _ in task.examples])):
        if got != [repr(value)]:
            return f"{', '.join(map(repr, arguments))} gives {got[0] if got else 'an error'}, not {value!r}"
    return "passed"
