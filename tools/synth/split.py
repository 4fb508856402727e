#!/usr/bin/env python3
"""Splits a GGUF file into parts of about as many tensors each, as large models are published.

    python3 tools/synth/split.py FILE PREFIX PARTS          writes PREFIX-00001-of-0000N.gguf and so on, prints their names

The first part keeps the model's keys; every part gets split.no, split.count and split.tensors.count.
"""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from gguf_header import Header, aligned, entry, header  # noqa: E402

U16, I32 = 2, 5


def split(path, prefix, n_parts):
    """The parts' paths."""
    paths = []
    with open(path, "rb") as source:
        whole = Header(source)
        size = os.path.getsize(path) - whole.data_begin
        offsets = sorted(offset for *_, offset in whole.tensors) + [size]
        ends = dict(zip(offsets, offsets[1:]))
        for part in range(n_parts):
            tensors = whole.tensors[len(whole.tensors) * part // n_parts:len(whole.tensors) * (part + 1) // n_parts]
            entries = [raw for key, raw in whole.entries if part == 0 or key == "general.alignment"]
            entries += [entry("split.no", part, U16), entry("split.count", n_parts, U16),
                        entry("split.tensors.count", len(whole.tensors), I32)]
            rows, at = [], 0
            for name, dims, number, offset in tensors:
                rows.append((name, dims, number, at))
                at = aligned(at + ends[offset] - offset, whole.alignment)
            paths.append(f"{prefix}-{part + 1:05}-of-{n_parts:05}.gguf")
            with open(paths[-1], "wb") as target:
                target.write(header(entries, rows, whole.alignment))
                for _, _, _, offset in tensors:
                    source.seek(whole.data_begin + offset)
                    piece = source.read(ends[offset] - offset)
                    target.write(piece + bytes(-len(piece) % whole.alignment))
    return paths


if __name__ == "__main__":
    if len(sys.argv) != 4 or not sys.argv[3].isdigit() or int(sys.argv[3]) == 0:
        sys.exit(__doc__)
    print("\n".join(split(sys.argv[1], sys.argv[2], int(sys.argv[3]))))
