"""How the routers of a trained model choose: load entropy, skew, and which experts of neighbouring layers go together."""

import torch


@torch.no_grad()
def router_statistics(model, tokens, dtype) -> dict:
    """`tokens` [n, length], real text. Per layer: the load's entropy as a share of log(n_experts), the largest and smallest load
    against the mean, the mean overlap of a token's experts with those of the token before; between layers: the share of the experts
    of layer l + 1 that the eight likeliest, given one expert of layer l, cover, against the share that eight random ones would."""
    model(tokens, dtype)
    masks = [b.experts.chosen.flatten(0, -2).float() for b in model.blk if b.experts is not None]
    lengths, layers, pairs = tokens.shape[1], [], []
    for mask in masks:
        load = mask.mean(0)
        share = load / load.sum()
        entropy = -(share * (share + 1e-12).log()).sum() / torch.log(torch.tensor(float(len(load))))
        rows = mask.unflatten(0, (-1, lengths))
        kept = (rows[:, 1:] * rows[:, :-1]).sum(-1).mean() / mask[0].sum()
        layers.append({"entropy": entropy.item(), "largest": (load.max() / load.mean()).item(), "smallest": (load.min() / load.mean()).item(),
                       "kept_from_previous_token": kept.item()})
    for a, b in zip(masks, masks[1:]):
        together = a.T @ b                                     # [experts of l, experts of l + 1]
        likely = together.topk(8, 1).values.sum(1) / together.sum(1).clamp(min=1)
        weight = a.mean(0)
        pairs.append({"covered_by_8": ((likely * weight).sum() / weight.sum()).item(), "by_chance": 8 / b.shape[1]})
    return {"layers": layers, "between_layers": pairs}
