"""Muon for the matrices, AdamW for embedding, routers and norms: about half the steps of AdamW alone at these sizes."""

import torch

COEFFICIENTS = (3.4445, -4.7750, 2.0315)


def orthogonalised(g: torch.Tensor, rounds: int = 5) -> torch.Tensor:
    """The nearest matrices [n, rows, columns] with all singular values near one, by Newton-Schulz rounds with Jordan's coefficients."""
    a, b, c = COEFFICIENTS
    tall = g.shape[1] > g.shape[2]
    x = g.transpose(1, 2) if tall else g
    x = x.bfloat16() if x.is_cuda else x
    x = x / (x.flatten(1).norm(dim=1)[:, None, None] + 1e-7)
    for _ in range(rounds):
        y = x @ x.transpose(1, 2)
        x = a * x + (b * y + c * (y @ y)) @ x
    return (x.transpose(1, 2) if tall else x).to(g.dtype)


class Muon:
    """All matrices of one size are orthogonalised together; a tensor of three dimensions is that many matrices."""

    def __init__(self, parameters, momentum=0.95, weight_decay=0.01):
        self.momentum, self.weight_decay, groups = momentum, weight_decay, {}
        for p in parameters:
            groups.setdefault(p.shape[-2:], []).append(p)
        self.groups = list(groups.values())
        self.velocity = [torch.zeros_like(self.stacked(group)) for group in self.groups]

    @staticmethod
    def stacked(tensors) -> torch.Tensor:
        return torch.cat([t.detach().reshape(-1, *t.shape[-2:]) for t in tensors])

    @torch.no_grad()
    def step(self, rate: float) -> None:
        for group, velocity in zip(self.groups, self.velocity):
            gradient = self.stacked([p.grad for p in group])
            velocity.lerp_(gradient, 1 - self.momentum)
            update = orthogonalised(gradient.lerp(velocity, self.momentum))
            scale = max(1.0, update.shape[1] / update.shape[2]) ** 0.5
            parts = update.split([p.numel() // (p.shape[-1] * p.shape[-2]) for p in group])
            torch._foreach_mul_(group, 1 - rate * self.weight_decay)
            torch._foreach_add_(group, [u.reshape(p.shape) for u, p in zip(parts, group)], alpha=-rate * scale)
            for p in group:
                p.grad = None


class Both:
    """The two optimizers as one; `rate` 1.0 is each one's own full rate."""

    def __init__(self, model, muon_rate=0.02, adam_rate=3e-3):
        def is_plain(name, p):
            return p.dim() == 1 or "embd" in name or "gate_inp" in name

        named = list(model.named_parameters())
        self.muon, self.muon_rate, self.adam_rate = Muon([p for n, p in named if not is_plain(n, p)]), muon_rate, adam_rate
        others = [p for n, p in named if is_plain(n, p)]
        fused = {"fused": True} if others[0].is_cuda else {}
        self.adam = torch.optim.AdamW(others, betas=(0.9, 0.98), weight_decay=0.0, **fused)

    def step(self, rate: float) -> None:
        self.muon.step(self.muon_rate * rate)
        for group in self.adam.param_groups:
            group["lr"] = self.adam_rate * rate
        self.adam.step()
        self.adam.zero_grad(set_to_none=True)
