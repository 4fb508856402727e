"""A throw-away tree of planted files, and a check tool run over it. Shared by the tests of tools/."""

import os
import subprocess
import sys
import tempfile
import unittest

TOOLS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools")


class PlantedTree(unittest.TestCase):
    """Each test plants its files into a folder of its own, outside any repository."""

    tool = ""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = folder.name

    def plant(self, path, text=""):
        full = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as file:
            file.write(text)

    def run_tool(self, *arguments):
        """(exit status, what it printed)"""
        done = subprocess.run([sys.executable, os.path.join(TOOLS, self.tool), "--root", self.root, *arguments],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        return done.returncode, done.stdout.decode()

    def assert_passes(self):
        status, said = self.run_tool()
        self.assertEqual((status, said), (0, ""))

    def assert_fails_at(self, place, *words):
        """The tool fails and one line of it starts with `place` (file:line:) and holds every word."""
        status, said = self.run_tool()
        self.assertEqual(status, 1, said)
        hits = [line for line in said.splitlines() if line.startswith(place)]
        self.assertTrue(hits, f"no line starts with {place!r} in:\n{said}")
        for word in words:
            self.assertTrue(any(word in line for line in hits), f"{word!r} is missing in {hits}")
