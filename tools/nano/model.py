"""The two architectures of the pack in PyTorch: qwen3 (halves rotary, q/k norm) and llama (adjacent-pair rotary). Tied embedding."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

EPS = 1e-6
ROPE_BASE = 10000.0
CONTEXT = 1024


@dataclass(frozen=True)
class Shape:
    arch: str
    d_model: int
    n_layers: int
    n_heads: int
    n_kv_heads: int
    head_dim: int
    d_ff: int


SHAPES = {
    "thinker": Shape("qwen3", 192, 5, 6, 2, 32, 384),
    "coder": Shape("qwen3", 256, 5, 8, 2, 32, 512),
    "reviewer": Shape("qwen3", 192, 5, 6, 2, 32, 384),
    "draft": Shape("llama", 128, 2, 4, 2, 32, 256),
}


def rms_norm(x, weight, dtype):
    x = x.float()
    return (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + EPS) * weight).to(dtype)


def rotate_halves(x, cos, sin):
    a, b = x.float().chunk(2, -1)
    return torch.cat((a * cos - b * sin, b * cos + a * sin), -1).to(x.dtype)


def rotate_pairs(x, cos, sin):
    a, b = x.float().unflatten(-1, (-1, 2)).unbind(-1)
    return torch.stack((a * cos - b * sin, b * cos + a * sin), -1).flatten(-2).to(x.dtype)


def norm_rotate(x, weight, cos, sin):
    return rotate_halves(rms_norm(x, weight, x.dtype), cos, sin)


def gated(gate, up):
    return F.silu(gate.float()).to(up.dtype) * up


def fuse_elementwise() -> None:
    """Compile the memory-bound pieces; the matrix products stay with the library."""
    here = globals()
    for name in ("rms_norm", "rotate_pairs", "norm_rotate", "gated"):
        here[name] = torch.compile(here[name], dynamic=True)


def linear(x, weight):
    return F.linear(x, weight.to(x.dtype))


class Block(nn.Module):
    def __init__(self, s: Shape):
        super().__init__()
        self.shape = s
        q, kv, d, out = s.n_heads * s.head_dim, s.n_kv_heads * s.head_dim, s.d_model, (2 * s.n_layers) ** -0.5
        self.attn_norm, self.ffn_norm = nn.Parameter(torch.ones(d)), nn.Parameter(torch.ones(d))
        self.attn_q, self.attn_k, self.attn_v = matrix(q, d), matrix(kv, d), matrix(kv, d)
        self.attn_output = matrix(d, q, out)
        if s.arch == "qwen3":
            self.attn_q_norm, self.attn_k_norm = nn.Parameter(torch.ones(s.head_dim)), nn.Parameter(torch.ones(s.head_dim))
        self.ffn_gate, self.ffn_up, self.ffn_down = matrix(s.d_ff, d), matrix(s.d_ff, d), matrix(d, s.d_ff, out)

    def heads(self, x, weight, n_heads):
        y = linear(x, weight)
        return y.view(*y.shape[:2], n_heads, self.shape.head_dim).transpose(1, 2)

    def forward(self, x, cos, sin, dtype, cache=None, at=0, mask=None):
        s = self.shape
        h = rms_norm(x, self.attn_norm, dtype)
        q, k, v = (self.heads(h, w, n) for w, n in ((self.attn_q, s.n_heads), (self.attn_k, s.n_kv_heads), (self.attn_v, s.n_kv_heads)))
        if s.arch == "qwen3":
            q, k = norm_rotate(q, self.attn_q_norm, cos, sin), norm_rotate(k, self.attn_k_norm, cos, sin)
        else:
            q, k = rotate_pairs(q, cos, sin), rotate_pairs(k, cos, sin)
        if cache is not None:
            end = at + k.shape[2]
            cache[0][:, :, at:end], cache[1][:, :, at:end] = k, v
            k, v = cache[0][:, :, :end], cache[1][:, :, :end]
        share = s.n_heads // s.n_kv_heads
        k, v = k.repeat_interleave(share, 1), v.repeat_interleave(share, 1)
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=mask is None)
        x = x + linear(y.transpose(1, 2).flatten(2), self.attn_output)
        h = rms_norm(x, self.ffn_norm, dtype)
        return x + linear(gated(linear(h, self.ffn_gate), linear(h, self.ffn_up)), self.ffn_down)


def matrix(n_out: int, n_in: int, scale: float = 1.0) -> nn.Parameter:
    return nn.Parameter(torch.randn(n_out, n_in) * (scale * 0.6 * n_in ** -0.5))


class Model(nn.Module):
    """Weights in float32; activations in `dtype`, the residual stream in float32."""

    def __init__(self, shape: Shape, n_vocab: int):
        super().__init__()
        self.shape = shape
        self.token_embd = nn.Parameter(torch.randn(n_vocab, shape.d_model) * 0.02)
        self.blk = nn.ModuleList(Block(shape) for _ in range(shape.n_layers))
        self.output_norm = nn.Parameter(torch.ones(shape.d_model))
        angles = torch.arange(CONTEXT).float()[:, None] * ROPE_BASE ** (-torch.arange(0, shape.head_dim, 2).float() / shape.head_dim)
        self.register_buffer("cos", angles.cos(), persistent=False)
        self.register_buffer("sin", angles.sin(), persistent=False)

    def n_parameters(self) -> int:
        return sum(p.numel() for p in self.parameters())

    def forward(self, tokens, dtype, positions=None, caches=None, at=0, mask=None):
        """Logits [batch, length, vocabulary]; `positions` [batch, length] only where rows do not start at 0."""
        if positions is None:
            cos, sin = self.cos[: tokens.shape[1]], self.sin[: tokens.shape[1]]
        else:
            cos, sin = self.cos[positions][:, None], self.sin[positions][:, None]
        x = F.embedding(tokens, self.token_embd)
        for i, block in enumerate(self.blk):
            x = block(x, cos, sin, dtype, caches[i] if caches else None, at, mask)
        if caches:
            x = x[:, -1:]
        return linear(rms_norm(x, self.output_norm, dtype), self.token_embd)
