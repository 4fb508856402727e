"""tools/check_sizes.py finds each planted violation, warns where it should, and honours an exemption with a reason."""

import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from planted_tree import PlantedTree  # noqa: E402


def function(n_lines, head="int sum(int a) {"):
    return "\n".join([head] + ["  a += 1;"] * (n_lines - 2) + ["}"]) + "\n"


class CheckSizes(PlantedTree):
    tool = "check_sizes.py"

    def assert_warns(self, place, *words):
        status, said = self.run_tool()
        self.assertEqual(status, 0, said)
        self.assertTrue(any(line.startswith(f"{place} warning:") and all(word in line for word in words)
                            for line in said.splitlines()), said)

    def test_a_small_file_passes(self):
        self.plant("base/units.cpp", function(60))
        self.assert_passes()

    def test_a_file_over_600_lines_fails(self):
        self.plant("hal/topology.cpp", "// line\n" * 601)
        self.assert_fails_at("hal/topology.cpp:600:", "601 lines", "split")

    def test_a_file_of_600_lines_warns(self):
        self.plant("hal/topology.cpp", "// line\n" * 600)
        self.assert_warns("hal/topology.cpp:400:", "600 lines")

    def test_an_exempt_file_passes_only_with_a_reason(self):
        self.plant("models/table.cpp", "// size-exempt: a table of code points\n" + "// line\n" * 700)
        self.assert_passes()
        self.plant("models/table.cpp", "// size-exempt:\n" + "// line\n" * 700)
        self.assert_fails_at("models/table.cpp:600:")

    def test_an_actor_over_200_lines_fails_and_its_policy_does_not(self):
        self.plant("actors/stage/stage_policy.cpp", "// line\n" * 300)
        self.assert_passes()
        self.plant("actors/stage.cpp", "// line\n" * 201)
        self.assert_fails_at("actors/stage.cpp:200:", "a folder below actors/")

    def test_a_function_over_90_lines_fails_on_its_first_line(self):
        self.plant("base/units.cpp", "namespace blue {\n\n" + function(91) + "\n}  // namespace blue\n")
        self.assert_fails_at("base/units.cpp:3:", "sum has 91 lines")

    def test_a_function_of_90_lines_warns(self):
        self.plant("base/units.cpp", function(90))
        self.assert_warns("base/units.cpp:1:", "90 lines")

    def test_heads_of_many_kinds_are_functions(self):
        heads = {"Tier::Tier(int n) : n_{n}, m_(2) {": "Tier", "template <class T>\nauto f(T x) -> int {": "f",
                 "bool operator==(const A& a) const noexcept {": "function", 'TEST_CASE("a lease dies; it returns {") {': "TEST_CASE"}
        for letter, (head, name) in zip("abcd", heads.items()):
            self.plant(f"base/case_{letter}.cpp", function(95, head))
            self.assert_fails_at(f"base/case_{letter}.cpp:1:", f"{name} has 9")

    def test_long_classes_and_namespaces_are_no_functions(self):
        body = "  int width() const { return 1; }\n" * 100
        self.plant("base/kinds.h", "namespace blue {\nclass alignas(64) Ring : public Base<int(int)> {\n" + body + "};\n"
                   'extern "C" {\n' + "int f(void);\n" * 100 + "}\n}\n")
        self.assert_passes()

    def test_braces_in_literals_comments_and_directives_do_not_confuse(self):
        noise = ('const char* a = "{{{";\nchar b = \'{\';  // {{\n/* {{{\n{ */\nauto c = R"x({{{)x";\nint d = 1\'000\'000;\n'
                 "#define OPEN(x) \\\n  { x\n")
        self.plant("base/noise.cpp", noise + function(20) + noise + function(20) * 5)
        self.assert_passes()

    def test_a_lambda_counts_to_the_function_around_it(self):
        self.plant("base/nest.cpp", "void outer() {\n  auto f = [](int a) {\n" + "    ++a;\n" * 88 + "  };\n}\n")
        self.assert_fails_at("base/nest.cpp:1:", "outer has 92 lines")

    def test_python_functions_are_measured_too(self):
        self.plant("tools/train.py", "def train():\n" + "    pass\n" * 95)
        self.assert_fails_at("tools/train.py:1:", "train has 96 lines")

    def test_each_forbidden_word_fails_as_a_whole_word_only(self):
        for word in ("fast", "new", "2", "tmp", "misc", "common", "utils", "helper"):
            self.plant(f"hal/disk_{word}.h")
            self.assert_fails_at(f"hal/disk_{word}.h:1:", f"'{word}'")
        self.plant("memory/helper/block.h")
        self.assert_fails_at("memory/helper/block.h:1:", "'helper'")

    def test_words_that_only_contain_a_forbidden_one_pass(self):
        for name in ("renewal.h", "gpt2.cpp", "fastening.h", "newline.h", "bytes_2x.h"):
            self.plant(f"models/{name}")
        self.assert_passes()


if __name__ == "__main__":
    unittest.main()
