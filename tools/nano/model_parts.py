"""What the architectures share: RMS norm, the two rotations, attention with or without a cache, linear maps of float32 weights."""

import torch
import torch.nn.functional as F
from torch import nn

EPS = 1e-6
HAS_FUSED = hasattr(F, "rms_norm") and hasattr(F, "scaled_dot_product_attention")


def rms_norm(x, weight, dtype):
    """x [..., d] in float32 or `dtype`; out in `dtype`."""
    if HAS_FUSED and x.is_cuda:
        return F.rms_norm(x, (x.shape[-1],), weight.to(x.dtype), EPS).to(dtype)
    y = x.float()
    return (y * torch.rsqrt(y.square().mean(-1, keepdim=True) + EPS) * weight).to(dtype)


def rotate_halves(x, cos, sin):
    """x [n, length, heads, dims]; cos and sin [n or 1, length, 1, dims / 2]. Pairs are (i, i + dims / 2)."""
    a, b = x.chunk(2, -1)
    return torch.cat((a * cos - b * sin, b * cos + a * sin), -1)


def rotate_pairs(x, cos, sin):
    """As rotate_halves; pairs are (2 i, 2 i + 1)."""
    a, b = x.unflatten(-1, (-1, 2)).unbind(-1)
    return torch.stack((a * cos - b * sin, b * cos + a * sin), -1).flatten(-2)


def attend(q, k, v, mask):
    """q [n, heads, length, dims], k and v [n, kv heads, total, dims]; causal where `mask` is none, otherwise `mask` says what each
    position may see."""
    share = q.shape[1] // k.shape[1]
    k, v = k.repeat_interleave(share, 1), v.repeat_interleave(share, 1)
    if HAS_FUSED and q.is_cuda:
        return F.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=mask is None)
    if mask is None:
        mask = torch.ones(q.shape[2], k.shape[2], dtype=torch.bool, device=q.device).tril_()
    scores = (q @ k.transpose(-1, -2)).float() * q.shape[-1] ** -0.5
    return scores.masked_fill(~mask, float("-inf")).softmax(-1).to(v.dtype) @ v


def through_cache(cache, at, k, v):
    """Writes k and v [n, heads, length, dims] at place `at` of the cache; gives all that is there."""
    if cache is None:
        return k, v
    end = at + k.shape[2]
    cache[0][:, :, at:end], cache[1][:, :, at:end] = k, v
    return cache[0][:, :, :end], cache[1][:, :, :end]


def linear(x, weight):
    return F.linear(x, weight.to(x.dtype))


def gated(x, gate, up, down):
    return linear(F.silu(linear(x, gate)) * linear(x, up), down)


def matrix(*dims: int, scale: float = 1.0) -> nn.Parameter:
    return nn.Parameter(torch.randn(*dims) * (scale * 0.6 * dims[-1] ** -0.5))


def ones(d: int) -> nn.Parameter:
    return nn.Parameter(torch.ones(d))
