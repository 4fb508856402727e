#!/usr/bin/env python3
"""Compares a text, or the slots of a run's JSON, with what is wanted. Exit status 0 when equal, 1 when not, 2 on bad input.

GOT WANTED              two text files; newlines at the end do not count
--slots GOT WANTED      two objects of `blue run --json`; every slot must hold the same text
"""
import json
import sys
from pathlib import Path


def first_difference(got: str, wanted: str) -> str:
    at = next((i for i, (g, w) in enumerate(zip(got, wanted)) if g != w), min(len(got), len(wanted)))
    return f"at character {at}: {got[at:at + 40]!r}, wanted {wanted[at:at + 40]!r}"


def check(name: str, got: str, wanted: str) -> bool:
    if got == wanted:
        print(f"{name}: {len(got)} characters equal")
        return True
    print(f"{name}: differs {first_difference(got, wanted)}")
    return False


def check_operands(got_path: str, wanted_path: str) -> bool:
    got = json.loads(Path(got_path).read_text())["slots"]
    wanted = json.loads(Path(wanted_path).read_text())["slots"]
    if not wanted or got.keys() != wanted.keys():
        print(f"slots {sorted(got)}, wanted {sorted(wanted)}")
        return False
    return all([check(name, got[name], wanted[name]) for name in wanted])


def main(arguments: list[str]) -> int:
    if len(arguments) == 3 and arguments[0] == "--slots":
        return 0 if check_operands(arguments[1], arguments[2]) else 1
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    got, wanted = (Path(path).read_text().rstrip("\n") for path in arguments)
    return 0 if check(Path(arguments[1]).name, got, wanted) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
