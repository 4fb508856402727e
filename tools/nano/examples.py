"""Training examples as flat token arrays on the device, and batches of similar length cut from them."""

import numpy as np
import torch

STEP = 16  # batches are padded to a multiple of this
LONGEST = 768


class Examples:
    """Many (prompt, reply) sequences: flat ids with, for each, its length and where its reply starts."""

    def __init__(self, flat, lengths, replies):
        self.flat, self.lengths, self.replies = flat, lengths, replies

    @staticmethod
    def pack(pairs) -> "Examples":
        """From (prompt ids, reply ids) pairs; those too long are left out."""
        pairs = [(p, r) for p, r in pairs if len(p) + len(r) <= LONGEST]
        flat = np.fromiter((t for p, r in pairs for t in (*p, *r)), dtype=np.int16)
        return Examples(flat, np.array([len(p) + len(r) for p, r in pairs], np.int32), np.array([len(p) for p, _ in pairs], np.int32))

    @staticmethod
    def joined(parts: list["Examples"]) -> "Examples":
        return Examples(*(np.concatenate([getattr(p, f) for p in parts]) for f in ("flat", "lengths", "replies")))

    def __len__(self) -> int:
        return len(self.lengths)

    def n_tokens(self) -> int:
        return int(self.lengths.sum())


def batches(examples: Examples, tokens_per_batch: int, seed: int, device):
    """One pass over the examples in random order as (tokens, targets); targets are -100 outside the reply."""
    rng = np.random.default_rng(seed)
    flat = torch.from_numpy(examples.flat).to(device)
    starts = torch.from_numpy(np.cumsum(examples.lengths, dtype=np.int64) - examples.lengths).to(device)
    lengths, replies = (torch.from_numpy(a).long().to(device) for a in (examples.lengths, examples.replies))
    padded = -(-examples.lengths // STEP) * STEP
    groups = []
    for width in np.unique(padded):
        members = rng.permutation(np.flatnonzero(padded == width))
        size = max(1, tokens_per_batch // int(width))
        groups += [(int(width), members[i:i + size]) for i in range(0, len(members), size)]
    for g in rng.permutation(len(groups)):
        width, members = groups[g]
        if len(members) * width < tokens_per_batch // 8 and len(groups) > 20:
            continue  # a scrap of a rare length is not worth a step
        index = torch.from_numpy(members).to(device)
        column = torch.arange(width + 1, device=device)
        inside = column < lengths[index][:, None]
        ids = flat[(starts[index][:, None] + column).clamp_(max=len(flat) - 1)].long()
        ids = torch.where(inside, ids, 0)
        is_reply = inside & (column >= replies[index][:, None])
        yield ids[:, :-1], torch.where(is_reply, ids, -100)[:, 1:]
