"""Writes a model of the pack as GGUF v3: matrices Q8_0, norms F32, tokenizer and chat template inside."""

import struct

import numpy as np

from model import CONTEXT, EPS, ROPE_BASE
from prompts import CHAT_TEMPLATE
from tokenizer import CONTROL

U32, I32, F32, BOOL, STRING, ARRAY = 4, 5, 6, 7, 8, 9
TYPE_F32, TYPE_Q8_0 = 0, 8
ALIGNMENT = 32


def quantise(x: np.ndarray) -> tuple[bytes, np.ndarray]:
    """Q8_0: rows in blocks of 32, a half-precision scale max|x|/127 and 32 signed bytes. Also the values it stands for."""
    blocks = x.astype(np.float32).reshape(-1, 32)
    scale = (np.abs(blocks).max(1, keepdims=True) / 127).astype(np.float32)
    inverse = np.divide(1.0, scale, out=np.zeros_like(scale), where=scale > 0)
    q = np.rint(blocks * inverse).astype(np.int8)
    stored = scale.astype("<f2")
    raw = np.concatenate((stored.view(np.uint8), q.view(np.uint8)), 1).tobytes()
    return raw, (q * stored.astype(np.float32)).reshape(x.shape)


def text(value: str) -> bytes:
    raw = value.encode()
    return struct.pack("<Q", len(raw)) + raw


def scalar(kind: int, value) -> bytes:
    return text(value) if kind == STRING else struct.pack({U32: "<I", I32: "<i", F32: "<f", BOOL: "<?"}[kind], value)


def entry(key: str, kind: int, value, element: int = 0) -> bytes:
    if kind == ARRAY:
        body = struct.pack("<IQ", element, len(value)) + b"".join(scalar(element, v) for v in value)
    else:
        body = scalar(kind, value)
    return text(key) + struct.pack("<I", kind) + body


def metadata(role: str, shape, tokenizer) -> list[bytes]:
    a = shape.arch
    kinds = [3 if t in CONTROL else 1 for t in tokenizer.tokens]
    return [
        entry("general.architecture", STRING, a), entry("general.name", STRING, f"blueos-nano-{role}"),
        entry("general.license", STRING, "MIT"), entry("general.alignment", U32, ALIGNMENT), entry("general.file_type", U32, 7),
        entry(f"{a}.vocab_size", U32, len(tokenizer)), entry(f"{a}.context_length", U32, CONTEXT),
        entry(f"{a}.embedding_length", U32, shape.d_model), entry(f"{a}.block_count", U32, shape.n_layers),
        entry(f"{a}.feed_forward_length", U32, shape.d_ff), entry(f"{a}.attention.head_count", U32, shape.n_heads),
        entry(f"{a}.attention.head_count_kv", U32, shape.n_kv_heads), entry(f"{a}.attention.key_length", U32, shape.head_dim),
        entry(f"{a}.attention.value_length", U32, shape.head_dim), entry(f"{a}.attention.layer_norm_rms_epsilon", F32, EPS),
        entry(f"{a}.rope.freq_base", F32, ROPE_BASE), entry(f"{a}.rope.dimension_count", U32, shape.head_dim),
        entry("tokenizer.ggml.model", STRING, "gpt2"), entry("tokenizer.ggml.pre", STRING, "gpt-2"),
        entry("tokenizer.ggml.tokens", ARRAY, tokenizer.tokens, STRING), entry("tokenizer.ggml.token_type", ARRAY, kinds, I32),
        entry("tokenizer.ggml.merges", ARRAY, [" ".join(m) for m in tokenizer.merges], STRING),
        entry("tokenizer.ggml.bos_token_id", U32, tokenizer.bos), entry("tokenizer.ggml.eos_token_id", U32, tokenizer.end),
        entry("tokenizer.ggml.padding_token_id", U32, tokenizer.end), entry("tokenizer.ggml.add_bos_token", BOOL, False),
        entry("tokenizer.chat_template", STRING, CHAT_TEMPLATE),
    ]


def write_gguf(path, role: str, shape, weights: dict[str, np.ndarray], tokenizer) -> dict[str, np.ndarray]:
    """Returns the weights as the file holds them, dequantised."""
    infos, data, held, offset = [], [], {}, 0
    for name, value in weights.items():
        full = f"{name}.weight"
        if value.ndim == 2:
            raw, held[name] = quantise(value)
            kind = TYPE_Q8_0
        else:
            raw, held[name], kind = value.astype("<f4").tobytes(), value.astype(np.float32), TYPE_F32
        dims = value.shape[::-1]
        infos.append(text(full) + struct.pack(f"<I{len(dims)}QIQ", len(dims), *dims, kind, offset))
        padding = -len(raw) % ALIGNMENT
        data += [raw, bytes(padding)]
        offset += len(raw) + padding
    entries = metadata(role, shape, tokenizer)
    head = b"GGUF" + struct.pack("<IQQ", 3, len(infos), len(entries)) + b"".join(entries) + b"".join(infos)
    with open(path, "wb") as f:
        f.write(head + bytes(-len(head) % ALIGNMENT) + b"".join(data))
    return held
