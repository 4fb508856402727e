"""Scores a generated Python function: runs it in a child process, isolated and limited, on a task's hidden inputs.

The child is `python3 -I` without environment, with limits on processor time, memory, file size and open files, and
a short list of builtins without import and open; the parent adds a wall-clock limit. A function is right when every result equals the
reference's, value and type.
"""

import json
import subprocess
import sys

WALL_SECONDS = 10
LIMITS = (("RLIMIT_CPU", 2), ("RLIMIT_AS", 512 << 20), ("RLIMIT_FSIZE", 0), ("RLIMIT_NOFILE", 16), ("RLIMIT_CORE", 0))

CHILD = r"""
import builtins, json, resource, sys
for kind, most in LIMITS:
    resource.setrlimit(getattr(resource, kind), (most, most))
names = ("abs all any bin bool dict enumerate filter float hex int isinstance iter len list map max min next ord chr pow print range "
         "repr reversed round set sorted str sum tuple zip True False None ValueError IndexError").split()
allowed = {n: getattr(builtins, n) for n in names if hasattr(builtins, n)}
work = json.load(sys.stdin)
space = {"__builtins__": allowed}
results = []
try:
    exec(compile(work["code"], "answer", "exec"), space)
    f = space[work["name"]]
except BaseException as e:
    print(json.dumps({"error": type(e).__name__}))
    sys.exit(0)
for value in work["inputs"]:
    try:
        results.append([repr(f(*value))[:20000]])
    except BaseException as e:
        results.append(None)
print(json.dumps({"results": results}))
"""


def run_child(code: str, inputs: list, name: str = "f") -> list:
    """The repr of each result in a list of one, None where the call failed; an empty list where there is no function."""
    work = json.dumps({"code": code, "inputs": inputs, "name": name})
    try:
        child = subprocess.run([sys.executable, "-I", "-S", "-c", f"LIMITS = {LIMITS!r}\n{CHILD}"], input=work, capture_output=True,
                               text=True, env={}, timeout=WALL_SECONDS)
        return json.loads(child.stdout.splitlines()[-1]).get("results", [])
    except (subprocess.TimeoutExpired, ValueError, IndexError, AttributeError):
        return []


def is_right(code: str, inputs: list, expected: list[str], name: str = "f") -> bool:
    """`inputs`: one list of arguments a call. `expected` holds the repr of the reference's results: equal repr is equal value and type."""
    return bool(code.strip()) and run_child(code, inputs, name) == [[e] for e in expected]


def expected_results(reference: str, inputs: list, name: str = "f") -> list[str]:
    """The reference is our own grammar's code and runs here."""
    space: dict = {}
    exec(reference, space)
    return [repr(space[name](*arguments)) for arguments in inputs]


def passes_tests(code: str, tests: list[str]) -> bool:
    """Whether all the asserts hold after the code."""
    body = "\n".join(f"    {line}" for test in tests for line in test.replace("\r", "").split("\n"))
    return bool(code.strip()) and run_child(f"{code}\ndef all_tests_of_the_task():\n{body}\n    return True", [[]], "all_tests_of_the_task") == [["True"]]
