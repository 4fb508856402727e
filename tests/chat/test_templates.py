"""Renders chat templates by Python's jinja2, set up as transformers' apply_chat_template does, and by ours, and compares byte for byte;
what jinja2 refuses we must refuse. Own templates stand in tests/chat/templates, those of real models in ../shared where it is.
"""

import datetime
import functools
import glob
import json
import os
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from conversations import conversations  # noqa: E402

try:
    import jinja2
    import jinja2.ext
    import jinja2.nodes
    import jinja2.sandbox
except ImportError:
    jinja2 = None

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DAY = datetime.datetime(2026, 3, 2, 13, 4, 5)


def program():
    programs = os.environ.get("BLUE_BIN_DIR", os.path.join(ROOT, "build", "release", "bin"))
    return os.path.join(os.path.dirname(programs), "tests", "bin", "render_templates")


def environment():
    class Generation(jinja2.ext.Extension):
        tags = {"generation"}

        def parse(self, parser):
            line = next(parser.stream).lineno
            body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
            return jinja2.nodes.CallBlock(self.call_method("_pass"), [], [], body).set_lineno(line)

        def _pass(self, caller):
            return caller()

    def raise_exception(message):
        raise jinja2.exceptions.TemplateError(message)

    def tojson(value, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
        return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)

    env = jinja2.sandbox.ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, jinja2.ext.loopcontrols])
    env.filters["tojson"] = tojson
    env.globals["raise_exception"] = raise_exception
    env.globals["strftime_now"] = lambda form: DAY.strftime(form)
    return env


@functools.lru_cache(maxsize=16)
def compiled(env, text):
    return env.from_string(text)


def rendered_by_jinja(env, text, variables):
    """The text, or None where jinja2 refuses."""
    try:
        return compiled(env, text).render(**variables)
    except Exception:  # whatever Python raises in a template is a refusal
        return None


def read(path):
    with open(path, encoding="utf-8", newline="") as file:
        return file.read()


@unittest.skipIf(jinja2 is None, "python3-jinja2 is not installed")
class Templates(unittest.TestCase):
    def setUp(self):
        self.env = environment()
        self.ours = subprocess.Popen([program()], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                     encoding="utf-8")

    def tearDown(self):
        self.ours.stdin.close()
        self.assertEqual(self.ours.wait(timeout=60), 0)
        self.ours.stdout.close()

    def compare(self, name, text, variables):
        wanted = rendered_by_jinja(self.env, text, variables)
        self.ours.stdin.write(json.dumps({"template": text, "variables": variables}) + "\n")
        self.ours.stdin.flush()
        answer = json.loads(self.ours.stdout.readline())
        with self.subTest(name):
            if wanted is None:
                self.assertIn("error", answer, f"jinja2 refuses, we give {answer.get('text')!r}")
            else:
                self.assertEqual(answer.get("text"), wanted, answer.get("error"))
        return wanted is not None

    def compare_folder(self, pattern):
        paths = sorted(glob.glob(pattern))
        for path in paths:
            text = read(path)
            n_rendered = sum(self.compare(f"{os.path.basename(path)}: {name}", text, variables)
                             for name, variables in conversations())
            self.assertGreaterEqual(n_rendered, 12, path)
        return len(paths)

    def test_own_templates(self):
        self.assertGreaterEqual(self.compare_folder(os.path.join(ROOT, "tests", "chat", "templates", "*.jinja")), 5)

    def test_templates_of_real_models(self):
        folder = os.path.join(ROOT, "..", "shared", "data", "templates")
        if not os.path.isdir(folder):
            self.skipTest("SKIPPED: ../shared/data/templates is absent")
        self.assertGreaterEqual(self.compare_folder(os.path.join(folder, "*.jinja")), 6)

    def test_features(self):
        variables = dict(next(iter(conversations()))[1])
        variables.update({"d": {"b": 1, "a": "x", "C": [1, 2]}, "n": 7, "f": 2.5, "s": "Hällo wörld", "none": None,
                          "l": [3, 1, 2], "people": [{"name": "Zoë", "age": 3}, {"name": "al", "age": 30}, {"age": 5}]})
        n_rendered = 0
        cases = read(os.path.join(ROOT, "tests", "chat", "features.txt")).split("\n----\n")
        for case in cases:
            n_rendered += self.compare(case, case, variables)
        self.assertGreater(len(cases), 200)
        self.assertGreater(n_rendered, len(cases) // 2)


if __name__ == "__main__":
    unittest.main()
