#!/usr/bin/env python3
"""Fails for files and functions that are too long, and for names without meaning.

Files: over 600 lines fail, over 400 are warned of; an actor (actors/*.cpp) fails over 200.
Functions: over 90 lines fail, over 60 are warned of (C++ by a heuristic over braces, Python by its
syntax tree). A table or generated file has `size-exempt: reason` in a comment.
`python3 tools/check_sizes.py [--root FOLDER] [--no-warnings]`; exit status 1 on a failure.
"""

import argparse
import ast
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import check_layers  # noqa: E402  (the two tools agree on what a file of the project is)

CPP = check_layers.EXTENSIONS
FILE_WARN, FILE_FAIL, ACTOR_FAIL = 400, 600, 200
FUNCTION_WARN, FUNCTION_FAIL = 60, 90
FORBIDDEN = {"fast", "new", "2", "tmp", "misc", "common", "util", "utils", "helper", "helpers"}
EXEMPT = re.compile(r"(?://|#)\s*size-exempt:[ \t]*\S+")
CONTAINER = re.compile(r"^(?:(?:export|inline|typedef|static|constexpr|const)\s+)*(?:namespace|class|struct|union|enum|extern)\b")
# `Tier(int n) : n_` before `{n}`: a member's initialiser, inside the function's head.
INITIALISER = re.compile(r"\)[\w\s]*(?<!:):(?!:).*[\w>]\s*$", re.DOTALL)
CONTROL = re.compile(r"^(?:if|for|while|switch|catch|else|do|try|return|case|default)\b")
STRIPPED = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"([^()\\\s]{0,16})\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', re.DOTALL)
DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.MULTILINE)


def blanked(text):
    """The text without comments, literals and directives; line numbers stay."""
    def blank(match):
        found = match.group(0)
        # 1'000'000 is a number, not a character; its quotes follow a digit.
        if found[0] == "'" and match.start() > 0 and match.string[match.start() - 1].isalnum():
            return " "
        return '""' + "\n" * found.count("\n") if found[0] in "\"R'" else "\n" * found.count("\n")
    text = STRIPPED.sub(blank, text)
    return DIRECTIVE.sub(lambda match: "\n" * match.group(0).count("\n"), text)


def opens_function(head):
    head = re.sub(r"\[\[.*?\]\]|alignas\s*\([^()]*\)", " ", head).strip()
    head = re.sub(r"^template\s*<.*?>\s*(?=(?:class|struct|union)\b)", "", head, flags=re.DOTALL)
    if "(" not in head or CONTAINER.match(head) or CONTROL.match(head):
        return False
    return not re.search(r"(=|,|\(|\breturn)\s*$", head)


def cpp_functions(text):
    """[(name, first line, last line)] of the outermost function bodies, lambdas included."""
    code = blanked(text)
    functions, kinds = [], []
    head_start, open_function, inner = 0, None, 0
    for match in re.finditer(r"[{};]", code):
        at, sign = match.start(), match.group(0)
        if open_function:
            inner += {"{": 1, "}": -1, ";": 0}[sign]
            if inner == 0:
                name, first = open_function
                functions.append((name, first, code.count("\n", 0, at) + 1))
                open_function, head_start = None, at + 1
            continue
        if sign == "{":
            head = code[head_start:at]
            if INITIALISER.search(head):
                kinds.append("initialiser")
                continue
            if opens_function(head):
                start = head_start + len(head) - len(head.lstrip())
                named = re.search(r"([~\w:]+)\s*\(", head)
                open_function, inner = (named.group(1) if named else "function", code.count("\n", 0, start) + 1), 1
            else:
                kinds.append(sign)
        elif sign == "}" and kinds and kinds.pop() == "initialiser":
            continue
        head_start = at + 1
    return functions


def python_functions(text):
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return []
    return [(node.name, node.lineno, node.end_lineno) for node in ast.walk(tree)
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]


def is_actor(path):
    return path.startswith("actors/") and path.count("/") == 1 and path.endswith(".cpp")


def check_name(path):
    for part in path.split("/"):
        for word in re.split(r"[_.\-]", os.path.splitext(part)[0]):
            if word.lower() in FORBIDDEN:
                return f"'{word}' in a name says nothing; name the noun or the mechanism"
    return None


def check_file(root, path):
    """([failures], [warnings]) of one file, each (line, text)."""
    failures, warnings = [], []
    problem = check_name(path)
    if problem:
        failures.append((1, problem))
    with open(os.path.join(root, path), encoding="utf-8", errors="replace") as file:
        text = file.read()
    if EXEMPT.search(text):
        return failures, warnings
    lines = text.count("\n") + (not text.endswith("\n") and text != "")
    if is_actor(path) and lines > ACTOR_FAIL:
        failures.append((ACTOR_FAIL, f"{lines} lines in an actor ({ACTOR_FAIL} at most); move its policy to a folder below actors/"))
    elif lines > FILE_FAIL:
        failures.append((FILE_FAIL, f"{lines} lines ({FILE_FAIL} at most); split it by noun"))
    elif lines > FILE_WARN:
        warnings.append((FILE_WARN, f"{lines} lines; over {FILE_WARN} a second noun is hiding in it"))
    functions = python_functions(text) if path.endswith(".py") else cpp_functions(text)
    for name, first, last in functions:
        size = last - first + 1
        if size > FUNCTION_FAIL:
            failures.append((first, f"{name} has {size} lines ({FUNCTION_FAIL} at most); pull its steps out and name them"))
        elif size > FUNCTION_WARN:
            warnings.append((first, f"{name} has {size} lines; aim for {FUNCTION_WARN}"))
    return failures, warnings


def main():
    parser = argparse.ArgumentParser(description="files and functions of a readable size, names that say something")
    parser.add_argument("--root", default=".")
    parser.add_argument("--no-warnings", action="store_true", help="print failures alone")
    options = parser.parse_args()
    n_failures = 0
    for path in check_layers.files_of(options.root, CPP + (".py",)):
        failures, warnings = check_file(options.root, path)
        for line, problem in failures:
            print(f"{path}:{line}: {problem}")
        if not options.no_warnings:
            for line, problem in warnings:
                print(f"{path}:{line}: warning: {problem}")
        n_failures += len(failures)
    if n_failures:
        print(f"{n_failures} size or name violation{'s' if n_failures > 1 else ''}")
    return 1 if n_failures else 0


if __name__ == "__main__":
    sys.exit(main())
