#!/usr/bin/env python3
"""Fails where a unit that is compiled for a wider instruction set leaves an inline function to the
linker.

Such a function is emitted into every unit that uses it and the linker keeps any one copy: where it
keeps the one with AVX-512, the program ends with an illegal instruction on an older machine.
`python3 tools/check_isa_units.py BUILD_FOLDER`, built; exit status 1 on a finding.
"""

import argparse
import os
import re
import subprocess
import sys

OBJECT = re.compile(r"(?:^|_)(?:avx2|avxvnni|avx512|amx)(?:_\w+)?\.cpp\.o$")
REMEDY = "force it inline, give it internal linkage, or move the call out of this unit"


def wide_objects(build):
    for folder, _, names in os.walk(os.path.join(build, "kernels")):
        for name in names:
            if OBJECT.search(name):
                yield os.path.join(folder, name)


def shared_functions(path):
    """Defined weak functions, of which the linker keeps one. Weak data holds no instructions."""
    said = subprocess.run(["nm", "--demangle", "--defined-only", path], stdout=subprocess.PIPE, check=True)
    return [match.group(1) for match in re.finditer(r"^[0-9a-f]+ W (.+)$", said.stdout.decode(), re.MULTILINE)]


def main():
    parser = argparse.ArgumentParser(description="units of wider instruction sets share no inline function")
    parser.add_argument("build")
    n_findings = 0
    for path in sorted(wide_objects(parser.parse_args().build)):
        for name in shared_functions(path):
            print(f"{path}:1: emits {name} for the whole program; {REMEDY}")
            n_findings += 1
    return 1 if n_findings else 0


if __name__ == "__main__":
    sys.exit(main())
