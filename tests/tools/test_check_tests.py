"""tools/check_tests.py finds a test file that ctest does not run, whatever kept it out."""

import json
import os
import stat
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from planted_tree import PlantedTree  # noqa: E402


class CheckTests(PlantedTree):
    tool = "check_tests.py"

    def program(self, path, text):
        self.plant(path, "#!/bin/sh\n" + text)
        os.chmod(os.path.join(self.root, path), stat.S_IRWXU)

    def setUp(self):
        """A build with one Catch2 executable of two test cases and one Python test; ctest is played by a script."""
        super().setUp()
        self.plant("tests/unit/base/units_test.cpp")
        self.plant("tests/tools/test_x.py")
        self.plant("tests/support/disk_fake.cpp")
        self.executable = os.path.join(os.path.realpath(self.root), "build/tests/bin/test_base")
        self.plant("build/tests/registered_tests.txt",
                   "catch test_base tests/unit/base/units_test.cpp\nctest python_test_x tests/tools/test_x.py\n")
        self.list_cases("tests/unit/base/units_test.cpp", 2)
        self.start_in_ctest(2)
        path = os.environ["PATH"]
        os.environ["PATH"] = os.path.join(self.root, "tools_path") + os.pathsep + path
        self.addCleanup(os.environ.__setitem__, "PATH", path)

    def list_cases(self, source, count):
        listing = f"All available test cases:\n  a case\n      {source}:7\n{count} test cases\n"
        self.program("build/tests/bin/test_base", f"cat <<'TEXT'\n{listing}TEXT\nexit {count}\n")

    def start_in_ctest(self, count, python_command=("python3",)):
        tests = [{"name": f"case {number}", "command": [self.executable, "x"]} for number in range(count)]
        tests.append({"name": "python_test_x", "command": list(python_command)})
        self.program("tools_path/ctest", "cat <<'TEXT'\n" + json.dumps({"tests": tests}) + "\nTEXT\n")

    def run_tool(self, *arguments):
        return super().run_tool(os.path.join(self.root, "build"), *arguments)

    def test_a_complete_inventory_passes(self):
        self.assert_passes()

    def test_a_file_that_no_group_holds_fails(self):
        self.plant("tests/attic/old_test.cpp")
        self.assert_fails_at("tests/attic/old_test.cpp:", "no test group")

    def test_a_file_without_a_visible_test_case_fails(self):
        self.list_cases("tests/unit/base/other_test.cpp", 2)
        self.assert_fails_at("tests/unit/base/units_test.cpp:", "no test case")

    def test_a_file_listed_with_the_path_of_this_machine_fails(self):
        self.list_cases(os.path.realpath(self.root) + "/tests/unit/base/units_test.cpp", 2)
        self.assert_fails_at("tests/unit/base/units_test.cpp:", "no test case")

    def test_an_executable_that_ctest_starts_too_seldom_fails(self):
        self.start_in_ctest(1)
        self.assert_fails_at("tests/unit/base/units_test.cpp:", "lists 2 test cases but ctest starts 1")

    def test_an_executable_that_is_not_built_fails(self):
        os.remove(self.executable)
        self.assert_fails_at("tests/unit/base/units_test.cpp:", "not built")

    def test_a_registered_test_that_ctest_does_not_know_fails(self):
        self.start_in_ctest(2, python_command=())
        self.assert_fails_at("tests/tools/test_x.py:", "has no program")


if __name__ == "__main__":
    unittest.main()
