"""tools/synth writes files of real shapes that the reader takes, in every format."""

import json
import math
import operator
import os
import random
import struct
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
SYNTH = os.path.join(ROOT, "tools", "synth")
sys.path.insert(0, SYNTH)
from block_pool import FORMATS, BlockPool, type_for  # noqa: E402
from gguf_header import Header  # noqa: E402
from shapes import SHAPES, build  # noqa: E402
from skew import MOST, deviations, popularity  # noqa: E402

BLUE = os.path.join(os.environ.get("BLUE_BIN_DIR", os.path.join(ROOT, "build", "release", "bin")), "blue")


def deviation(values):
    return (sum(value * value for value in values) / len(values)) ** 0.5


class Synth(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def write(self, *arguments):
        path = os.path.join(self.folder, "model.gguf")
        subprocess.run([sys.executable, os.path.join(SYNTH, "synth.py"), *arguments[:2], path, *arguments[2:]], check=True,
                       stdout=subprocess.DEVNULL)
        return path

    def header(self, path):
        with open(path, "rb") as file:
            return Header(file)

    def inspect(self, path):
        if not os.path.exists(BLUE):
            self.skipTest(f"{BLUE} is not built")
        done = subprocess.run([BLUE, "inspect", "--json", path], stdout=subprocess.PIPE, check=True)
        return json.loads(done.stdout)

    def test_every_format_fills_the_file_it_announces(self):
        for name, form in FORMATS.items():
            with self.subTest(name):
                path = self.write("small-dense", name)
                header = self.header(path)
                tensor, dims, number, offset = header.tensors[-1]
                n_bytes = dims[0] * dims[1] // form.n_values * form.n_bytes
                self.assertEqual((tensor, number), ("blk.1.ffn_down.weight", form.number))
                self.assertEqual(os.path.getsize(path), -(-(header.data_begin + offset + n_bytes) // 32) * 32)

    def test_the_reader_takes_every_format(self):
        for name in FORMATS:
            with self.subTest(name):
                seen = self.inspect(self.write("small-dense", name))
                self.assertEqual(seen["tensors"][0]["dims"], [256, 512])

    def test_a_known_format_runs(self):
        seen = self.inspect(self.write("small-dense", "Q8_0", "--layers", "1"))
        self.assertEqual(seen["program"].get("runs"), True, seen["program"])

    def test_values_have_the_wanted_spread(self):
        pool = BlockPool(3)
        q8 = bytes(pool.pool("Q8_0", 0.05)[:34 * 1000])
        values = [struct.unpack_from("<e", q8, at)[0] * level for at in range(0, len(q8), 34)
                  for level in struct.unpack_from("<32b", q8, at + 2)]
        self.assertAlmostEqual(deviation(values), 0.05, delta=0.005)
        q4 = bytes(pool.pool("Q4_1", 0.05)[:20 * 1000])
        values = [scale * nibble + least for at in range(0, len(q4), 20) for scale, least in [struct.unpack_from("<ee", q4, at)]
                  for byte in q4[at + 4:at + 20] for nibble in (byte & 15, byte >> 4)]
        self.assertAlmostEqual(deviation(values), 0.05, delta=0.005)
        floats = struct.unpack("<4000f", pool.pool("F32", 0.05)[:16000])
        self.assertAlmostEqual(deviation(floats), 0.05, delta=0.005)

    def test_pieces_hold_whole_blocks(self):
        pool = BlockPool(3)
        for name, form in FORMATS.items():
            pieces = [len(piece) for piece in pool.chunks(name, 0.05, 256 * 100000)]
            self.assertEqual(sum(pieces), 256 * 100000 // form.n_values * form.n_bytes)
            self.assertFalse([size for size in pieces if size % form.n_bytes], name)

    def test_a_seed_gives_the_same_file(self):
        files = []
        for seed in ("5", "5", "6"):
            with open(self.write("small-dense", "Q4_K", "--seed", seed), "rb") as file:
                files.append(file.read())
        self.assertEqual(files[0], files[1])
        self.assertNotEqual(files[0], files[2])

    def test_overrides_change_the_tensors_they_name(self):
        header = self.header(self.write("small-dense", "Q8_0", "--override", "*ffn_down*=F16", "--override", "blk.1.*=F32"))
        types = {name: number for name, _, number, _ in header.tensors}
        self.assertEqual([types[f"blk.{layer}.ffn_down.weight"] for layer in (0, 1)], [1, 0])
        self.assertEqual(types["blk.0.ffn_up.weight"], FORMATS["Q8_0"].number)

    def test_a_slice_with_experts_keeps_a_layer_of_them(self):
        for name in ("deepseek-v3", "kimi-k2"):
            for n_layers in (1, 2, 5):
                _, _, tensors = build(name, n_layers)
                self.assertTrue(any(tensor.name == f"blk.{n_layers - 1}.ffn_down_exps.weight" for tensor in tensors))

    def test_a_vocabulary_is_copied(self):
        nano = [name for name in os.listdir(os.path.join(ROOT, "assets", "nano")) if name.endswith(".gguf")]
        source = os.path.join(ROOT, "assets", "nano", nano[0])
        copied = [raw for key, raw in self.header(self.write("small-dense", "F16", "--vocabulary", source)).entries
                  if key.startswith("tokenizer.")]
        self.assertEqual(copied, [raw for key, raw in self.header(source).entries if key.startswith("tokenizer.")])

    def test_rows_that_do_not_divide_take_another_format(self):
        self.assertEqual([type_for("Q4_K", 128), type_for("Q4_K", 256), type_for("Q8_0", 40)], ["Q5_0", "Q4_K", "F16"])

    def routers(self, path):
        """By layer: the rows of its router."""
        header, rows = self.header(path), []
        with open(path, "rb") as file:
            for name, dims, _, offset in header.tensors:
                if name.endswith("ffn_gate_inp.weight"):
                    file.seek(header.data_begin + offset)
                    rows.append([struct.unpack(f"<{dims[0]}f", file.read(4 * dims[0])) for _ in range(dims[1])])
        return rows

    def shares(self, rows, n_used, n_tokens):
        """By expert: the share of random states whose n_used highest have it."""
        rng, chosen = random.Random(11), [0] * len(rows)
        for _ in range(n_tokens):
            state = [rng.gauss(0.0, 1.0) for _ in rows[0]]
            logits = [sum(map(operator.mul, row, state)) for row in rows]
            for expert in sorted(range(len(rows)), key=logits.__getitem__)[-n_used:]:
                chosen[expert] += 1
        return [n / n_tokens for n in chosen]

    def test_popularity_falls_with_the_rank_and_sums_up_to_what_a_token_uses(self):
        shares = popularity(128, 8, 0.8)
        self.assertAlmostEqual(sum(shares), 8, places=6)
        self.assertEqual(shares, sorted(shares, reverse=True))
        self.assertAlmostEqual(shares[99] / shares[49], 2 ** -0.8, places=6)
        self.assertEqual(popularity(64, 8, 3.0)[0], MOST)
        self.assertEqual(len(set(popularity(64, 8, 0.0))), 1)
        self.assertAlmostEqual(sum(value * value for value in deviations(64, 8, 1.0)) / 64, 1.0)

    def test_skewed_routers_choose_as_announced(self):
        layers = self.routers(self.write("small-moe", "Q2_K", "--layers", "2", "--skew", "0.9"))
        orders = []
        for rows in layers:
            shares = self.shares(rows, 8, 250)
            orders.append(sorted(range(64), key=shares.__getitem__))
            found, announced = sorted(shares, reverse=True), popularity(64, 8, 0.9)
            # The most popular quarter, half and three quarters take what they should.
            for n in (16, 32, 48):
                self.assertAlmostEqual(sum(found[:n]) / 8, sum(announced[:n]) / 8, delta=0.06)
            slope = math.log(found[39] / found[9]) / math.log(40 / 10)
            self.assertAlmostEqual(slope, -0.9, delta=0.3)
        self.assertNotEqual(orders[0][-8:], orders[1][-8:])

    def test_without_skew_experts_are_alike(self):
        shares = self.shares(self.routers(self.write("small-moe", "Q2_K", "--layers", "1"))[0], 8, 250)
        self.assertLess(max(shares), 2.2 * 8 / 64)
        self.assertLess(sum(sorted(shares, reverse=True)[:16]) / 8, 0.42)

    def test_an_impossible_skew_is_refused(self):
        for wrong in ("-1", "5", "much", "nan"):
            done = subprocess.run([sys.executable, os.path.join(SYNTH, "synth.py"), "small-moe", "Q2_K",
                                   os.path.join(self.folder, "m.gguf"), f"--skew={wrong}"], stderr=subprocess.PIPE, check=False)
            self.assertEqual(done.returncode, 2)
            self.assertIn(b"from 0 to 4", done.stderr)

    def test_sparse_files_have_their_whole_length(self):
        path = self.write("deepseek-v3", "Q4_K", "--layers", "2", "--sparse")
        self.assertGreater(os.path.getsize(path), 6e9)
        self.assertLess(os.stat(path).st_blocks * 512, 1e6)

    def test_all_shapes_have_sizes(self):
        for name in SHAPES:
            for tensor in build(name)[2]:
                self.assertTrue(all(isinstance(dim, int) and dim > 0 for dim in tensor.dims), tensor.name)


if __name__ == "__main__":
    unittest.main()
