"""Scores the nano pack on its evaluation sets: the coder alone, its draft after the plan, and the whole cascade, side by side.

    python3 tools/nano/evaluate.py                     asks build/release/bin/blue and scores its answers
    python3 tools/nano/evaluate.py --answers FILE      scores answers already given (train.py writes them)

held_out: 1,000 unseen compositions; second: 1,000 in another grammar's words; limits: 300 requests, half outside the domain; mbpp:
the tasks of MBPP inside the domain. The standard library alone. Shares come with 95 % Wilson intervals, differences with 95 %
intervals of the paired bootstrap.
"""

import argparse
import json
import math
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

from held_out import MBPP, SETS, mbpp_tasks
from scorer import expected_results, is_right, passes_tests

ROOT = Path(__file__).resolve().parent.parent.parent
CASCADE = ROOT / "assets/cascades/think-code-review-fix.toml"
ALONE = ROOT / "tools/nano/cascades/coder-alone.toml"
CONFIGURATIONS = ("coder alone", "think -> code", "whole cascade", "examples checked")
CANNOT = "CANNOT:"
Z = 1.959964
RESAMPLES = 4000


def wilson(right: int, n: int) -> tuple[float, float]:
    p, zz = right / n, Z * Z
    centre, reach = p + zz / (2 * n), Z * math.sqrt(p * (1 - p) / n + zz / (4 * n * n))
    return max(0.0, (centre - reach) / (1 + zz / n)), min(1.0, (centre + reach) / (1 + zz / n))


def paired_bootstrap(a: list[bool], b: list[bool], seed: int = 1) -> tuple[float, float, float]:
    """The mean of b - a over the same tasks and its 95 % interval."""
    rng, differences = Random(seed), [int(y) - int(x) for x, y in zip(a, b)]
    n = len(differences)
    means = sorted(sum(rng.choices(differences, k=n)) / n for _ in range(RESAMPLES))
    return sum(differences) / n, means[int(0.025 * RESAMPLES)], means[int(0.975 * RESAMPLES)]


def ask(blue: Path, task: str, cascade: Path, seconds: float, extra: list[str]) -> dict[str, str]:
    """The slots of one run; none where the run failed."""
    command = [str(blue), "run", task, "--cascade", str(cascade), "--json", *extra]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds)
        return json.loads(done.stdout)["slots"]
    except (subprocess.TimeoutExpired, ValueError, KeyError) as e:
        print(f"no answer to {task!r}: {type(e).__name__}", file=sys.stderr)
        return {}


def gather(records: list[dict], name: str, arguments) -> list[dict]:
    """One record a task: the cascade's slots and, where code is wanted, the coder's answer without a plan."""
    def one(record):
        found = {"set": name, "id": record["id"]}
        slots = ask(arguments.blue, record["task"], CASCADE, arguments.timeout, arguments.blue_option)
        found |= {"think -> code": slots.get("code_draft", ""), "whole cascade": slots.get("final_code", ""),
                  "reasoning": slots.get("reasoning", ""), "review": slots.get("review", "")}
        if name != "limits":
            found["coder alone"] = ask(arguments.blue, record["task"], ALONE, arguments.timeout, arguments.blue_option).get("final_code", "")
        return found

    with ThreadPoolExecutor(arguments.jobs) as pool:
        return list(pool.map(one, records))


def marks(records: list[dict], answers: list[dict], jobs: int) -> dict[str, list[bool]]:
    """For each configuration that has answers, whether each task was solved."""
    by_id = {a["id"]: a for a in answers}
    pairs = [(r, by_id[r["id"]]) for r in records if r["id"] in by_id]

    def right(record, code):
        if "tests" in record:
            return passes_tests(code, record["tests"])
        return is_right(code, record["inputs"], expected_results(record["reference"], record["inputs"], record["name"]), record["name"])

    names = [n for n in CONFIGURATIONS if pairs and n in pairs[0][1]]
    with ThreadPoolExecutor(jobs) as pool:
        return {n: list(pool.map(lambda p, n=n: right(p[0], p[1][n]), pairs)) for n in names}


def report(title: str, records: list[dict], solved: dict[str, list[bool]]) -> str:
    total = len(next(iter(solved.values())))
    lines, sizes = [f"{title}: {total} tasks"], [r.get("size", 0) for r in records[:total]]
    for name, found in solved.items():
        low, high = wilson(sum(found), total)
        split = ", ".join(f"{n}: {sum(m for m, s in zip(found, sizes) if s == n)}/{sizes.count(n)}" for n in sorted(set(sizes)))
        lines.append(f"  {name:17} {sum(found):5d}  {sum(found) / total:6.1%}  {low:.1%} to {high:.1%}" + (f"   by steps {split}" if any(sizes) else ""))
    names = list(solved)
    for a, b in [(a, b) for a, b in (("coder alone", "whole cascade"), ("coder alone", "think -> code"), ("think -> code", "whole cascade"),
                                     ("whole cascade", "examples checked")) if a in names and b in names]:
        mean, low, high = paired_bootstrap(solved[a], solved[b])
        lines.append(f"  {b} minus {a}: {100 * mean:+.1f} points, {100 * low:+.1f} to {100 * high:+.1f}")
    return "\n".join(lines)


def repair_report(answers: list[dict], solved: dict[str, list[bool]]) -> str:
    """What review and fix do to right and wrong drafts."""
    rows = list(zip(solved["think -> code"], solved["whole cascade"], [a["review"] == "OK" for a in answers]))
    right, wrong = [r for r in rows if r[0]], [r for r in rows if not r[0]]
    return (f"  right drafts: {len(right)}, objected to {sum(not r[2] for r in right)}, broken by the fix {sum(not r[1] for r in right)}\n"
            f"  wrong drafts: {len(wrong)}, objected to {sum(not r[2] for r in wrong)}, mended by the fix {sum(r[1] for r in wrong)}")


def limits_report(records: list[dict], answers: list[dict]) -> str:
    by_id = {a["id"]: a for a in answers}
    declined = {r["id"]: by_id[r["id"]]["reasoning"].startswith(CANNOT) for r in records if r["id"] in by_id}
    outside = [declined[r["id"]] for r in records if not r["inside"] and r["id"] in declined]
    inside = [declined[r["id"]] for r in records if r["inside"] and r["id"] in declined]
    return f"limits: declined {sum(outside)} of {len(outside)} outside the domain, {sum(inside)} of {len(inside)} inside"


def names_ignored(records: list[dict], answers: list[dict]) -> str:
    """How many pass when the function that the answer defines is called, whatever its name."""
    def renamed(record, code):
        asked, given = re.search(r"(\w+)\s*\(", record["tests"][0].removeprefix("assert")), re.match(r"def (\w+)", code)
        return f"{code}\n{asked[1]} = {given[1]}" if asked and given else code

    passed = sum(passes_tests(renamed(r, a["whole cascade"]), r["tests"]) for r, a in zip(records, answers))
    return f"  whole cascade, the function's name ignored: {passed}"


def evaluate(name: str, records: list[dict], answers: list[dict], arguments) -> None:
    records = records[:len(answers)]
    if not records:
        print(f"{name}: no tasks here")
        return
    if name == "limits":
        print(limits_report(records, answers))
        if arguments.failures:
            for r, a in zip(records, answers):
                if a["reasoning"].startswith(CANNOT) == r["inside"]:
                    print(f"    {r['task']!r}: {a['reasoning']!r}")
        return
    solved = marks(records, answers, arguments.jobs)
    print(report(name, records, solved))
    print(repair_report(answers, solved), flush=True)
    if name == "mbpp":
        print(names_ignored(records, answers))
    if arguments.failures:
        for r, a, right in zip(records, answers, solved["whole cascade"]):
            if not right:
                print(f"    {r['id']}: {r['task']!r}\n      wanted {r.get('plan', '')!r}\n      got    {a['reasoning']!r}\n      review {a['review']!r}\n      answer {a['whole cascade']!r}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--blue", type=Path, default=ROOT / "build/release/bin/blue")
    parser.add_argument("--blue-option", action="append", default=[], help="passed on to blue run, may be repeated")
    parser.add_argument("--sets", nargs="*", default=list(SETS), choices=list(SETS))
    parser.add_argument("--answers", type=Path, help="score these instead of running blue")
    parser.add_argument("--write-answers", type=Path, help="keep what blue answered")
    parser.add_argument("--limit", type=int, default=1000, help="only the first tasks of each set")
    parser.add_argument("--jobs", type=int, default=2, help="runs at a time")
    parser.add_argument("--timeout", type=float, default=120.0, help="seconds for one run")
    parser.add_argument("--failures", action="store_true", help="list the tasks that the whole cascade got wrong")
    parser.add_argument("--mbpp", type=Path, default=MBPP, help="the MBPP file")
    arguments = parser.parse_args()
    sets = SETS | {"mbpp": lambda: mbpp_tasks(arguments.mbpp)}
    given = [json.loads(line) for line in arguments.answers.read_text().splitlines()] if arguments.answers else []
    kept: list[dict] = []
    for name in arguments.sets:
        records = sets[name]()[:arguments.limit] if name in ("limits", "mbpp") else sets[name](arguments.limit)
        answers = [a for a in given if a["set"] == name][:arguments.limit] if given else gather(records, name, arguments)
        kept += answers
        evaluate(name, records, answers, arguments)
    if arguments.write_answers:
        arguments.write_answers.write_text("".join(json.dumps(a) + "\n" for a in kept))


if __name__ == "__main__":
    main()
