"""Trains one model for a given number of seconds: AdamW, a linear learning rate between two values, snapshots on the way."""

import time

import torch
import torch.nn.functional as F

from examples import batches


def make_optimizer(model, device):
    matrices = [p for p in model.parameters() if p.dim() == 2]
    vectors = [p for p in model.parameters() if p.dim() == 1]
    groups = [{"params": matrices, "weight_decay": 0.05}, {"params": vectors, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=1e-3, betas=(0.9, 0.98), **({"fused": True} if device.type == "cuda" else {}))


def snapshot(model) -> dict:
    return {k: v.detach().clone() for k, v in model.state_dict().items()}


def train(name, model, draw, seconds, rates, tokens_per_batch, device, log, keep_at=(), optimizer=None):
    """`draw(epoch)` gives the examples of each pass; `rates` is (first, last) learning rate. Returns the snapshots taken
    when the fractions `keep_at` of the time had passed."""
    dtype = torch.bfloat16 if device.type == "cuda" else torch.float32
    optimizer = optimizer or make_optimizer(model, device)
    begun, step, epoch, seen, kept, waiting, said = time.time(), 0, 0, 0, [], list(keep_at), 0.0
    model.train()
    while True:
        for tokens, targets in batches(draw(epoch), tokens_per_batch, epoch, device):
            done = (time.time() - begun) / seconds
            rate = rates[0] + (rates[1] - rates[0]) * min(done, 1.0)
            for group in optimizer.param_groups:
                group["lr"] = rate * min(1.0, (step + 1) / 100)
            logits = model(tokens, dtype)
            loss = F.cross_entropy(logits.flatten(0, 1).float(), targets.flatten(), ignore_index=-100)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            step, seen = step + 1, seen + tokens.numel()
            if waiting and done >= waiting[0]:
                kept.append(snapshot(model))
                waiting.pop(0)
            if step % 20 == 0:
                value = loss.item()
                spent = time.time() - begun
                if spent - said > 8:
                    said = spent
                    log(f"{name}: {spent:5.1f} s step {step} pass {epoch} loss {value:.4f} lr {rate:.5f} {seen / spent / 1e6:.2f} M tokens/s")
            if done >= 1.0:
                log(f"{name}: done, {step} steps, {epoch + 1} passes begun, {seen / 1e6:.0f} M tokens, {time.time() - begun:.1f} s, loss {loss.item():.4f}")
                return kept
        epoch += 1
