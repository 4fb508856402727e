"""The models' own mistakes on training tasks: sampled plans and drafts, judged by running them, made into examples for the reviewer
(what is wrong), the fixer (what is right) and the coder (the right code for a plan as the thinker really writes it)."""

from itertools import islice
from random import Random

import corpus
from corpus import asked, reply
from decoding import generate
from examples import Examples
from judging import behaves_right, checked, of_draft
from out_of_domain import CANNOT
from review import review_of

THINK_TOKENS, CODE_TOKENS, REVIEW_TOKENS = 110, 220, 110
WRONG_SHARE = 0.4       # of the review examples


def think_prompts(tasks):
    return [asked("think", task=t.text) for t in tasks]


def code_prompts(work):
    """(task, plan ids) -> (plan text, prompt of the coder)."""
    plans = [(task, corpus.tokenizers["a"].decode(ids)) for task, ids in work]
    return [(plan, asked("code", task=task.text, reasoning=plan)) for task, plan in plans]


def judge(work):
    """(task, plan, draft ids) -> (draft, right?, true review, prompt of the reviewer, with or without a check)."""
    out = []
    for task, plan, ids in work:
        draft = corpus.tokenizers["a"].decode(ids)
        right, results = behaves_right(task, draft), of_draft(task, draft)
        check = checked(task, results) if Random(task.text).random() < corpus.WITH_CHECK else ""
        prompt = asked("review", check=check, task=task.text, reasoning=plan, code_draft=draft)
        out.append((draft, right, review_of(task, draft, right, results), prompt))
    return out


def fix_pairs(work):
    """(task, plan, draft, review) -> the fixer's example: whatever the review says, the reply is the right function; and the
    coder's example with this plan."""
    out = []
    for task, plan, draft, review in work:
        code = reply("fix", task.code if not behaves_right(task, draft) else draft)
        out.append((asked("fix", task=task.text, reasoning=plan, code_draft=draft, review=review), code))
        out.append((asked("code", task=task.text, reasoning=plan), reply("code", task.code)))
    return out


def spread(pool, function, work, size=400):
    parts = iter(lambda it=iter(work): list(islice(it, size)), [])
    return [x for part in pool.imap(function, list(parts)) for x in part]


def replies(model, prompts, max_tokens, device, dtype, temperature, seed, batch):
    """Generation over all prompts, those of similar length together."""
    order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
    end = corpus.tokenizers["a" if model.shape.arch == "deepseek2" else "b"].end
    out = [None] * len(prompts)
    for i in range(0, len(order), batch):
        members = order[i:i + batch]
        rows = generate(model, [prompts[j] for j in members], max_tokens, end, device, dtype, temperature, seed + i)
        for j, row in zip(members, rows):
            out[j] = row
    return out


class Mistakes:
    """Sampled runs of thinker and coder: rows of task, plan, draft, verdict, true review, reviewer's prompt."""

    def __init__(self, pool, device, dtype, batch):
        self.pool, self.device, self.dtype, self.batch = pool, device, dtype, batch
        self.rows: list[tuple] = []

    def replies(self, model, prompts, most, temperature, seed):
        return replies(model, prompts, most, self.device, self.dtype, temperature, seed, self.batch)

    def sample(self, thinker, coder, tasks, temperature, seed) -> float:
        """Adds one run per task; returns the share of wrong drafts."""
        plans = self.replies(thinker, spread(self.pool, think_prompts, tasks), THINK_TOKENS, temperature, seed)
        coded = spread(self.pool, code_prompts, zip(tasks, plans))
        drafts = self.replies(coder, [p for _, p in coded], CODE_TOKENS, temperature, seed + 1)
        judged = spread(self.pool, judge, zip(tasks, [plan for plan, _ in coded], drafts))
        rows = [(t, plan, *j) for t, (plan, _), j in zip(tasks, coded, judged) if not plan.startswith(CANNOT)]
        self.rows += rows
        return sum(not r[3] for r in rows) / max(1, len(rows))

    def review_examples(self) -> Examples:
        """Wrong drafts more often than they came, so that the reviewer does not learn to say OK by habit."""
        wrong = [(r[5], reply("review", r[4])) for r in self.rows if not r[3]]
        right = [(r[5], reply("review", r[4])) for r in self.rows if r[3]]
        return Examples.pack(right + wrong * max(1, round(len(right) * WRONG_SHARE / (1 - WRONG_SHARE) / max(1, len(wrong)))))

    def fix_examples(self, reviewer, seed) -> Examples:
        """Mostly with what the trained reviewer really says, some with the true review. Right and wrong drafts as they came: a fixer
        that sees more wrong ones than there are learns to mistrust every draft."""
        said = self.replies(reviewer, [r[5] for r in self.rows], REVIEW_TOKENS, 0.5, seed)
        texts = [corpus.tokenizers["b"].decode(ids) for ids in said]
        work = [(r[0], r[1], r[2], t if i % 4 else r[4]) for i, (r, t) in enumerate(zip(self.rows, texts))]
        return Examples.pack(spread(self.pool, fix_pairs, work))
