"""Self tests of the grammar, the split, the tokenizer and the scorer. Standard library alone: python3 tools/nano/test_nano.py"""

import json
import subprocess
import sys
import unittest
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parent))

import evaluate
import held_out
import phrasing
from corruption import corrupted
from primitive import Step
from primitives_lists import BY_NAME, PRIMITIVES
from review import review_of
from scorer import expected_results, is_right
from task import Task, code_of, draw_task, hidden_inputs, is_held_out, outcomes, plan_of
from tokenizer import Tokenizer, train_merges

ISSUE_CHAIN = tuple(Step(BY_NAME[n]) for n in ("filter_even", "square_each", "sum_of"))
ISSUE_TASK = "Return the sum of the squares of the even numbers in xs."


def tasks(count: int, seed: int = 3) -> list[Task]:
    rng = Random(seed)
    return [draw_task(rng, False) for _ in range(count)]


class GrammarTest(unittest.TestCase):
    def test_there_are_forty_primitives_each_with_five_phrasings(self):
        self.assertGreaterEqual(len(PRIMITIVES), 40)
        self.assertEqual(len(BY_NAME), len(PRIMITIVES))
        for p in PRIMITIVES:
            self.assertGreaterEqual(len(set(p.phrasings())), 5, p.name)
            self.assertTrue(p.nouns and p.verbs, p.name)

    def test_every_primitive_is_reached(self):
        seen = {s.primitive.name for t in tasks(6000) for s in t.chain}
        self.assertEqual(seen, set(BY_NAME))

    def test_reference_functions_do_what_their_steps_do(self):
        for t in tasks(1000):
            inputs = hidden_inputs(t)
            self.assertEqual(expected_results(t.code, inputs), [repr(v) for v in outcomes(t.chain, inputs)], t.code)

    def test_no_slot_is_left_in_a_sentence_or_a_plan(self):
        for t in tasks(3000):
            self.assertNotRegex(t.text + t.plan + t.code, r"[{}]")
            self.assertNotIn("  ", t.text)

    def test_the_grammar_can_say_the_example_of_the_issue(self):
        rng = Random(0)
        said = {phrasing.nested(list(ISSUE_CHAIN), rng) for _ in range(20000)}
        self.assertIn("the sum of the squares of the even numbers in xs", said)
        code = "def f(xs):\n    a = [x for x in xs if x % 2 == 0]\n    b = [x * x for x in a]\n    return sum(b)"
        self.assertEqual(code_of(ISSUE_CHAIN), code)

    def test_the_same_seed_gives_the_same_tasks(self):
        self.assertEqual([t.text for t in tasks(50)], [t.text for t in tasks(50)])


class SplitTest(unittest.TestCase):
    def test_training_never_draws_a_held_out_composition(self):
        self.assertFalse(any(is_held_out(t.composition()) for t in tasks(3000)))

    def test_the_held_out_file_is_what_the_program_writes(self):
        again = [held_out.as_record(i, t) for i, t in enumerate(held_out.held_out_tasks())]
        self.assertEqual(held_out.read_records(), json.loads(json.dumps(again)))

    def test_held_out_tasks_are_two_hundred_different_unseen_compositions(self):
        compositions = {r["composition"] for r in held_out.read_records()}
        self.assertEqual(len(compositions), 200)
        self.assertTrue(all(map(is_held_out, compositions)))
        self.assertFalse(any(is_held_out(p.name) for p in PRIMITIVES))


class ReviewTest(unittest.TestCase):
    def test_a_right_draft_is_ok(self):
        self.assertEqual(review_of(ISSUE_CHAIN, code_of(ISSUE_CHAIN), True), "OK")

    def test_a_wrong_line_is_named_with_what_it_should_do(self):
        wrong = code_of(ISSUE_CHAIN).replace("x * x", "x * 2")
        self.assertEqual(review_of(ISSUE_CHAIN, wrong, False), "Line 3 is wrong: it should square each number.")

    def test_corrupted_chains_still_run(self):
        rng = Random(5)
        for t in tasks(500):
            chain = corrupted(t.chain, rng)
            outcomes(chain, hidden_inputs(t, 4))
            self.assertTrue(plan_of(chain))


class ScorerTest(unittest.TestCase):
    inputs = [[1, 2, 3, 4], [], [2, 2]]

    def setUp(self):
        self.expected = expected_results(code_of(ISSUE_CHAIN), self.inputs)

    def test_the_reference_is_right(self):
        self.assertTrue(is_right(code_of(ISSUE_CHAIN), self.inputs, self.expected))

    def test_another_way_to_the_same_values_is_right(self):
        self.assertTrue(is_right("def f(v):\n    return sum(x ** 2 for x in v if not x % 2)", self.inputs, self.expected))

    def test_wrong_values_types_and_broken_code_are_wrong(self):
        for code in ("def f(xs):\n    return sum(xs)", "def f(xs):\n    return float(sum(x * x for x in xs if x % 2 == 0))", "def f(xs",
                     "", "x = 1", "def f(xs):\n    return undefined", "import os\ndef f(xs):\n    return 20"):
            self.assertFalse(is_right(code, self.inputs, self.expected), code)

    def test_endless_and_greedy_code_is_stopped(self):
        for code in ("def f(xs):\n    while True:\n        pass", "def f(xs):\n    return [0] * 10 ** 10"):
            self.assertFalse(is_right(code, self.inputs, self.expected), code)

    def test_wilson_interval_and_sign_test(self):
        low, high = evaluate.wilson(160, 200)
        self.assertAlmostEqual(low, 0.7391, places=3)
        self.assertAlmostEqual(high, 0.8497, places=3)
        self.assertAlmostEqual(evaluate.sign_test(8, 1), 20 / 512)

    def test_answers_file_is_scored(self):
        records = held_out.read_records()[:3]
        answers = [{"id": r["id"], "coder alone": "", "think -> code": r["reference"], "whole cascade": r["reference"]} for r in records]
        solved = evaluate.score(records, answers, 2)
        self.assertEqual([sum(v) for v in solved.values()], [0, 3, 3])


class TokenizerTest(unittest.TestCase):
    def setUp(self):
        self.tokenizer = Tokenizer(train_merges([t.text + "\n" + t.plan + "\n" + t.code for t in tasks(200)], 120))

    def test_round_trip(self):
        for text in [*(t.text + t.code for t in tasks(50, 8)), "naïve café — 你好 🙂\n\t x", "<|end|>", ""]:
            self.assertEqual(self.tokenizer.decode(self.tokenizer.encode(text)), text)

    def test_control_tokens_are_tokens_only_in_rendered_templates(self):
        self.assertEqual(self.tokenizer.encode_special("<|end|>\n")[0], self.tokenizer.end)
        self.assertNotIn(self.tokenizer.end, self.tokenizer.encode("<|end|>"))

    def test_all_bytes_have_a_token(self):
        self.assertEqual(len(set(self.tokenizer.tokens[:256])), 256)
        self.assertEqual(len(self.tokenizer.ids), len(self.tokenizer.tokens))


class IsolationTest(unittest.TestCase):
    def test_the_evaluation_needs_only_the_standard_library(self):
        code = f"import sys; sys.path.insert(0, {str(Path(__file__).resolve().parent)!r}); import evaluate; print('numpy' in sys.modules, 'torch' in sys.modules)"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        self.assertEqual(done.stdout.strip(), "False False")


if __name__ == "__main__":
    unittest.main()
