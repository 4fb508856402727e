#!/usr/bin/env python3
"""Runs Clang's thread-safety analysis over every file that uses base/mutex.h.

    tools/check_thread_safety.py BUILD_FOLDER

A member declared BLUE_GUARDED_BY(mutex_) that is touched without the lock is a finding. Looks at
the sources that name a Mutex or a lock, at those whose header does, and, one unit a folder, at the
headers themselves. Flags come from the build's compile_commands.json. A std::mutex anywhere but in
base/mutex.h and tests is a finding too: the analysis would not see it.
"""
import concurrent.futures
import json
import os
import re
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LAYERS = ("base", "hal", "memory", "kernels", "text", "models", "messages", "actors", "runtime",
          "apps")
LOCKS = re.compile(r"\b(Mutex|MutexLock|UniqueLock|ConditionVariable|BLUE_GUARDED_BY)\b")
BARE = re.compile(r"\bstd::(mutex|recursive_mutex|shared_mutex|lock_guard|unique_lock|scoped_lock|"
                  r"condition_variable)\b")
KEPT = re.compile(r"-(I|D|U|std=|m).*")


def sources():
    """The tracked and new files of the layers, without CUDA's."""
    said = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", *LAYERS],
                          cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return sorted({name for name in said.split()
                   if name.endswith((".h", ".cpp")) and os.path.isfile(os.path.join(ROOT, name))
                   and not name.startswith("kernels/cuda/")})


def flags_of(command):
    """What a unit needs to be parsed, of its compile command."""
    words, kept, i = command.split(), [], 1
    while i < len(words):
        if words[i] in ("-isystem", "-I", "-D", "-include"):
            kept += words[i:i + 2]
            i += 1
        elif KEPT.match(words[i]):
            kept.append(words[i].replace('\\"', '"'))
        i += 1
    return kept


def analyse(clang, name, flags, text=None):
    """The findings in one unit: the file `name`, or `text` under that name."""
    command = [clang, "-fsyntax-only", "-x", "c++", *flags, "-Wno-everything", "-Wthread-safety",
               "-Werror", "-" if text is not None else name]
    done = subprocess.run(command, cwd=ROOT, input=text, capture_output=True, text=True)
    return "" if done.returncode == 0 else f"{name}:\n{done.stderr}"


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    database = os.path.join(sys.argv[1], "compile_commands.json")
    clang = shutil.which("clang++-14") or shutil.which("clang++")
    files = {name: open(os.path.join(ROOT, name), encoding="utf-8").read() for name in sources()}
    bad = [f"{name}:{text[:found.start()].count(chr(10)) + 1}: std::{found[1]} where blue::Mutex "
           "and its locks belong (base/mutex.h)"
           for name, text in files.items() if name != "base/mutex.h"
           for found in BARE.finditer(text)]
    if bad:
        sys.exit("\n".join(bad))
    if clang is None:
        print("skipped: clang is missing (Debian: clang-14)")
        return
    if not os.path.isfile(database):
        print(f"skipped: no {database}")
        return

    # The check of headers has one unit a header, whatever sources are compiled together.
    by_header = {}
    for entry in json.load(open(database, encoding="utf-8")):
        _, found, header = entry["file"].partition("_verify_interface_header_sets/")
        if found and header.startswith(LAYERS):
            by_header[header.removesuffix(".cxx")] = flags_of(entry["command"])
    # A layer of two libraries: the flags of the one that links more.
    by_layer = {layer: max((flags for header, flags in by_header.items()
                            if header.startswith(layer + "/")), key=len, default=[])
                for layer in LAYERS}
    locked = {name for name, text in files.items() if LOCKS.search(text)}
    units = []
    for name in sorted(files):
        header = name.removesuffix(".cpp") + ".h"
        if name.endswith(".cpp") and (name in locked or header in locked):
            units.append((name, by_header.get(header, by_layer[name.split("/")[0]]), None))
    headers = {}
    for name in sorted(locked):
        if name.endswith(".h"):
            headers.setdefault(name.split("/")[0], []).append(name)
    for layer, names in headers.items():
        units.append((f"{layer}/*.h", by_layer[layer], "".join(f'#include "{name}"\n' for name in names)))

    jobs = int(os.environ.get("BLUE_JOBS", os.cpu_count() or 1))
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        findings = [said for said in pool.map(lambda unit: analyse(clang, *unit), units) if said]
    if findings:
        sys.exit("\n".join(findings))
    print(f"{len(units)} units")


if __name__ == "__main__":
    main()
