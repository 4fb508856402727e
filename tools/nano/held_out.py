"""The evaluation sets, the same on every machine: 1,000 held-out compositions in the first grammar's words, 1,000 in the second
grammar's, 300 requests of which half lie outside the domain, and the tasks of MBPP that lie inside.

    python3 tools/nano/held_out.py --set held_out --write FILE      one task a line, in MBPP's form
"""

import argparse
import json
from pathlib import Path
from random import Random

from outside_requests import outside_requests
from program import composition_of
from task import draw_informative, hidden_inputs
from worked_examples import call
from written_task import draw_second, write

SEED, COUNT, SIZES = 20_002, 1000, (2, 3, 4, 5)
MBPP = Path(__file__).resolve().parent.parent.parent.parent / "shared" / "data" / "eval" / "mbpp.jsonl"
# Numbers, from 11 to 510, of the MBPP tasks whose function a program of the grammar can be.
MBPP_INSIDE = (
    18, 41, 45, 46, 62, 66, 79, 88, 90, 93, 96, 99, 133, 161, 168, 201, 204, 221, 224, 226, 230, 232, 242, 249, 250, 256,
    258, 277, 281, 282, 292, 309, 329, 332, 345, 352, 365, 366, 377, 378, 404, 412, 426, 427, 431, 435, 447, 450, 456,
    461, 476, 477, 479, 498, 500, 501, 502, 505)


def record(number: int, task) -> dict:
    inputs = hidden_inputs(task.program)
    return {"id": number, "task": task.text, "name": task.name, "composition": composition_of(task.program), "size": task.program.size(),
            "plan": task.plan, "reference": task.code, "inputs": [list(i) for i in inputs],
            "examples": [[list(a), repr(v)] for a, v in task.examples]}


def held_out_tasks(count: int = COUNT) -> list[dict]:
    """Compositions of 2 to 5 primitives in turn, no composition twice."""
    rng, found, known = Random(SEED), [], set()
    while len(found) < count:
        p = draw_informative(rng, True, SIZES[len(found) % len(SIZES)])
        if composition_of(p) not in known and len(hidden_inputs(p)) >= 6:
            known.add(composition_of(p))
            found.append(record(len(found), write(p, rng)))
    return found


def second_tasks(count: int = COUNT) -> list[dict]:
    rng, found = Random(SEED + 1), []
    while len(found) < count:
        task = draw_second(rng, SIZES[len(found) % len(SIZES)])
        if len(hidden_inputs(task.program)) >= 6:
            found.append(record(len(found), task))
    return found


def limit_tasks() -> list[dict]:
    """150 requests outside and 150 inside the domain, the latter from both grammars."""
    rng = Random(SEED + 2)
    inside = [draw_second(rng, 1 + i % 4).text if i % 3 == 2 else write(draw_informative(rng, i % 2 == 1, 1 + i % 5 if i % 2 == 0 else 2 + i % 4), rng).text
              for i in range(150)]
    return [{"id": i, "task": t, "inside": i >= 150} for i, t in enumerate(outside_requests(150) + inside)]


def mbpp_tasks(path: Path = MBPP) -> list[dict]:
    """Text and first test of each; nothing where the file is absent."""
    if not path.is_file():
        return []
    rows = {r["task_id"]: r for r in map(json.loads, path.read_text().splitlines())}
    return [{"id": n, "task": f"{rows[n]['text']}\n{rows[n]['test_list'][0]}", "tests": rows[n]["test_list"]} for n in MBPP_INSIDE]


def in_mbpp_form(r: dict) -> dict:
    """With asserts that hold for the reference."""
    space: dict = {}
    exec(r["reference"], space)  # the grammar's own code
    tests = [f"assert {call(r['name'], tuple(i))} == {space[r['name']](*i)!r}" for i in r["inputs"]]
    return {"task_id": r["id"], "text": r["task"], "code": r["reference"], "test_list": tests, "test_setup_code": "", "challenge_test_list": []}


SETS = {"held_out": held_out_tasks, "second": second_tasks, "limits": limit_tasks, "mbpp": mbpp_tasks}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", choices=("held_out", "second"), default="held_out")
    parser.add_argument("--write", type=Path, required=True)
    parser.add_argument("--count", type=int, default=COUNT)
    a = parser.parse_args()
    a.write.write_text("".join(json.dumps(in_mbpp_form(r)) + "\n" for r in SETS[a.set](a.count)))
