"""Scores the nano pack on the held-out tasks: coder alone, think -> code and the whole cascade, side by side.

    python3 tools/nano/evaluate.py                     asks build/release/bin/blue and scores its answers
    python3 tools/nano/evaluate.py --answers FILE      scores answers already given, one {"id", CONFIGURATION: code, ...} a line

The standard library alone. Each figure comes with its 95 % Wilson interval; pairs of configurations come with the tasks
that only one of them solved and the two-sided exact sign test over these.
"""

import argparse
import json
import math
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from held_out import PATH, read_records
from scorer import expected_results, is_right

ROOT = Path(__file__).resolve().parent.parent.parent
CONFIGURATIONS = {
    "coder alone": ROOT / "tools/nano/cascades/coder-alone.toml",
    "think -> code": ROOT / "tools/nano/cascades/think-code.toml",
    "whole cascade": ROOT / "assets/cascades/think-code-review-fix.toml",
}
Z = 1.959964


def wilson(right: int, n: int) -> tuple[float, float]:
    p, zz = right / n, Z * Z
    centre, reach = p + zz / (2 * n), Z * math.sqrt(p * (1 - p) / n + zz / (4 * n * n))
    return max(0.0, (centre - reach) / (1 + zz / n)), min(1.0, (centre + reach) / (1 + zz / n))


def sign_test(a: int, b: int) -> float:
    """Two-sided exact probability of a split at least as uneven as a : b, were both equally likely."""
    n, k = a + b, min(a, b)
    return min(1.0, 2 * sum(math.comb(n, i) for i in range(k + 1)) / 2 ** n) if n else 1.0


def ask(blue: Path, task: str, cascade: Path, seconds: float, extra: list[str]) -> dict[str, str]:
    """The slots of one run; none where the run failed."""
    command = [str(blue), "run", task, "--cascade", str(cascade), "--json", *extra]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds)
        return json.loads(done.stdout)["slots"]
    except (subprocess.TimeoutExpired, ValueError, KeyError) as e:
        print(f"no answer to {task!r}: {type(e).__name__}", file=sys.stderr)
        return {}


def gather(records, arguments) -> list[dict]:
    jobs = [(r, name, path) for r in records for name, path in CONFIGURATIONS.items()]

    def one(job):
        record, name, path = job
        return ask(arguments.blue, record["task"], path, arguments.timeout, arguments.blue_option)

    with ThreadPoolExecutor(arguments.jobs) as pool:
        runs = list(pool.map(one, jobs))
    answers = [{"id": r["id"]} for r in records]
    for i, ((_, name, _), slots) in enumerate(zip(jobs, runs)):
        answer = answers[i // len(CONFIGURATIONS)]
        answer[name] = slots.get("final_code", "")
        answer |= {slot: slots[slot] for slot in ("reasoning", "review") if slot in slots}
    return answers


def score(records, answers, jobs: int) -> dict[str, list[bool]]:
    """For each configuration, whether each task was solved."""
    by_id = {a["id"]: a for a in answers}
    expected = {r["id"]: expected_results(r["reference"], r["inputs"]) for r in records}
    with ThreadPoolExecutor(jobs) as pool:
        return {name: list(pool.map(lambda r: is_right(by_id.get(r["id"], {}).get(name, ""), r["inputs"], expected[r["id"]]), records))
                for name in CONFIGURATIONS}


def report(records, solved: dict[str, list[bool]]) -> str:
    lines = [f"{'configuration':16} right of {len(records)}   share   95 % interval      by number of operations"]
    sizes = [r["composition"].count(">") + 1 for r in records]
    for name, marks in solved.items():
        low, high = wilson(sum(marks), len(marks))
        split = ", ".join(f"{n}: {sum(m for m, s in zip(marks, sizes) if s == n)}/{sizes.count(n)}" for n in sorted(set(sizes)))
        lines.append(f"{name:16} {sum(marks):8d}       {sum(marks) / len(marks):6.1%}   {low:.1%} to {high:.1%}   {split}")
    names = list(solved)
    for a, b in zip(names, names[1:]):
        gained = sum(y and not x for x, y in zip(solved[a], solved[b]))
        lost = sum(x and not y for x, y in zip(solved[a], solved[b]))
        lines.append(f"{b} against {a}: {gained} gained, {lost} lost, sign test p = {sign_test(gained, lost):.3g}")
    return "\n".join(lines)


def reviewer_report(records, answers, solved) -> str:
    """How the reviewer's verdicts meet the truth of the drafts, which under greedy decoding are the answers of think -> code."""
    said_ok = {a["id"]: a.get("review") == "OK" for a in answers}
    drafts = [(right, said_ok.get(r["id"], False)) for r, right in zip(records, solved["think -> code"])]
    wrong, right = [ok for r, ok in drafts if not r], [ok for r, ok in drafts if r]
    return f"reviewer: objected to {wrong.count(False)} of {len(wrong)} wrong drafts and to {right.count(False)} of {len(right)} right ones"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--blue", type=Path, default=ROOT / "build/release/bin/blue")
    parser.add_argument("--blue-option", action="append", default=[], help="passed on to blue run, may be repeated")
    parser.add_argument("--heldout", type=Path, default=PATH)
    parser.add_argument("--answers", type=Path, help="score these instead of running blue")
    parser.add_argument("--write-answers", type=Path, help="keep what blue answered")
    parser.add_argument("--limit", type=int, help="only the first tasks")
    parser.add_argument("--jobs", type=int, default=2, help="runs at a time")
    parser.add_argument("--timeout", type=float, default=120.0, help="seconds for one run")
    parser.add_argument("--failures", action="store_true", help="list the tasks the whole cascade got wrong")
    arguments = parser.parse_args()
    records = read_records(arguments.heldout)[: arguments.limit]
    answers = read_records(arguments.answers) if arguments.answers else gather(records, arguments)
    if arguments.write_answers:
        arguments.write_answers.write_text("".join(json.dumps(a) + "\n" for a in answers))
    solved = score(records, answers, arguments.jobs)
    print(report(records, solved))
    if all("review" in a for a in answers):
        print(reviewer_report(records, answers, solved))
    if arguments.failures:
        for record, right in zip(records, solved["whole cascade"]):
            if not right:
                print(f"{record['id']}: {record['task']}\n    {record['composition']}")


if __name__ == "__main__":
    main()
