"""Writes a model of the pack as GGUF v3: matrices Q8_0, norms F32, tokenizer and chat template inside."""

import struct

import numpy as np

from model import CONTEXT, ROPE_BASE, Shape
from model_parts import EPS

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


def attention_keys(s: Shape) -> dict:
    if s.arch != "deepseek2":
        return {"attention.head_count_kv": s.n_kv_heads, "attention.key_length": s.head_dim, "attention.value_length": s.head_dim,
                "rope.dimension_count": s.head_dim}
    return {"attention.head_count_kv": 1, "attention.key_length": s.kv_rank + s.rotary_dims, "attention.value_length": s.kv_rank,
            "attention.key_length_mla": s.plain_dims + s.rotary_dims, "attention.value_length_mla": s.head_dim,
            "attention.kv_lora_rank": s.kv_rank, "attention.q_lora_rank": s.q_rank, "rope.dimension_count": s.rotary_dims}


def expert_entries(s: Shape) -> list[bytes]:
    if not s.n_experts:
        return []
    counts = {"leading_dense_block_count": s.n_dense, "expert_count": s.n_experts, "expert_used_count": s.n_chosen, "expert_shared_count": 1,
              "expert_feed_forward_length": s.d_expert, "expert_gating_func": 2}
    if s.n_groups > 1:
        counts |= {"expert_group_count": s.n_groups, "expert_group_used_count": s.n_groups_used}
    return [entry(f"{s.arch}.{k}", U32, v) for k, v in counts.items()] + [
        entry(f"{s.arch}.expert_weights_scale", F32, s.route_scale), entry(f"{s.arch}.expert_weights_norm", BOOL, True)]


def metadata(role: str, s: Shape, tokenizer) -> list[bytes]:
    a, style = s.arch, tokenizer.style
    counts = {"vocab_size": len(tokenizer), "context_length": CONTEXT, "embedding_length": s.d_model, "block_count": s.n_layers,
              "feed_forward_length": s.d_ff, "attention.head_count": s.n_heads, **attention_keys(s)}
    kinds = [3 if t in style.control else 1 for t in tokenizer.tokens]
    return [
        entry("general.architecture", STRING, a), entry("general.name", STRING, f"blueos-nano-{role}"),
        entry("general.license", STRING, "MIT"), entry("general.alignment", U32, ALIGNMENT), entry("general.file_type", U32, 7),
        *(entry(f"{a}.{k}", U32, v) for k, v in counts.items()), *expert_entries(s),
        entry(f"{a}.attention.layer_norm_rms_epsilon", F32, EPS), entry(f"{a}.rope.freq_base", F32, ROPE_BASE),
        entry("tokenizer.ggml.model", STRING, "gpt2"), entry("tokenizer.ggml.pre", STRING, style.pre),
        entry("tokenizer.ggml.tokens", ARRAY, tokenizer.tokens, STRING), entry("tokenizer.ggml.token_type", ARRAY, kinds, I32),
        entry("tokenizer.ggml.merges", ARRAY, [" ".join(m) for m in tokenizer.merges], STRING),
        entry("tokenizer.ggml.bos_token_id", U32, tokenizer.bos), entry("tokenizer.ggml.eos_token_id", U32, tokenizer.end),
        entry("tokenizer.ggml.padding_token_id", U32, tokenizer.end), entry("tokenizer.ggml.add_bos_token", BOOL, False),
        entry("tokenizer.chat_template", STRING, style.template),
    ]


def is_quantised(name: str, value: np.ndarray) -> bool:
    """Matrices; the routers stay as they are, as in the large models."""
    return value.ndim >= 2 and "gate_inp" not in name


def write_gguf(path, role: str, shape: Shape, weights: dict[str, np.ndarray], tokenizer) -> dict[str, np.ndarray]:
    """`weights` by the tensors' names. Returns them as the file holds them, dequantised."""
    infos, data, held, offset = [], [], {}, 0
    for name, value in weights.items():
        if is_quantised(name, value):
            raw, held[name] = quantise(value)
            kind = TYPE_Q8_0
        else:
            raw, held[name], kind = value.astype("<f4").tobytes(), value.astype(np.float32), TYPE_F32
        dims = value.shape[::-1]
        infos.append(text(name) + struct.pack(f"<I{len(dims)}QIQ", len(dims), *dims, kind, offset))
        padding = -len(raw) % ALIGNMENT
        data += [raw, bytes(padding)]
        offset += len(raw) + padding
    entries = metadata(role, shape, tokenizer)
    head = b"GGUF" + struct.pack("<IQQ", 3, len(infos), len(entries)) + b"".join(entries) + b"".join(infos)
    with open(path, "wb") as f:
        f.write(head + bytes(-len(head) % ALIGNMENT) + b"".join(data))
    return held
