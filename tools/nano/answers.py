"""The exported models' answers to the evaluation sets, greedy, in float32, as a runtime would give them: what evaluate.py scores."""

import json

import torch

import corpus
from corpus import asked
from decoding import generate
from judging import run
from model import VOCABULARY

LIMITS = {"think": 160, "code": 300, "review": 160, "fix": 300, "alone": 300, "draft": 300}
STAGES = (("thinker", "think", "reasoning"), ("coder", "code", "code_draft"), ("reviewer", "review", "review"), ("coder", "fix", "final_code"))
BATCH = 1024


class Answers:
    def __init__(self, models: dict, device):
        self.models, self.device = models, device

    def ids(self, role: str, kind: str, slots: list[dict]) -> list[list[int]]:
        """Replies of up to BATCH prompts at a time; each slot set holds what the kind's prompt reads, and perhaps a check."""
        tokenizer, names = corpus.tokenizers[VOCABULARY[role]], ("task", "reasoning", "code_draft", "review", "check")
        prompts = [asked(kind, **{n: s[n] for n in names if n in s and (n != "check" or kind == "review")}) for s in slots]
        out: list = []
        for i in range(0, len(prompts), BATCH):
            out += generate(self.models[role], prompts[i:i + BATCH], LIMITS[kind], tokenizer.end, self.device, torch.float32)
        return out

    def texts(self, role: str, kind: str, slots: list[dict]) -> list[str]:
        tokenizer = corpus.tokenizers[VOCABULARY[role]]
        return [tokenizer.decode(row) for row in self.ids(role, kind, slots)]

    def cascade(self, slots: list[dict], stages=STAGES) -> list[dict]:
        for role, kind, slot in stages:
            for s, text in zip(slots, self.texts(role, kind, slots)):
                s[slot] = text
        return slots


def check_examples(record: dict, draft: str) -> str:
    """What the runtime's check will say of a draft on the task's examples; the caller's process carries the limits."""
    found = run(draft, record["name"], [a for a, _ in record["examples"]])
    for (arguments, value), got in zip(record["examples"], found):
        if got != [value]:
            return f"{', '.join(map(repr, arguments))} gives {got[0] if got else 'an error'}, not {value}"
    return "passed" if record["examples"] else ""


def answer_sets(models: dict, sets: dict[str, list[dict]], pool, device, log) -> list[dict]:
    """One record a task: the slots of the cascade, the coder's answer without a plan, and the cascade's with examples checked."""
    ask, out = Answers(models, device), []
    for name, records in sets.items():
        slots = ask.cascade([{"task": r["task"]} for r in records])
        alone = ask.texts("coder", "alone", [{"task": r["task"]} for r in records])
        checks = pool.starmap(check_examples, [(r, s["code_draft"]) for r, s in zip(records, slots)]) if name == "held_out" else [""] * len(records)
        again = [dict(s, check=c) for s, c in zip(slots, checks)]
        with_check = [s for s in again if s["check"]]
        ask.cascade(with_check, STAGES[2:])
        for r, s, a, w in zip(records, slots, alone, again):
            out.append({"set": name, "id": r["id"], "coder alone": a, "think -> code": s["code_draft"], "whole cascade": s["final_code"],
                        "examples checked": w["final_code"], "reasoning": s["reasoning"], "review": s["review"]})
        log(f"answered {name}: {len(records)} tasks")
    return out


def write_answers(path, answers: list[dict]) -> None:
    path.write_text("".join(json.dumps(a) + "\n" for a in answers))
