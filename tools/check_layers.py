#!/usr/bin/env python3
"""Fails where a file includes from the right of its layer, or an SDK's header outside its room.

    base < hal < memory | kernels | text < models < messages < actors < runtime < apps

A file includes from its own layer or from the left; memory, kernels and text do not see each other;
project headers are named from the repository root. `python3 tools/check_layers.py [--root FOLDER]`,
from the root; exit status 1 on a violation.
"""

import argparse
import os
import re
import subprocess
import sys
from collections import deque

RANK = {"base": 0, "hal": 1, "memory": 2, "kernels": 2, "text": 2, "models": 3, "messages": 4, "actors": 5, "runtime": 6,
        "apps": 7}
# These may include everything: they use the layers from outside.
OUTSIDE = ("tests", "bench")
EXTENSIONS = (".h", ".cpp", ".c", ".cu", ".cuh")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')

# (what the header is, its pattern, the folders that may include it)
ROOMS = [
    ("CUDA", re.compile(r"^(cuda|cublas|cooperative_groups|mma\.h|cub/|thrust/|device_launch_parameters|vector_types)"),
     ["kernels/cuda/"]),
    ("CAF", re.compile(r"^caf/"),
     ["messages/", "actors/", "apps/examples/", "tests/actors/", "tests/e2e/", "tests/regress/",
      "tests/sim/", "tests/unit/messages/", "tests/support/actors/", "bench/"]),
    ("liburing", re.compile(r"^liburing(\.h|/)"), ["hal/", "tests/unit/hal/"]),
    ("hwloc", re.compile(r"^hwloc(\.h|/)"), ["hal/", "tests/unit/hal/"]),
    ("ISA-L", re.compile(r"^(isa-l(\.h|/)|crc\.h|crc64\.h)"), ["memory/", "tests/unit/memory/", "bench/"]),
    ("PCRE2", re.compile(r"^pcre2"), ["text/", "tests/unit/text/"]),
    ("utf8proc", re.compile(r"^utf8proc"), ["text/"]),
    ("Boost", re.compile(r"^boost/"), ["base/", "messages/fields.h", "tests/", "bench/"]),
    ("toml++", re.compile(r"^toml\+\+/"), ["models/", "actors/cascade/", "tests/"]),
    ("fmt", re.compile(r"^fmt/"), ["text/", "models/", "messages/", "actors/", "apps/", "tests/", "bench/"]),
    ("nlohmann_json", re.compile(r"^nlohmann/"), ["apps/", "tests/", "bench/"]),
    ("CLI11", re.compile(r"^CLI/"), ["apps/"]),
    ("libedit", re.compile(r"^(histedit\.h|editline/)"), ["apps/terminal/"]),
]
APPS = re.compile(r"^apps/(?!examples/)")  # the embedding example alone has actors of its own
# An actor is a file of actors/ itself, its policy one of a folder below.
POLICIES = re.compile(r"^actors/[a-z_]+/")

# (which files may reach no CAF header through any chain of includes, their name, the remedy)
CAF_FREE = [
    (POLICIES, "a policy", "policies know no CAF: split the header, or pass plain values in"),
    (APPS, "an app", "apps use runtime/runtime.h: hide CAF behind it"),
]


def files_of(root, extensions=EXTENSIONS):
    """Tracked and new files below `root`, as paths from it; all files without a repository."""
    listing = subprocess.run(["git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "."],
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    if listing.returncode == 0:
        names = listing.stdout.decode().split("\0")
    else:
        names = [os.path.relpath(os.path.join(folder, name), root)
                 for folder, _, found in os.walk(root) for name in found]
    return sorted(name for name in set(names)
                  if name.endswith(extensions) and os.path.isfile(os.path.join(root, name)))


def includes_of(root, path):
    """[(line number, '<' or '"', header)] of one file."""
    found = []
    with open(os.path.join(root, path), encoding="utf-8", errors="replace") as text:
        for number, line in enumerate(text, 1):
            match = INCLUDE.match(line)
            if match:
                found.append((number, match.group(1), match.group(2)))
    return found


def layer_violation(path, kind, header):
    own, target = path.split("/")[0], header.split("/")[0]
    known = "/" in header and (target in RANK or target in OUTSIDE)  # <memory> is the standard's
    if kind == '"' and not known:
        return (f'"{header}" is not named from the repository root; '
                f'write #include "<layer>/..." for ours and <...> for third parties')
    if not known or own not in RANK or own == target:
        return None
    if target in OUTSIDE:
        return f'"{header}" belongs to {target}/, which no layer may see; move what is shared into a layer'
    if RANK[target] == RANK[own]:
        return f"{own} and {target} do not see each other; let models/ join them, or move the shared type left"
    if RANK[target] > RANK[own]:
        return f"{own} may not look right to {target}; move the type left, or pass it in from {target}"
    return None


def room_violation(path, header):
    for name, pattern, rooms in ROOMS:
        if pattern.match(header) and not any(path.startswith(room) for room in rooms):
            return f"<{header}> ({name}) may stand only in {', '.join(rooms)}; hide it behind a contract there"
    return None


def chain_to_caf(includes, start):
    """Shortest include chain from `start` to a CAF header: (line in start, [headers]), or None."""
    queue = deque([(start, 0, [])])
    seen = {start}
    while queue:
        path, first_line, chain = queue.popleft()
        for number, _, header in includes.get(path, []):
            line = first_line or number
            if header.startswith("caf/"):
                return line, chain + [header]
            if header in includes and header not in seen:
                seen.add(header)
                queue.append((header, line, chain + [header]))
    return None


def check(root):
    includes = {path: includes_of(root, path) for path in files_of(root)}
    problems = []
    for path, found in includes.items():
        if path.split("/")[0] not in RANK and path.split("/")[0] not in OUTSIDE:
            continue
        for number, kind, header in found:
            for problem in (layer_violation(path, kind, header), room_violation(path, header)):
                if problem:
                    problems.append((path, number, problem))
        for pattern, who, remedy in CAF_FREE:
            reached = chain_to_caf(includes, path) if pattern.match(path) else None
            if reached:
                line, chain = reached
                problems.append((path, line, f"{who} reaches CAF through {' -> '.join(chain)}; {remedy}"))
    return problems


def main():
    parser = argparse.ArgumentParser(description="includes go left, SDK headers stay in their rooms")
    parser.add_argument("--root", default=".")
    problems = check(parser.parse_args().root)
    for path, line, problem in problems:
        print(f"{path}:{line}: {problem}")
    if problems:
        print(f"{len(problems)} layer violation{'s' if len(problems) > 1 else ''}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
