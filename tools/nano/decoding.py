"""Batched generation with a key-value cache, greedy or sampled: how the training script asks its own models."""

import torch

PROMPT_STEP = 32
CHECK_EVERY = 8


@torch.no_grad()
def generate(model, prompts, max_tokens, end, device, dtype, temperature=0.0, seed=0):
    """Token ids of each reply, without the end token. Prompts are padded on the left; positions count from each prompt's start.
    Rows that are done leave the batch now and then."""
    if not prompts:
        return []
    width = -(-max(map(len, prompts)) // PROMPT_STEP) * PROMPT_STEP
    n = len(prompts)
    tokens = torch.zeros(n, width, dtype=torch.int64)
    for i, p in enumerate(prompts):
        tokens[i, width - len(p):] = torch.tensor(p)
    ids, total = tokens.to(device), width + max_tokens
    pad = torch.tensor([width - len(p) for p in prompts], device=device)
    heads, key_dims, value_dims = model.cache_shape()
    caches = [[torch.zeros(n, heads, total, dims, dtype=dtype, device=device) for dims in (key_dims, value_dims)] for _ in model.blk]
    column = torch.arange(total, device=device)
    causal = column[:width] <= column[:width, None]
    # Padding sees itself, so that no row is empty.
    own = torch.eye(width, dtype=torch.bool, device=device)
    mask = ((column >= pad[:, None])[:, None, None, :width] & causal) | own
    generator = torch.Generator(device=device).manual_seed(seed)
    positions = (column[:width] - pad[:, None]).clamp(min=0)
    rows, done = torch.arange(n, device=device), torch.zeros(n, dtype=torch.bool, device=device)
    out = torch.full((n, max_tokens), end, dtype=torch.int64, device=device)
    for step in range(max_tokens):
        at = 0 if step == 0 else width + step - 1
        logits = model(ids, dtype, positions, caches, at, mask)[:, -1].float()
        if temperature > 0:
            ids = torch.multinomial((logits / temperature).softmax(-1), 1, generator=generator)
        else:
            ids = logits.argmax(-1, keepdim=True)
        done |= ids[:, 0] == end
        out[rows, step] = torch.where(done, end, ids[:, 0])
        if step % CHECK_EVERY == CHECK_EVERY - 1:
            going = torch.nonzero(~done)[:, 0]
            if len(going) == 0:
                break
            if len(going) < 0.7 * len(done):
                rows, ids, pad, done = rows[going], ids[going], pad[going], done[going]
                caches = [[c[going] for c in pair] for pair in caches]
        mask = (column[:width + step + 1] >= pad[:, None])[:, None, None]
        positions = (width + step - pad)[:, None]
    found = out.tolist()
    return [row[: row.index(end)] if end in row else row for row in found]
