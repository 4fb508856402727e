"""A model split over several files gives what the whole gives; parts that do not belong together are refused, each by name."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(ROOT, "tools", "synth"))
from split import split  # noqa: E402

BLUE = os.path.join(os.environ.get("BLUE_BIN_DIR", os.path.join(ROOT, "build", "release", "bin")), "blue")
NANO = sorted(os.path.join(ROOT, "assets", "nano", name) for name in os.listdir(os.path.join(ROOT, "assets", "nano"))
              if name.endswith(".gguf"))


@unittest.skipUnless(os.path.exists(BLUE), f"{BLUE} is not built")
class SplitModel(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.parts = split(NANO[0], self.path("m"), 3)

    def path(self, name):
        return os.path.join(self.folder, name)

    def blue(self, *arguments):
        return subprocess.run([BLUE, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)

    def generated(self, path):
        done = self.blue("generate", "-m", path, "-p", "def double(x):", "-n", "24", "--temp", "0", "--device", "cpu")
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def assert_refused(self, path, *words):
        done = self.blue("inspect", path)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)

    def test_a_split_model_says_what_the_whole_says(self):
        whole = self.generated(NANO[0])
        self.assertTrue(whole.strip())
        self.assertEqual(self.generated(self.parts[0]), whole)

    def test_any_part_opens_all(self):
        seen = json.loads(self.blue("inspect", "--json", self.parts[2]).stdout)
        self.assertEqual([part["file"] for part in seen["parts"]], self.parts)
        self.assertEqual(seen["program"]["runs"], True, seen["program"])
        self.assertEqual({tensor["part"] for tensor in seen["tensors"]}, {0, 1, 2})
        whole = json.loads(self.blue("inspect", "--json", NANO[0]).stdout)
        self.assertEqual(seen["program"], whole["program"])

    def test_a_missing_part_is_named(self):
        os.remove(self.parts[1])
        self.assert_refused(self.parts[0], "m-00002-of-00003.gguf", "No such file", "part 2 of 3")

    def test_a_part_of_another_model_is_named(self):
        foreign = split(self.parts[0], self.path("other"), 3)
        shutil.copy(foreign[1], self.parts[1])
        self.assert_refused(self.parts[0], "m-00002-of-00003.gguf")

    def test_a_part_in_anothers_place_is_named(self):
        shutil.copy(self.parts[2], self.parts[1])
        self.assert_refused(self.parts[0], "m-00002-of-00003.gguf", "keys say part 3 of 3, where part 2 of 3 belongs")

    def test_a_renamed_part_is_told_its_name(self):
        os.rename(self.parts[0], self.path("model.gguf"))
        self.assert_refused(self.path("model.gguf"), "-00001-of-00003.gguf")

    def test_a_cut_part_is_named(self):
        os.truncate(self.parts[2], os.path.getsize(self.parts[2]) - 4096)
        self.assert_refused(self.parts[0], "m-00003-of-00003.gguf", "the file ends")


if __name__ == "__main__":
    unittest.main()
