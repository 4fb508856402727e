"""Batched generation with a key-value cache, greedy or sampled: how the training script asks its own models."""

import torch

PROMPT_STEP = 32


@torch.no_grad()
def generate(model, prompts, max_tokens, end, device, dtype, temperature=0.0, seed=0):
    """Token ids of each reply, without the end token. Prompts are padded on the left; positions count from each prompt's start."""
    if not prompts:
        return []
    width = -(-max(map(len, prompts)) // PROMPT_STEP) * PROMPT_STEP
    n, s = len(prompts), model.shape
    tokens = torch.zeros(n, width, dtype=torch.int64)
    for i, p in enumerate(prompts):
        tokens[i, width - len(p):] = torch.tensor(p)
    tokens = tokens.to(device)
    pad = torch.tensor([width - len(p) for p in prompts], device=device)
    total = width + max_tokens
    caches = [tuple(torch.zeros(n, s.n_kv_heads, total, s.head_dim, dtype=dtype, device=device) for _ in range(2)) for _ in model.blk]
    column = torch.arange(total, device=device)
    visible = column >= pad[:, None]
    causal = column[:width] <= column[:width, None]
    # Padding sees itself, so that no row is empty.
    own = torch.eye(width, dtype=torch.bool, device=device)
    mask = (visible[:, None, None, :width] & causal) | own
    generator = torch.Generator(device=device).manual_seed(seed)
    positions = (column[:width] - pad[:, None]).clamp(min=0)
    ids, done, out = tokens, torch.zeros(n, dtype=torch.bool, device=device), []
    for step in range(max_tokens):
        at = 0 if step == 0 else width + step - 1
        logits = model(ids, dtype, positions, caches, at, mask)[:, -1].float()
        if temperature > 0:
            ids = torch.multinomial((logits / temperature).softmax(-1), 1, generator=generator)
        else:
            ids = logits.argmax(-1, keepdim=True)
        done |= ids[:, 0] == end
        out.append(torch.where(done, end, ids[:, 0]))
        if step % 8 == 7 and bool(done.all()):
            break
        mask = visible[:, None, None, :width + step + 1]
        positions = (width + step - pad)[:, None]
    rows = torch.stack(out, 1).tolist()
    return [row[: row.index(end)] if end in row else row for row in rows]
