"""Trains one model for a given number of seconds with a linear learning rate between two values, and snapshots on the way."""

import time

import torch
import torch.nn.functional as F

from examples import batches
from optimizer import Both

WARM_UP_STEPS = 50


def snapshot(model) -> dict:
    return {k: v.detach().clone() for k, v in model.state_dict().items()}


def train(name, model, draw, seconds, rates, tokens_per_batch, device, log, keep_at=()):
    """`draw(epoch)` gives the examples of each pass; `rates` is the (first, last) learning rate, 1.0 being the optimizer's own.
    Returns the snapshots taken when the fractions `keep_at` of the time had passed."""
    optimizer = Both(model)
    begun, step, epoch, seen, kept, waiting, said = time.time(), 0, 0, 0, [], list(keep_at), 0.0
    model.train()
    while True:
        for tokens, targets in batches(draw(epoch), tokens_per_batch, epoch, device):
            done = (time.time() - begun) / seconds
            rate = rates[0] + (rates[1] - rates[0]) * min(done, 1.0)
            wanted = targets >= 0
            loss = F.cross_entropy(model(tokens, torch.bfloat16, wanted=wanted).float(), targets[wanted])
            loss.backward()
            optimizer.step(rate * min(1.0, (step + 1) / WARM_UP_STEPS))
            step, seen = step + 1, seen + tokens.numel()
            if waiting and done >= waiting[0]:
                kept.append(snapshot(model))
                waiting.pop(0)
            if step % 20 == 0:
                value, spent = loss.item(), time.time() - begun
                if spent - said > seconds / 15:
                    said = spent
                    log(f"{name}: {spent:5.0f} s step {step} pass {epoch} loss {value:.4f} rate {rate:.3f} {seen / spent / 1e3:.1f} k tokens/s")
            if done >= 1.0:
                log(f"{name}: done, {step} steps, {epoch + 1} passes begun, {seen / 1e6:.1f} M tokens, {time.time() - begun:.0f} s, loss {loss.item():.4f}")
                return kept
        epoch += 1
