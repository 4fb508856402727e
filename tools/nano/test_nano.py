"""Self tests of the grammars, the split, the tokenizers and the scorer. Standard library alone: python3 tools/nano/test_nano.py"""

import builtins
import json
import re
import subprocess
import sys
import unittest
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parent))

import evaluate
import held_out
import judging
import phrasing
import primitives_choices
from corruption import corrupted
from hidden_inputs import draw_inputs
from out_of_domain import CANNOT, draw_outside, trained
from outside_requests import outside_requests
from primitive import PARAMETERS, Parameter, Step, pick_constant
from program import Program, code_of, composition_of, outcomes, plan_of
from review import OK, review_of
from scorer import expected_results, is_right, passes_tests
from second_phrases import SAID
from table import BY_NAME, PRIMITIVES
from task import Task, draw_informative, hidden_inputs, is_held_out
from tokenizer import STYLES, Tokenizer, train_merges
from worked_examples import AMBIGUOUS, ambiguous, call, draw_name
from written_task import draw_second, draw_task, write

ISSUE_PROGRAM = Program("ints", tuple(Step(BY_NAME[n]) for n in ("filter_even", "square_each", "sum_of")))


def tasks(count: int, seed: int = 3, held_out_side: bool = False) -> list[Task]:
    rng = Random(seed)
    return [draw_task(rng, held_out_side) for _ in range(count)]


def single(p, rng: Random) -> Program:
    return Program(p.takes, (Step(p, pick_constant(p.constant, rng)),))


class GrammarTest(unittest.TestCase):
    def test_there_are_many_primitives_with_names_of_their_own(self):
        self.assertGreaterEqual(len(PRIMITIVES), 120)
        self.assertEqual(len(BY_NAME), len(PRIMITIVES))
        for p in PRIMITIVES:
            looser = phrasing.LOOSER.get(p.name, ())
            self.assertGreaterEqual(len({*p.phrasings(), *looser}), 2, p.name)
            self.assertTrue(p.nouns and p.verbs, p.name)

    def test_every_primitive_runs_and_tells_inputs_apart(self):
        rng = Random(1)
        for p in PRIMITIVES:
            drawn = [outcomes(single(p, rng), draw_inputs(p.takes, "", rng, 20)) for _ in range(15)]
            values = [v for some in drawn for v in some if v is not None]
            self.assertGreater(len(values), 10, p.name)
            self.assertGreater(len(set(map(repr, values))), 1, p.name)

    def test_every_phrasing_can_be_said(self):
        rng = Random(2)
        for p in PRIMITIVES:
            for _ in range(12):
                said = phrasing.write_task(single(p, rng), rng)
                self.assertNotRegex(said, r"[{}]", p.name)

    def test_every_choice_runs_and_can_be_said(self):
        rng = Random(3)
        for _ in range(400):
            p = primitives_choices.draw(rng)
            program = single(p, rng)
            self.assertTrue(any(v is not None for v in outcomes(program, draw_inputs("ints", "", rng, 8))))
            self.assertNotRegex(phrasing.write_task(program, rng), r"[{}]")

    def test_reference_functions_do_what_their_steps_do(self):
        for t in tasks(600):
            inputs = hidden_inputs(t.program)
            self.assertEqual(expected_results(t.code, inputs, t.name), [repr(v) for v in outcomes(t.program, inputs)], t.code)

    def test_programs_have_several_arguments_choices_and_up_to_five_steps(self):
        drawn = [t.program for t in tasks(2500)]
        self.assertTrue(any(p.branch for p in drawn))
        self.assertTrue(any(p.extra() for p in drawn))
        self.assertTrue(any(len(PARAMETERS[p.kind]) == 2 for p in drawn))
        self.assertTrue(any("(" in composition_of(p) for p in drawn))
        self.assertEqual({len(p.chain) for p in drawn if not p.branch}, {1, 2, 3, 4, 5})

    def test_no_slot_is_left_in_a_plan(self):
        for t in tasks(1500):
            self.assertNotRegex(t.plan, r"\{[a-z]")
            self.assertTrue(t.text.strip())

    def test_the_grammar_can_say_the_example_of_the_issue(self):
        rng = Random(0)
        said = {phrasing.nested(ISSUE_PROGRAM.chain, rng) for _ in range(20000)}
        self.assertIn("the sum of the squares of the even numbers in xs", said)
        code = "def f(xs):\n    a = [x for x in xs if x % 2 == 0]\n    b = [x * x for x in a]\n    return sum(b)"
        self.assertEqual(code_of(ISSUE_PROGRAM), code)

    def test_examples_of_a_task_hold_for_its_program(self):
        shown = [t for t in tasks(800) if t.examples]
        self.assertGreater(len(shown), 80)
        for t in shown:
            for arguments, value in t.examples:
                self.assertEqual(expected_results(t.code, [arguments], t.name), [repr(value)])

    def test_examples_tell_the_meanings_of_an_ambiguous_phrase_apart(self):
        rng = Random(6)
        for names, _ in AMBIGUOUS:
            p = single(BY_NAME[names[0]], rng)
            vague, others = ambiguous(p, rng)
            self.assertEqual(plan_of(vague), plan_of(p))
            self.assertEqual({composition_of(o) for o in others}, set(names[1:]))

    def test_no_function_is_named_like_a_builtin(self):
        rng = Random(8)
        self.assertFalse({draw_name(rng) for _ in range(3000)} & set(dir(builtins)))

    def test_a_named_function_is_defined_by_that_name(self):
        named = [t for t in tasks(400) if t.name != "f"]
        self.assertTrue(named)
        for t in named:
            self.assertIn(t.name, t.text)
            self.assertTrue(t.code.startswith(f"def {t.name}("))

    def test_the_same_seed_gives_the_same_tasks(self):
        self.assertEqual([t.text for t in tasks(50)], [t.text for t in tasks(50)])


class SplitTest(unittest.TestCase):
    def test_training_never_draws_a_held_out_composition(self):
        self.assertFalse(any(is_held_out(t.composition()) for t in tasks(1500)))

    def test_held_out_tasks_are_different_unseen_compositions(self):
        records = held_out.held_out_tasks(120)
        self.assertEqual(len({r["composition"] for r in records}), 120)
        self.assertTrue(all(is_held_out(r["composition"]) for r in records))
        self.assertFalse(any(is_held_out(p.name) for p in PRIMITIVES))
        self.assertEqual(records, held_out.held_out_tasks(120))

    def test_a_held_out_task_in_mbpp_form_passes_its_own_tests(self):
        for r in held_out.held_out_tasks(6):
            form = held_out.in_mbpp_form(r)
            self.assertTrue(passes_tests(form["code"], form["test_list"]))
            self.assertFalse(passes_tests(f"def {r['name']}(*_):\n    return 'no'", form["test_list"]))

    def test_the_second_grammar_shares_no_command_with_the_first(self):
        for name, said in SAID.items():
            own = {re.sub(r"\{(o|at|l)\}", "", v).strip() for v in (*BY_NAME[name].verbs, *phrasing.LOOSER.get(name, ()))}
            self.assertNotIn(said, own, name)

    def test_second_tasks_are_complete_and_compositions_unseen(self):
        rng = Random(4)
        for size in (1, 2, 2, 3):
            t = draw_second(rng, size)
            self.assertNotRegex(t.text, r"\{[a-z]")
            self.assertTrue(size == 1 or is_held_out(t.composition()))


class LimitsTest(unittest.TestCase):
    def test_requests_outside_get_a_reason(self):
        rng = Random(5)
        for t in tasks(600):
            text, reason = draw_outside(rng, t.text)
            self.assertTrue(text.strip())
            self.assertTrue(reason.startswith(CANNOT))

    def test_half_of_the_three_hundred_requests_lie_outside(self):
        records = held_out.limit_tasks()
        self.assertEqual([sum(r["inside"] == side for r in records) for side in (False, True)], [150, 150])
        self.assertEqual(len(set(outside_requests(150))), 150)

    def test_words_kept_for_evaluation_are_not_trained(self):
        words = [f"word {i}" for i in range(100)]
        self.assertTrue(0 < len(trained(words)) < 100)

    def test_an_empty_request_does_not_stop_the_generator(self):
        rng = Random(9)
        for _ in range(300):
            self.assertTrue(draw_outside(rng, "\n")[1])


class ReviewTest(unittest.TestCase):
    task = Task("", ISSUE_PROGRAM)

    def test_a_right_draft_is_ok(self):
        self.assertEqual(review_of(self.task, self.task.code, True, judging.of_program(ISSUE_PROGRAM)), OK)

    def test_a_wrong_line_is_named_with_what_it_should_do_and_an_input_that_fails(self):
        wrong = self.task.code.replace("x * x", "x * 2")
        said = review_of(self.task, wrong, False, judging.of_draft(self.task, wrong))
        self.assertEqual(said, "Line 3 is wrong: it should square each number.\nIt fails on [0, 4].")

    def test_a_check_names_the_first_example_that_fails(self):
        task = Task("", ISSUE_PROGRAM, "f", ((([2],), 4), (([2, 4],), 20)))
        self.assertEqual(judging.checked(task, judging.of_draft(task, task.code)), "passed")
        self.assertEqual(judging.checked(task, judging.of_draft(task, "def f(xs):\n    return 4")), "[2, 4] gives 4, not 20")

    def test_corrupted_programs_still_have_plans_and_code(self):
        rng = Random(5)
        for t in tasks(400):
            wrong = corrupted(t.program, rng)
            outcomes(wrong, hidden_inputs(t.program, 4))
            self.assertTrue(plan_of(wrong) and code_of(wrong))


class ScorerTest(unittest.TestCase):
    inputs = [[[1, 2, 3, 4]], [[]], [[2, 2]]]

    def setUp(self):
        self.expected = expected_results(code_of(ISSUE_PROGRAM), self.inputs)

    def test_the_reference_is_right(self):
        self.assertTrue(is_right(code_of(ISSUE_PROGRAM), self.inputs, self.expected))

    def test_another_way_to_the_same_values_is_right(self):
        self.assertTrue(is_right("def f(v):\n    return sum(x ** 2 for x in v if not x % 2)", self.inputs, self.expected))

    def test_wrong_values_types_and_broken_code_are_wrong(self):
        for code in ("def f(xs):\n    return sum(xs)", "def f(xs):\n    return float(sum(x * x for x in xs if x % 2 == 0))", "def f(xs",
                     "", "x = 1", "def f(xs):\n    return undefined", "import os\ndef f(xs):\n    return 20"):
            self.assertFalse(is_right(code, self.inputs, self.expected), code)

    def test_endless_and_greedy_code_is_stopped(self):
        for code in ("def f(xs):\n    while True:\n        pass", "def f(xs):\n    return [0] * 10 ** 10"):
            self.assertFalse(is_right(code, self.inputs, self.expected), code)

    def test_wilson_interval_and_paired_bootstrap(self):
        low, high = evaluate.wilson(160, 200)
        self.assertAlmostEqual(low, 0.7391, places=3)
        self.assertAlmostEqual(high, 0.8497, places=3)
        mean, low, high = evaluate.paired_bootstrap([False] * 20 + [True] * 80, [True] * 100)
        self.assertAlmostEqual(mean, 0.2)
        self.assertTrue(0.1 < low < 0.2 < high < 0.3)

    def test_answers_are_scored_by_configuration(self):
        records = held_out.held_out_tasks(3)
        answers = [{"id": r["id"], "coder alone": "", "think -> code": r["reference"], "whole cascade": r["reference"], "review": OK} for r in records]
        solved = evaluate.marks(records, answers, 2)
        self.assertEqual([sum(v) for v in solved.values()], [0, 3, 3])

    def test_a_call_is_written_with_its_arguments(self):
        self.assertEqual(call("f", ([1, 2], "a")), "f([1, 2], 'a')")
        self.assertEqual(repr(Parameter("k")), "k")


class TokenizerTest(unittest.TestCase):
    def setUp(self):
        texts = [t.text + "\n" + t.plan + "\n" + t.code for t in tasks(120)]
        self.tokenizers = [Tokenizer(train_merges(texts, 120, style), style) for style in STYLES.values()]

    def test_round_trip(self):
        for tokenizer in self.tokenizers:
            for text in [*(t.text + t.code for t in tasks(50, 8)), "naïve café — 你好 🙂\n\t x", "<|end|><|im_end|>", "It's 1234\r\n\r\n  b", ""]:
                self.assertEqual(tokenizer.decode(tokenizer.encode(text)), text)

    def test_control_tokens_are_tokens_only_in_rendered_templates(self):
        for tokenizer in self.tokenizers:
            self.assertEqual(tokenizer.encode_special(tokenizer.style.end + "\n")[0], tokenizer.end)
            self.assertNotIn(tokenizer.end, tokenizer.encode(tokenizer.style.end))

    def test_all_bytes_have_a_token(self):
        for tokenizer in self.tokenizers:
            self.assertEqual(len(set(tokenizer.tokens[:256])), 256)
            self.assertEqual(len(tokenizer.ids), len(tokenizer.tokens))


class IsolationTest(unittest.TestCase):
    def test_the_evaluation_needs_only_the_standard_library(self):
        code = f"import sys; sys.path.insert(0, {str(Path(__file__).resolve().parent)!r}); import evaluate; print('numpy' in sys.modules, 'torch' in sys.modules)"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        self.assertEqual(done.stdout.strip(), "False False")

    def test_records_are_json(self):
        self.assertTrue(json.dumps(held_out.held_out_tasks(2)))
        self.assertIsNotNone(write(draw_informative(Random(1), False, 2), Random(1)).text)


if __name__ == "__main__":
    unittest.main()
