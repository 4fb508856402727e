#!/usr/bin/env python3
"""Fails where prose passes column 100: comments of every language, and paragraphs of Markdown.

clang-format limits code. Not counted: tables, fenced code and link targets of Markdown, and a
comment without a blank behind column 100 (an address, a long name).
`python3 tools/check_prose.py [--root FOLDER]`; exit status 1 on a finding.
"""

import argparse
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import check_layers  # noqa: E402  (the tools agree on what a file of the project is)

COLUMNS = 100
SLASHES = (".h", ".cpp", ".c", ".cu", ".cuh")
HASHES = (".py", ".cmake", ".sh", "CMakeLists.txt", ".toml")
STRING = re.compile(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'')


def comment_of(line, mark):
    """The column where a line's comment begins, or None; marks inside string literals are none."""
    at = STRING.sub(lambda found: "_" * len(found.group(0)), line).find(mark)
    return None if at < 0 else at


def is_too_long(line):
    return len(line) > COLUMNS and " " in line[COLUMNS - 1:].rstrip() + " " and \
        " " in line.lstrip(" /<#*-")[:COLUMNS]


def findings_in_code(lines, mark):
    return [number for number, line in enumerate(lines, 1)
            if is_too_long(line) and comment_of(line, mark) is not None]


def findings_in_markdown(lines):
    found, is_fenced = [], False
    for number, line in enumerate(lines, 1):
        if line.lstrip().startswith("```"):
            is_fenced = not is_fenced
        elif not is_fenced and not line.lstrip().startswith("|") and \
                is_too_long(re.sub(r"\]\([^)]*\)", "]", line)):
            found.append(number)
    return found


def check(root):
    problems = []
    for path in check_layers.files_of(root, SLASHES + HASHES + (".md",)):
        with open(os.path.join(root, path), encoding="utf-8", errors="replace") as text:
            lines = text.read().split("\n")
        if path.endswith(".md"):
            found = findings_in_markdown(lines)
        else:
            found = findings_in_code(lines, "//" if path.endswith(SLASHES) else "#")
        problems += [(path, number) for number in found]
    return problems


def main():
    parser = argparse.ArgumentParser(description="prose wraps at 100 columns")
    parser.add_argument("--root", default=".")
    problems = check(parser.parse_args().root)
    for path, number in problems:
        print(f"{path}:{number}: prose passes column {COLUMNS}; break the line")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
