#!/usr/bin/env python3
"""Writes a GGUF file of a real model's shape with random weights in any format, to measure speed where no weights are.

    python3 tools/synth/synth.py SHAPE TYPE OUT [--layers N] [--seed S] [--override PATTERN=TYPE]... [--vocabulary FILE] [--sparse]
                                                           [--skew S]

Weights decode to values around 0 with a deviation of 1/sqrt(row length), norms to about 1, so that activations stay sane and
routers spread. Matrices are all of TYPE (what quantisers take instead where rows do not divide into blocks), routers and norms
F32. --override changes the type of tensors whose name matches, as in 'output.weight=Q6_K' or '*ffn_down*=Q6_K'; the last match
counts. The file has no vocabulary (feed token ids) unless --vocabulary names a GGUF file whose own is copied. --sparse writes the
header alone and leaves a hole for the weights. --skew S makes the experts of a layer unequally popular, as trained ones are: the
share of tokens that choose the expert of rank r falls about as r^-S, in another order in every layer (0.5 to 1 is usual; 0, the
default, leaves them alike; skew.py says how).
"""

import argparse
import fnmatch
import math
import os
import random
import sys
import time
from array import array

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from block_pool import FORMATS, BlockPool, type_for  # noqa: E402
from gguf_header import ALIGNMENT, Header, aligned, entry, header  # noqa: E402
from shapes import SHAPES, build  # noqa: E402
from skew import SkewedRouters  # noqa: E402


def tensor_type(tensor, wanted, overrides):
    if tensor.kind != "weight":
        return "F32"
    for pattern, type_name in overrides:
        if fnmatch.fnmatchcase(tensor.name, pattern):
            wanted = type_name
    return type_for(wanted, tensor.dims[0])


def vocabulary_entries(path):
    if path is None:
        return [entry("tokenizer.ggml.model", "none")]
    with open(path, "rb") as file:
        return [raw for key, raw in Header(file).entries if key.startswith("tokenizer.")]


def lay_out(tensors, wanted, overrides):
    """[(tensor, type name, offset in the data, bytes)] and the data's size."""
    placed, offset = [], 0
    for tensor in tensors:
        type_name = tensor_type(tensor, wanted, overrides)
        size = math.prod(tensor.dims) // FORMATS[type_name].n_values * FORMATS[type_name].n_bytes
        placed.append((tensor, type_name, offset, size))
        offset = aligned(offset + size)
    return placed, offset


def spread_of(tensor, has_head):
    """The deviation of a tensor's values. Embeddings are as large as normalised states where no head shares them: a token's own
    part of the state then outweighs the average that attention adds, and routers see different tokens."""
    if tensor.name == "token_embd.weight" and has_head:
        return 1.0
    return 1.0 / math.sqrt(tensor.dims[0]) if len(tensor.dims) > 1 else 0.01


def write_tensor(file, pool, routers, tensor, type_name, spread):
    if tensor.kind == "norm":
        file.write(array("f", (1.0 + pool.rng.gauss(0.0, 0.05) for _ in range(tensor.dims[0]))).tobytes())
        return
    pieces = pool.chunks(type_name, spread, math.prod(tensor.dims))
    if routers.applies_to(tensor.name):
        pieces = [routers.scaled(array("f", b"".join(pieces)), tensor.dims[1]).tobytes()]
    for piece in pieces:
        file.write(piece)


def write(arguments):
    """Bytes written."""
    arch, keys, tensors = build(arguments.shape, arguments.layers)
    placed, data_size = lay_out(tensors, arguments.type, arguments.override)
    entries = [entry("general.architecture", arch), entry("general.name", f"synth-{arguments.shape}-{arguments.type}"),
               entry("general.file_type", FORMATS[arguments.type].file_type), entry("general.alignment", ALIGNMENT)]
    entries += [entry(key, value) for key, value in keys] + vocabulary_entries(arguments.vocabulary)
    rows = [(tensor.name, tensor.dims, FORMATS[type_name].number, offset) for tensor, type_name, offset, _ in placed]
    pool = BlockPool(arguments.seed)
    routers = SkewedRouters(arguments.skew, dict(keys).get(f"{arch}.expert_used_count", 0), random.Random(arguments.seed))
    head = header(entries, rows)
    has_head = any(tensor.name == "output.weight" for tensor in tensors)
    with open(arguments.out, "wb", buffering=0) as file:
        file.write(head)
        if not arguments.sparse:
            for tensor, type_name, offset, _ in placed:
                file.seek(len(head) + offset)
                write_tensor(file, pool, routers, tensor, type_name, spread_of(tensor, has_head))
        file.truncate(len(head) + data_size)
    return len(head) + data_size


def override(argument):
    pattern, _, type_name = argument.rpartition("=")
    if not pattern or type_name not in FORMATS:
        raise argparse.ArgumentTypeError(f"{argument!r} is no PATTERN=TYPE with a type of {', '.join(FORMATS)}")
    return pattern, type_name


def count(argument):
    if not argument.isdigit() or int(argument) == 0:
        raise argparse.ArgumentTypeError(f"{argument!r} must be a count of layers, 1 or more")
    return int(argument)


def exponent(argument):
    try:
        value = float(argument)
    except ValueError:
        value = math.nan
    if not 0.0 <= value <= 4.0:
        raise argparse.ArgumentTypeError(f"{argument!r} must be a number from 0 to 4")
    return value


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shape", choices=SHAPES)
    parser.add_argument("type", choices=FORMATS)
    parser.add_argument("out")
    parser.add_argument("--layers", type=count, help="the first N layers only")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--override", type=override, action="append", default=[], metavar="PATTERN=TYPE")
    parser.add_argument("--vocabulary", metavar="FILE", help="a GGUF file to copy the tokenizer from")
    parser.add_argument("--skew", type=exponent, default=0.0, metavar="S", help="how unequally popular a layer's experts are")
    parser.add_argument("--sparse", action="store_true", help="the header alone, with a hole for the weights")
    arguments = parser.parse_args()
    begin = time.monotonic()
    size = write(arguments)
    seconds = time.monotonic() - begin
    print(f"{arguments.out}: {size / 1e9:.3f} GB in {seconds:.1f} s, {size / 1e6 / seconds:.0f} MB/s")


if __name__ == "__main__":
    main()
