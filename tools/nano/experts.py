"""The routed experts of deepseek2: sigmoid scores, a selection bias that balances the load, groups, one shared expert.

On a GPU all experts run on every token and the unchosen ones count zero: at these widths one large product is quicker than many
small ones, and the result is the same. Source: DeepSeek-AI 2024, DeepSeek-V3 technical report, §2.1.2."""

import torch
import torch.nn.functional as F
from torch import nn

from model_parts import gated, linear, matrix

BALANCE_RATE = 2e-3


class Experts(nn.Module):
    def __init__(self, s):
        super().__init__()
        self.shape = s
        out = (2 * s.n_layers) ** -0.5
        self.ffn_gate_inp = matrix(s.n_experts, s.d_model)
        self.ffn_gate_exps, self.ffn_up_exps = (matrix(s.n_experts, s.d_expert, s.d_model) for _ in range(2))
        self.ffn_down_exps = matrix(s.n_experts, s.d_model, s.d_expert, scale=out)
        self.ffn_gate_shexp, self.ffn_up_shexp = (matrix(s.d_expert, s.d_model) for _ in range(2))
        self.ffn_down_shexp = matrix(s.d_model, s.d_expert, scale=out)
        self.register_buffer("exp_probs_b", torch.zeros(s.n_experts))
        self.chosen = None

    def route(self, x):
        """x [..., d_model] -> weights [..., n_experts], zero for the unchosen, and the choice as a mask."""
        s = self.shape
        scores = torch.sigmoid(F.linear(x.float(), self.ffn_gate_inp))
        biased = (scores + self.exp_probs_b).detach()
        if s.n_groups > 1:
            grouped = biased.unflatten(-1, (s.n_groups, -1))
            best = grouped.topk(2, -1).values.sum(-1).topk(s.n_groups_used, -1).indices
            open_groups = torch.zeros_like(grouped[..., 0], dtype=torch.bool).scatter_(-1, best, True)
            biased = grouped.masked_fill(~open_groups[..., None], float("-inf")).flatten(-2)
        mask = torch.zeros_like(scores).scatter_(-1, biased.topk(s.n_chosen, -1).indices, 1.0)
        weights = scores * mask
        return weights / weights.sum(-1, keepdim=True) * s.route_scale, mask

    def forward(self, x):
        s = self.shape
        weights, mask = self.route(x)
        self.chosen = mask.detach()
        if not x.is_cuda:
            return self.chosen_alone(x, weights, mask) + gated(x, self.ffn_gate_shexp, self.ffn_up_shexp, self.ffn_down_shexp)
        h = F.silu(linear(x, self.ffn_gate_exps.flatten(0, 1))) * linear(x, self.ffn_up_exps.flatten(0, 1))
        h = (h.unflatten(-1, (s.n_experts, s.d_expert)) * weights.to(x.dtype)[..., None]).flatten(-2)
        routed = linear(h, self.ffn_down_exps.transpose(0, 1).flatten(1))
        return routed + gated(x, self.ffn_gate_shexp, self.ffn_up_shexp, self.ffn_down_shexp)

    def chosen_alone(self, x, weights, mask):
        """The same sum with each expert on its own tokens: what is quicker on a processor."""
        rows, weights, mask = x.flatten(0, -2), weights.flatten(0, -2), mask.flatten(0, -2)
        out = torch.zeros_like(rows)
        for e in range(self.shape.n_experts):
            at = mask[:, e].nonzero()[:, 0]
            if len(at):
                y = gated(rows[at], self.ffn_gate_exps[e], self.ffn_up_exps[e], self.ffn_down_exps[e])
                out = out.index_add(0, at, y * weights[at, e, None].to(y.dtype)) if torch.is_grad_enabled() else out.index_add_(0, at, y * weights[at, e, None].to(y.dtype))
        return out.view_as(x)

    @torch.no_grad()
    def balance(self, rate: float) -> None:
        """Raises the bias of experts that the last batch chose less than the mean, lowers the others'."""
        load = self.chosen.flatten(0, -2).mean(0)
        self.exp_probs_b += BALANCE_RATE * rate * torch.sign(load.mean() - load)
