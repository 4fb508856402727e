"""Random blocks of every format: valid, with small finite scales, of a given spread around zero.

The layouts are those of the GGUF formats. A pool holds some megabytes of blocks, made once per
(format, spread) and reused: random bytes are slow to make, and reuse does not change speed.
"""

import math
import random
import struct
from array import array

POOL_BYTES = 4 << 20


class Format:
    """Values and bytes of one block, the type's number in GGUF, and the file type's number."""

    def __init__(self, number, file_type, n_values, n_bytes, fill):
        self.number, self.file_type = number, file_type
        self.n_values, self.n_bytes, self.fill = n_values, n_bytes, fill


def half(value):
    return struct.pack("<e", value)


def put_scale(rng, pool, size, at, scale, followers=()):
    """A half-precision scale within 20 % of `scale` per block; each (offset, factor) follows."""
    n = len(pool) // size
    choices = [scale * (0.8 + 0.4 * rng.random()) for _ in range(64)]
    picks = rng.choices(range(64), k=n)
    for offset, factor in ((at, 1.0), *followers):
        fields = [half(choice * factor) for choice in choices]
        for i in range(2):
            pool[offset + i::size] = bytes(fields[pick][i] for pick in picks)


def put_bytes(rng, pool, size, at, values):
    """One byte of every block, drawn from `values`."""
    pool[at::size] = bytes(rng.choices(values, k=len(pool) // size))


def simple(level_spread, mean=None):
    """A scale, then levels; `mean` is what the minimum behind the scale subtracts, in scales."""
    def fill(rng, pool, size, spread):
        put_scale(rng, pool, size, 0, spread / level_spread, () if mean is None else ((2, -mean),))
    return fill


def fill_q2_k(rng, pool, size, spread):
    # Scale and minimum alike, so that the minimum's scale centres the four levels.
    for at in range(16):
        put_bytes(rng, pool, size, at, [value * 17 for value in range(8, 16)])
    put_scale(rng, pool, size, 80, spread / (11.7 * 1.118), ((82, 1.5),))


def fill_q3_k(rng, pool, size, spread):
    put_scale(rng, pool, size, 108, spread / (18.5 * 2.345))


def fill_scales_of_eight(middle, level_spread):
    """Q4_K, Q5_K: eight 6-bit scales from 32 to 63, equal minimums, `middle` scales each."""
    def fill(rng, pool, size, spread):
        for j in range(4):
            lows, highs = rng.choices(range(32, 64), k=len(pool) // size), rng.choices(range(32, 64), k=len(pool) // size)
            first = bytes(low | high >> 4 << 6 for low, high in zip(lows, highs))
            pool[4 + j::size] = first
            pool[8 + j::size] = first
            pool[12 + j::size] = bytes((high & 15) * 17 for high in highs)
        put_scale(rng, pool, size, 0, spread / (48.4 * level_spread), ((2, middle),))
    return fill


def fill_q6_k(rng, pool, size, spread):
    signed = [value & 255 for value in (*range(-32, -7), *range(8, 33))]
    for at in range(192, 208):
        put_bytes(rng, pool, size, at, signed)
    put_scale(rng, pool, size, 208, spread / (21.3 * 18.5))


def fill_iq4_xs(rng, pool, size, spread):
    put_scale(rng, pool, size, 0, spread / (18.5 * 66.0))


def fill_mxfp4(rng, pool, size, spread):
    exponent = 127 + round(math.log2(spread / 2.93))
    put_bytes(rng, pool, size, 0, [exponent, exponent, exponent, exponent - 1])


def fill_floats(to_bytes):
    def fill(rng, pool, size, spread):
        # One value in sixteen is drawn, the rest repeat them: drawing takes longer than writing.
        drawn = to_bytes(array("f", (rng.gauss(0.0, spread) for _ in range(len(pool) // size // 16 + 1))))
        pool[:] = (drawn * (len(pool) // len(drawn) + 1))[:len(pool)]
    return fill


def as_bf16(values):
    raw, out = values.tobytes(), bytearray(2 * len(values))
    out[0::2], out[1::2] = raw[2::4], raw[3::4]
    return bytes(out)


FORMATS = {
    "F32": Format(0, 0, 1, 4, fill_floats(lambda values: values.tobytes())),
    "F16": Format(1, 1, 1, 2, fill_floats(lambda values: struct.pack(f"<{len(values)}e", *values))),
    "BF16": Format(30, 32, 1, 2, fill_floats(as_bf16)),
    "Q4_0": Format(2, 2, 32, 18, simple(4.61)),
    "Q4_1": Format(3, 3, 32, 20, simple(4.61, 7.5)),
    "Q5_0": Format(6, 8, 32, 22, simple(9.23)),
    "Q5_1": Format(7, 9, 32, 24, simple(9.23, 15.5)),
    "Q8_0": Format(8, 7, 32, 34, simple(73.9)),
    "Q2_K": Format(10, 10, 256, 84, fill_q2_k),
    "Q3_K": Format(11, 12, 256, 110, fill_q3_k),
    "Q4_K": Format(12, 15, 256, 144, fill_scales_of_eight(7.5, 4.61)),
    "Q5_K": Format(13, 17, 256, 176, fill_scales_of_eight(15.5, 9.23)),
    "Q6_K": Format(14, 18, 256, 210, fill_q6_k),
    "IQ4_NL": Format(20, 25, 32, 18, simple(66.0)),
    "IQ4_XS": Format(23, 30, 256, 136, fill_iq4_xs),
    "MXFP4": Format(39, 38, 32, 17, fill_mxfp4),
}

# What quantisers take where a row is no multiple of a block.
FALLBACKS = {"Q2_K": "IQ4_NL", "Q3_K": "IQ4_NL", "IQ4_XS": "IQ4_NL", "Q4_K": "Q5_0", "Q5_K": "Q5_1", "Q6_K": "Q8_0"}


def type_for(wanted, n_columns):
    """`wanted`, or its fallback for rows of this many values."""
    if n_columns % FORMATS[wanted].n_values == 0:
        return wanted
    wanted = FALLBACKS.get(wanted, "F16")
    return wanted if n_columns % FORMATS[wanted].n_values == 0 else "F16"


class BlockPool:
    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.pools = {}

    def pool(self, type_name, spread):
        key = (type_name, spread)
        if key not in self.pools:
            form = FORMATS[type_name]
            pool = bytearray(self.rng.randbytes(POOL_BYTES // form.n_bytes * form.n_bytes))
            form.fill(self.rng, pool, form.n_bytes, spread)
            self.pools[key] = memoryview(pool)
        return self.pools[key]

    def chunks(self, type_name, spread, n_values):
        """`n_values` values as pieces of the pool, each from a random block on."""
        form, pool = FORMATS[type_name], self.pool(type_name, spread)
        left = n_values // form.n_values * form.n_bytes
        half_blocks = len(pool) // form.n_bytes // 2
        while left > 0:
            begin = self.rng.randrange(half_blocks) * form.n_bytes
            piece = pool[begin:begin + min(left, half_blocks * form.n_bytes)]
            left -= len(piece)
            yield piece
