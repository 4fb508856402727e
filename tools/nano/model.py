"""The architectures of the pack in PyTorch: deepseek2 (latent attention, routed experts) and qwen3 (dense, q/k norm). Tied embedding."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from experts import Experts
from model_parts import attend, gated, linear, matrix, ones, rms_norm, rotate_halves, rotate_pairs, through_cache

ROPE_BASE = 10000.0
CONTEXT = 1024


@dataclass(frozen=True)
class Shape:
    arch: str
    d_model: int
    n_layers: int
    n_heads: int
    d_ff: int
    head_dim: int = 32         # qwen3; deepseek2's values
    n_kv_heads: int = 1
    q_rank: int = 0            # deepseek2 from here on
    kv_rank: int = 0
    plain_dims: int = 0        # of a query head, beside the rotary ones
    rotary_dims: int = 0
    n_dense: int = 0           # leading layers
    n_experts: int = 0
    n_chosen: int = 0
    d_expert: int = 0
    n_groups: int = 1
    n_groups_used: int = 1
    route_scale: float = 1.0


LATENT = {"q_rank": 96, "kv_rank": 64, "plain_dims": 32, "rotary_dims": 16, "n_dense": 1}
SHAPES = {
    "full": {
        "thinker": Shape("deepseek2", 256, 5, 6, 768, 48, **LATENT, n_experts=64, n_chosen=8, d_expert=32, route_scale=2.827),
        "coder": Shape("deepseek2", 256, 6, 6, 768, 48, **LATENT, n_experts=32, n_chosen=4, d_expert=64, n_groups=8, n_groups_used=4, route_scale=2.5),
        "reviewer": Shape("qwen3", 192, 6, 6, 512, 32, 2),
        "draft": Shape("qwen3", 128, 2, 4, 256, 32, 2),
    },
    "small": {
        "thinker": Shape("deepseek2", 128, 2, 3, 256, 48, **LATENT, n_experts=32, n_chosen=4, d_expert=32, route_scale=2.827),
        "coder": Shape("deepseek2", 128, 2, 3, 256, 48, **LATENT, n_experts=32, n_chosen=4, d_expert=32, n_groups=8, n_groups_used=4, route_scale=2.5),
        "reviewer": Shape("qwen3", 96, 2, 3, 192, 32, 1),
        "draft": Shape("qwen3", 64, 1, 2, 128, 32, 1),
    },
}
VOCABULARY = {"thinker": "a", "coder": "a", "reviewer": "b", "draft": "b"}


class LatentAttention(nn.Module):
    """Multi-head latent attention, unabsorbed: keys and values are made from the compressed row."""

    def __init__(self, s: Shape):
        super().__init__()
        self.shape, d = s, s.d_model
        self.attn_q_a, self.attn_q_a_norm = matrix(s.q_rank, d), ones(s.q_rank)
        self.attn_q_b = matrix(s.n_heads * (s.plain_dims + s.rotary_dims), s.q_rank)
        self.attn_kv_a_mqa, self.attn_kv_a_norm = matrix(s.kv_rank + s.rotary_dims, d), ones(s.kv_rank)
        self.attn_k_b = nn.Parameter(torch.randn(s.n_heads, s.kv_rank, s.plain_dims) * (0.6 * s.kv_rank ** -0.5))
        self.attn_v_b = matrix(s.n_heads, s.head_dim, s.kv_rank)
        self.attn_output = matrix(d, s.n_heads * s.head_dim, scale=(2 * s.n_layers) ** -0.5)

    def forward(self, h, cos, sin, dtype, cache, at, mask):
        s = self.shape
        q = linear(rms_norm(linear(h, self.attn_q_a), self.attn_q_a_norm, dtype), self.attn_q_b).unflatten(-1, (s.n_heads, -1))
        plain, turned = q.split((s.plain_dims, s.rotary_dims), -1)
        q = torch.cat((plain, rotate_pairs(turned, cos, sin)), -1).transpose(1, 2)
        row, key = linear(h, self.attn_kv_a_mqa).split((s.kv_rank, s.rotary_dims), -1)
        row = rms_norm(row, self.attn_kv_a_norm, dtype)
        key = rotate_pairs(key[:, :, None], cos, sin).expand(-1, -1, s.n_heads, -1)
        plain = linear(row, self.attn_k_b.transpose(1, 2).flatten(0, 1)).unflatten(-1, (s.n_heads, -1))
        k = torch.cat((plain, key), -1).transpose(1, 2)
        v = linear(row, self.attn_v_b.flatten(0, 1)).unflatten(-1, (s.n_heads, -1)).transpose(1, 2)
        k, v = through_cache(cache, at, k, v)
        return linear(attend(q, k, v, mask).transpose(1, 2).flatten(2), self.attn_output)


class GroupedAttention(nn.Module):
    """Grouped-query attention with a norm on every query and key head."""

    def __init__(self, s: Shape):
        super().__init__()
        self.shape, q, kv, d = s, s.n_heads * s.head_dim, s.n_kv_heads * s.head_dim, s.d_model
        self.attn_q, self.attn_k, self.attn_v = matrix(q, d), matrix(kv, d), matrix(kv, d)
        self.attn_q_norm, self.attn_k_norm = ones(s.head_dim), ones(s.head_dim)
        self.attn_output = matrix(d, q, scale=(2 * s.n_layers) ** -0.5)

    def forward(self, h, cos, sin, dtype, cache, at, mask):
        def heads(weight, norm=None):
            y = linear(h, weight).unflatten(-1, (-1, self.shape.head_dim))
            return y if norm is None else rotate_halves(rms_norm(y, norm, dtype), cos, sin)

        q, k, v = heads(self.attn_q, self.attn_q_norm), heads(self.attn_k, self.attn_k_norm), heads(self.attn_v)
        k, v = through_cache(cache, at, k.transpose(1, 2), v.transpose(1, 2))
        return linear(attend(q.transpose(1, 2), k, v, mask).transpose(1, 2).flatten(2), self.attn_output)


class Block(nn.Module):
    def __init__(self, s: Shape, index: int):
        super().__init__()
        self.attn_norm, self.ffn_norm = ones(s.d_model), ones(s.d_model)
        self.attention = LatentAttention(s) if s.arch == "deepseek2" else GroupedAttention(s)
        self.experts = Experts(s) if s.n_experts and index >= s.n_dense else None
        if self.experts is None:
            self.ffn_gate, self.ffn_up = matrix(s.d_ff, s.d_model), matrix(s.d_ff, s.d_model)
            self.ffn_down = matrix(s.d_model, s.d_ff, scale=(2 * s.n_layers) ** -0.5)

    def forward(self, x, cos, sin, dtype, cache=None, at=0, mask=None):
        x = x + self.attention(rms_norm(x, self.attn_norm, dtype), cos, sin, dtype, cache, at, mask)
        h = rms_norm(x, self.ffn_norm, dtype)
        return x + (self.experts(h) if self.experts is not None else gated(h, self.ffn_gate, self.ffn_up, self.ffn_down))


class Model(nn.Module):
    """Weights in float32; activations in `dtype`, the residual stream in float32."""

    def __init__(self, shape: Shape, n_vocab: int):
        super().__init__()
        self.shape = shape
        self.token_embd = nn.Parameter(torch.randn(n_vocab, shape.d_model) * 0.02)
        self.blk = nn.ModuleList(Block(shape, i) for i in range(shape.n_layers))
        self.output_norm = ones(shape.d_model)
        dims = shape.rotary_dims or shape.head_dim
        angles = torch.arange(CONTEXT).float()[:, None] * ROPE_BASE ** (-torch.arange(0, dims, 2).float() / dims)
        self.register_buffer("cos", angles.cos(), persistent=False)
        self.register_buffer("sin", angles.sin(), persistent=False)

    def n_parameters(self) -> int:
        return sum(p.numel() for p in self.parameters())

    def cache_shape(self) -> tuple[int, int, int]:
        """Heads, key dims and value dims of a cached position."""
        s = self.shape
        return (s.n_heads, s.plain_dims + s.rotary_dims, s.head_dim) if s.arch == "deepseek2" else (s.n_kv_heads, s.head_dim, s.head_dim)

    def balance(self, rate: float) -> None:
        for block in self.blk:
            if block.experts is not None:
                block.experts.balance(rate)

    def forward(self, tokens, dtype, positions=None, caches=None, at=0, mask=None, wanted=None):
        """Logits [batch, length, vocabulary], or [n, vocabulary] at the `wanted` places (a mask), or with caches at the last
        place alone; `positions` [batch, length] only where rows do not start at 0."""
        places = positions if positions is not None else torch.arange(tokens.shape[1], device=tokens.device)[None]
        cos, sin = self.cos[places][:, :, None].to(dtype), self.sin[places][:, :, None].to(dtype)
        x = F.embedding(tokens, self.token_embd)
        for i, block in enumerate(self.blk):
            x = block(x, cos, sin, dtype, caches[i] if caches else None, at, mask)
        if caches:
            x = x[:, -1:]
        elif wanted is not None:
            x = x[wanted]
        return linear(rms_norm(x, self.output_norm, dtype), self.token_embd)


def tensor_names(model: Model) -> dict[str, str]:
    """The state's names as GGUF spells them: "blk.1.experts.ffn_up_exps" is "blk.1.ffn_up_exps.weight"."""
    plain = {name: name.replace("attention.", "").replace("experts.", "") for name in model.state_dict()}
    return {name: short + (".bias" if short.endswith("exp_probs_b") else ".weight") for name, short in plain.items()}


def copied(model: Model, state: dict | None = None) -> Model:
    copy = Model(model.shape, len(model.token_embd)).to(model.token_embd.device)
    copy.load_state_dict(state or model.state_dict())
    return copy.eval()


