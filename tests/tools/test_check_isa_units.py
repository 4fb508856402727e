"""tools/check_isa_units.py finds an inline function that a unit of a wider instruction set shares with the program."""

import os
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from planted_tree import TOOLS, PlantedTree  # noqa: E402

SHARED = "inline __attribute__((noinline)) int twice(int a) { return 2 * a; }\nint four() { return twice(2); }\n"
ALONE = "namespace { __attribute__((noinline)) int twice(int a) { return 2 * a; } }\nint four() { return twice(2); }\n"


class CheckIsaUnits(PlantedTree):
    def compile(self, name, text):
        self.plant("source.cpp", text)
        target = os.path.join(self.root, "build", "kernels", "objects", name)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        subprocess.run(["c++", "-O2", "-c", os.path.join(self.root, "source.cpp"), "-o", target], check=True)

    def run_tool(self, *arguments):
        done = subprocess.run([sys.executable, os.path.join(TOOLS, "check_isa_units.py"), os.path.join(self.root, "build")],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        return done.returncode, done.stdout.decode()

    def test_a_shared_inline_function_fails_in_generated_and_in_hand_written_units(self):
        for name in ("cpu_avx512_q4_k.cpp.o", "cpu_avxvnni_q4_k.cpp.o", "cpu_amx_q4_k.cpp.o", "ops_avx2.cpp.o"):
            self.compile(name, SHARED)
            self.assert_fails_at(os.path.join(self.root, "build/kernels/objects", name) + ":1:", "twice(int)")

    def test_an_internal_function_passes(self):
        self.compile("cpu_avx2_q8_0.cpp.o", ALONE)
        self.assert_passes()

    def test_a_unit_of_the_base_instruction_set_may_share(self):
        self.compile("op.cpp.o", SHARED)
        self.assert_passes()


if __name__ == "__main__":
    unittest.main()
