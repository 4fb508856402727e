"""Reads back the files gguf_writer wrote: metadata and dequantised weights. Not for files of other origin."""

import struct

import numpy as np
import torch

from gguf_writer import ALIGNMENT, ARRAY, BOOL, F32, I32, STRING, TYPE_F32, U32
from model import Model, Shape

SCALARS = {U32: "<I", I32: "<i", F32: "<f", BOOL: "<?"}


class Reader:
    def __init__(self, raw: bytes):
        self.raw, self.at = raw, 8

    def take(self, layout: str):
        values = struct.unpack_from(layout, self.raw, self.at)
        self.at += struct.calcsize(layout)
        return values[0] if len(values) == 1 else values

    def text(self) -> str:
        n = self.take("<Q")
        self.at += n
        return self.raw[self.at - n:self.at].decode()

    def value(self, kind: int):
        if kind == STRING:
            return self.text()
        if kind == ARRAY:
            element, n = self.take("<IQ")
            return [self.value(element) for _ in range(n)]
        return self.take(SCALARS[kind])


def read_gguf(path) -> tuple[dict, dict[str, np.ndarray]]:
    """(metadata, weights by tensor name)."""
    r = Reader(path.read_bytes())
    n_tensors, n_entries = r.take("<QQ")
    entries = {}
    for _ in range(n_entries):
        key = r.text()
        entries[key] = r.value(r.take("<I"))
    infos = []
    for _ in range(n_tensors):
        name, n_dims = r.text(), r.take("<I")
        infos.append((name, [r.take("<Q") for _ in range(n_dims)], *r.take("<IQ")))
    base, weights = -(-r.at // ALIGNMENT) * ALIGNMENT, {}
    for name, dims, kind, offset in infos:
        count = int(np.prod(dims))
        if kind == TYPE_F32:
            flat = np.frombuffer(r.raw, "<f4", count, base + offset)
        else:
            blocks = np.frombuffer(r.raw, np.uint8, count // 32 * 34, base + offset).reshape(-1, 34)
            flat = blocks[:, 2:].view(np.int8) * blocks[:, :2].copy().view("<f2").astype(np.float32)
        weights[name] = flat.reshape(dims[::-1]).astype(np.float32)
    return entries, weights


def load_model(path) -> Model:
    entries, weights = read_gguf(path)
    arch = entries["general.architecture"]
    keys = ("embedding_length", "block_count", "attention.head_count", "attention.head_count_kv", "attention.key_length", "feed_forward_length")
    model = Model(Shape(arch, *(entries[f"{arch}.{k}"] for k in keys)), entries[f"{arch}.vocab_size"])
    model.load_state_dict({name.removesuffix(".weight"): torch.from_numpy(value) for name, value in weights.items()})
    return model
