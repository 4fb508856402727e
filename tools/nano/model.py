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
    "full": {
        "thinker": Shape("qwen3", 192, 5, 6, 2, 32, 384),
        "coder": Shape("qwen3", 256, 5, 8, 2, 32, 512),
        "reviewer": Shape("qwen3", 192, 5, 6, 2, 32, 384),
        "draft": Shape("llama", 128, 2, 4, 2, 32, 256),
    },
    "small": {
        "thinker": Shape("qwen3", 128, 4, 4, 2, 32, 384),
        "coder": Shape("qwen3", 128, 4, 4, 2, 32, 384),
        "reviewer": Shape("qwen3", 128, 4, 4, 2, 32, 384),
        "draft": Shape("llama", 96, 2, 3, 1, 32, 192),
    },
}


class RmsNorm(torch.autograd.Function):
    """Written out because a processor pays for every pass over memory."""

    @staticmethod
    def forward(ctx, x, weight):
        x = x.float()
        scale = (torch.linalg.vector_norm(x, dim=-1, keepdim=True).square_().div_(x.shape[-1]).add_(EPS)).rsqrt_()
        unit = x * scale
        ctx.save_for_backward(unit, scale, weight)
        return unit * weight

    @staticmethod
    def backward(ctx, grad):
        unit, scale, weight = ctx.saved_tensors
        grad = grad.float()
        along = grad * unit
        pulled = grad * weight
        mean = (along @ weight).unsqueeze(-1).div_(unit.shape[-1])
        return pulled.addcmul_(unit, mean, value=-1).mul_(scale), along.flatten(0, -2).sum(0)


def rms_norm(x, weight, dtype):
    return RmsNorm.apply(x, weight).to(dtype)


def rotate_halves(x, cos, sin):
    a, b = x.chunk(2, -1)
    return torch.cat((a * cos - b * sin, b * cos + a * sin), -1)


def rotate_pairs(x, cos, sin):
    a, b = x.unflatten(-1, (-1, 2)).unbind(-1)
    return torch.stack((a * cos - b * sin, b * cos + a * sin), -1).flatten(-2)


def attend(q, k, v, mask):
    """Causal attention where `mask` is none; otherwise `mask` says what each position may see."""
    share = q.shape[1] // k.shape[1]
    if q.is_cuda:
        k, v = k.repeat_interleave(share, 1), v.repeat_interleave(share, 1)
        return F.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=mask is None)
    n, heads, length, size = q.shape
    if mask is None:
        mask = torch.ones(length, length, dtype=torch.bool).tril_()
    hidden = torch.zeros(mask.shape, dtype=q.dtype).masked_fill_(~mask, float("-inf"))
    grouped = (q * size ** -0.5).reshape(n, k.shape[1], share * length, size)
    scores = (grouped @ k.transpose(-1, -2)).view(n, heads, length, -1) + hidden
    return (scores.softmax(-1).view(n, k.shape[1], share * length, -1) @ v).view(n, heads, length, size)


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

    def heads(self, x, weight, n_heads, norm=None):
        y = linear(x, weight).unflatten(-1, (n_heads, self.shape.head_dim))
        return y if norm is None else rms_norm(y, norm, x.dtype)

    def forward(self, x, cos, sin, dtype, cache=None, at=0, mask=None):
        s, is_qwen = self.shape, self.shape.arch == "qwen3"
        h = rms_norm(x, self.attn_norm, dtype)
        q = self.heads(h, self.attn_q, s.n_heads, self.attn_q_norm if is_qwen else None)
        k = self.heads(h, self.attn_k, s.n_kv_heads, self.attn_k_norm if is_qwen else None)
        v = self.heads(h, self.attn_v, s.n_kv_heads).transpose(1, 2)
        rotate = rotate_halves if is_qwen else rotate_pairs
        q, k = rotate(q, cos, sin).transpose(1, 2), rotate(k, cos, sin).transpose(1, 2)
        if cache is not None:
            end = at + k.shape[2]
            cache[0][:, :, at:end], cache[1][:, :, at:end] = k, v
            k, v = cache[0][:, :, :end], cache[1][:, :, :end]
        x = x + linear(attend(q, k, v, mask).transpose(1, 2).flatten(2), self.attn_output)
        h = rms_norm(x, self.ffn_norm, dtype)
        return x + linear(F.silu(linear(h, self.ffn_gate)) * linear(h, self.ffn_up), self.ffn_down)


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
