"""Exports trained models and lets the exported weights answer: the held-out tasks, and a few goldens for other runtimes."""

import torch

from decoding import generate
from gguf_writer import write_gguf
from model import Model
from prompts import prompt_ids

LIMITS = {"think": 160, "code": 200, "review": 160, "fix": 200, "alone": 200}
GOLDEN_TASKS = (
    "Return the sum of the squares of the even numbers in xs.",
    "sort the words by length and return the first 3",
    "Write a function that returns how many vowels there are in s",
    "the largest odd number in xs",
)


def export(folder, role: str, model, tokenizer):
    """Writes ROLE.gguf; returns a model that holds the dequantised weights."""
    weights = {k: v.detach().float().cpu().numpy() for k, v in model.state_dict().items()}
    held = write_gguf(folder / f"{role}.gguf", role, model.shape, weights, tokenizer)
    copy = Model(model.shape, len(tokenizer)).to(next(model.parameters()).device)
    copy.load_state_dict({k: torch.from_numpy(v) for k, v in held.items()})
    return copy.eval()


class Answers:
    """Greedy replies of the exported models in float32, as a runtime would give them."""

    def __init__(self, models: dict, tokenizer, device):
        self.models, self.tokenizer, self.device = models, tokenizer, device

    def ids(self, role: str, kind: str, slots: list[dict]) -> list[list[int]]:
        prompts = [prompt_ids(self.tokenizer, kind, **s) for s in slots]
        return generate(self.models[role], prompts, LIMITS[kind], self.tokenizer.end, self.device, torch.float32)

    def texts(self, role: str, kind: str, slots: list[dict]) -> list[str]:
        return [self.tokenizer.decode(row) for row in self.ids(role, kind, slots)]

    def cascade(self, tasks: list[str]) -> list[dict]:
        slots = [{"task": t} for t in tasks]
        for role, kind, slot in (("thinker", "think", "reasoning"), ("coder", "code", "code_draft"),
                                 ("reviewer", "review", "review"), ("coder", "fix", "final_code")):
            for s, text in zip(slots, self.texts(role, kind, slots)):
                s[slot] = text
        return slots


def answer_held_out(models, records, tokenizer, device) -> list[dict]:
    """One answer record per task, as evaluate.py reads them."""
    ask = Answers(models, tokenizer, device)
    tasks = [r["task"] for r in records]
    alone = ask.texts("coder", "alone", [{"task": t} for t in tasks])
    return [{"id": r["id"], "coder alone": a, "think -> code": s["code_draft"], "whole cascade": s["final_code"],
             "reasoning": s["reasoning"], "review": s["review"]} for r, a, s in zip(records, alone, ask.cascade(tasks))]


def golden_ids(models, tokenizer, device) -> list[dict]:
    """Prompt ids and greedy reply ids of each stage on a few tasks, to check another runtime."""
    ask, out = Answers(models, tokenizer, device), []
    for slots in ask.cascade(list(GOLDEN_TASKS)):
        for role, kind in (("thinker", "think"), ("coder", "code"), ("reviewer", "review"), ("coder", "fix"), ("draft", "code")):
            out.append({"model": role, "stage": kind, "task": slots["task"], "prompt": prompt_ids(tokenizer, kind, **slots),
                        "reply": ask.ids(role, kind, [slots])[0], "text": ask.texts(role, kind, [slots])[0]})
    return out
