#!/usr/bin/env python3
"""Checks that every test file on disk runs in ctest.

`python3 tools/check_tests.py BUILD_FOLDER [--root FOLDER]`, built. A Catch2 file counts when its
executable lists a test case from it and ctest starts as many tests of that executable as it lists;
any other file when ctest lists its test and the test's program exists.
"""

import argparse
import json
import os
import re
import subprocess
import sys

NOT_TESTS = ("tests/support/", "tests/catch/", "tests/fuzz/replay_main.cpp")


def tests_on_disk(root):
    found = set()
    for folder, _, names in os.walk(os.path.join(root, "tests")):
        for name in names:
            path = os.path.relpath(os.path.join(folder, name), root)
            is_test = path.endswith((".cpp", ".c")) or re.fullmatch(r"test_\w+\.py", name)
            if is_test and not path.startswith(NOT_TESTS):
                found.add(path)
    nano = "tools/nano/test_nano.py"
    if os.path.isfile(os.path.join(root, nano)):
        found.add(nano)
    return found


def registered_tests(build):
    """{source: (kind, name of the executable or of the ctest)}"""
    registered = {}
    with open(os.path.join(build, "tests", "registered_tests.txt"), encoding="utf-8") as text:
        for line in text:
            kind, name, source = line.rstrip("\n").split(" ", 2)
            registered[source] = (kind, name)
    return registered


def ctest_inventory(build):
    """{test name: command} as ctest lists them."""
    said = subprocess.run(["ctest", "--test-dir", build, "--show-only=json-v1"], stdout=subprocess.PIPE, check=True)
    return {test["name"]: test.get("command") for test in json.loads(said.stdout)["tests"]}


def catch_inventory(program):
    """(number of test cases, {their source files}) as the executable lists them."""
    # Catch2 2 returns the number of tests as the exit status of a listing, so the status is no
    # error.
    said = subprocess.run([program, "--list-tests", "--verbosity", "high"], stdout=subprocess.PIPE, check=False)
    text = said.stdout.decode(errors="replace")
    # Paths are relative to the root (cmake/BlueCompiler.cmake): one that is absolute, or broken at
    # column 80, is no match.
    sources = set(re.findall(r"^\s+(\S+\.cpp):\d+$", text, re.MULTILINE))
    count = re.search(r"^(\d+) (?:matching )?test cases?$", text, re.MULTILINE)
    return int(count.group(1)) if count else 0, sources


def check_catch(build, name, sources, commands):
    program = os.path.join(build, "tests", "bin", name)
    if not os.access(program, os.X_OK):
        return [f"{sources[0]}: its executable {name} is not built"]
    n_listed, listed = catch_inventory(program)
    n_in_ctest = sum(1 for command in commands if command and os.path.realpath(command[0]) == program)
    problems = [f"{source}: no test case of it is listed by {name}; a test file holds at least one visible TEST_CASE"
                for source in sources if source not in listed]
    if n_listed != n_in_ctest:
        problems.append(f"{sources[0]}: {name} lists {n_listed} test cases but ctest starts {n_in_ctest}; "
                        "build it again, and give its test cases distinct names without semicolons")
    return problems


def check(root, build):
    root, build = os.path.realpath(root), os.path.realpath(build)
    registered = registered_tests(build)
    inventory = ctest_inventory(build)
    problems = [f"{path}: in no test group; put it into a folder that tests/CMakeLists.txt knows"
                for path in sorted(tests_on_disk(root)) if path not in registered]
    groups = {}
    for source, (kind, name) in sorted(registered.items()):
        if kind == "catch":
            groups.setdefault(name, []).append(source)
        elif not inventory.get(name):
            problems.append(f"{source}: ctest {name} has no program; build it first")
    for name, sources in groups.items():
        problems += check_catch(build, name, sources, list(inventory.values()))
    return problems


def main():
    parser = argparse.ArgumentParser(description="every test file on disk is in ctest")
    parser.add_argument("build")
    parser.add_argument("--root", default=".")
    options = parser.parse_args()
    problems = check(options.root, options.build)
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
