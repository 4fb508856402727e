"""Reads back the files gguf_writer wrote, to train on from them. Not for files of other origin."""

import struct
from pathlib import Path

import numpy as np
import torch

from gguf_writer import ALIGNMENT, ARRAY, BOOL, F32, I32, STRING, TYPE_F32, U32
from model import Model, tensor_names

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


def read_gguf(path: Path) -> tuple[dict, dict[str, np.ndarray]]:
    """(metadata, weights by tensor name, dequantised)."""
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


def model_state(path: Path, shape, n_vocab: int) -> dict[str, torch.Tensor]:
    """The state of a model of this shape, as the file has it."""
    _, weights = read_gguf(path)
    return {name: torch.from_numpy(weights[full].copy()) for name, full in tensor_names(Model(shape, n_vocab)).items()}


def merges_of(path: Path) -> list[tuple[str, ...]]:
    entries, _ = read_gguf(path)
    return [tuple(m.split(" ")) for m in entries["tokenizer.ggml.merges"]]
