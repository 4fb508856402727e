"""Trains one model for a given number of seconds with a linear learning rate between two values."""

import time

import torch
import torch.nn.functional as F

from examples import batches
from optimizer import Both

WARM_UP_STEPS = 50
LOGS = 8  # lines a phase
LOG_SECONDS = 30.0  # between lines where tokens end the phase


def train(name, model, draw, seconds, rates, tokens_per_batch, device, log, at=(), keep=None, most_tokens=None) -> None:
    """`draw(pass)` gives the examples of each pass; `rates` is the (first, last) learning rate, 1.0 being the optimizer's own. When
    the fractions `at` of the time have passed, `keep` is called with the model. `most_tokens`: ends by tokens instead of seconds."""
    optimizer = Both(model)
    begun, step, epoch, seen, said, waiting = time.time(), 0, 0, 0, 0.0, list(at)
    model.train()
    dtype = torch.bfloat16 if device.type == "cuda" else torch.float32
    while True:
        for tokens, targets in batches(draw(epoch), tokens_per_batch, epoch, device):
            done = seen / most_tokens if most_tokens else (time.time() - begun) / seconds
            rate = rates[0] + (rates[1] - rates[0]) * min(done, 1.0)
            wanted = targets >= 0
            loss = F.cross_entropy(model(tokens, dtype, wanted=wanted).float(), targets[wanted])
            loss.backward()
            optimizer.step(rate * min(1.0, (step + 1) / WARM_UP_STEPS))
            model.balance(rate)
            step, seen = step + 1, seen + tokens.numel()
            if waiting and done >= waiting[0]:
                waiting.pop(0)
                keep(model)
            if step % 10 == 0:
                value, spent = loss.item(), time.time() - begun
                if spent - said > (LOG_SECONDS if most_tokens else seconds / LOGS):
                    said = spent
                    log(f"{name}: {spent:5.0f} s step {step} pass {epoch} loss {value:.4f} rate {rate:.3f} {seen / spent / 1e3:.0f} k tokens/s")
            if done >= 1.0:
                model.eval()
                log(f"{name}: done, {step} steps, {epoch + 1} passes begun, {seen / 1e6:.1f} M tokens, {time.time() - begun:.0f} s, loss {loss.item():.4f}")
                return
        epoch += 1
