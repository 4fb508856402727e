"""The held-out tasks: 200 unseen compositions, the same on every machine. Run as a program, writes assets/nano/heldout.jsonl."""

import json
from pathlib import Path
from random import Random

from task import draw_task, hidden_inputs

PATH = Path(__file__).resolve().parent.parent.parent / "assets" / "nano" / "heldout.jsonl"
SEED = 20_002
COUNT = 200
LENGTHS = (2, 3, 4)


def held_out_tasks() -> list:
    """Compositions of 2, 3 and 4 primitives in turn, no composition twice."""
    rng, found, known = Random(SEED), [], set()
    while len(found) < COUNT:
        task = draw_task(rng, True, LENGTHS[len(found) % 3])
        if task.composition() not in known:
            known.add(task.composition())
            found.append(task)
    return found


def as_record(number: int, task) -> dict:
    return {"id": number, "task": task.text, "composition": task.composition(), "plan": task.plan, "reference": task.code,
            "inputs": hidden_inputs(task)}


def read_records(path=PATH) -> list[dict]:
    return [json.loads(line) for line in Path(path).read_text().splitlines()]


if __name__ == "__main__":
    PATH.parent.mkdir(parents=True, exist_ok=True)
    PATH.write_text("".join(json.dumps(as_record(i, t)) + "\n" for i, t in enumerate(held_out_tasks())))
    print(f"{PATH}: {PATH.stat().st_size} bytes")
