"""The models' own mistakes on training tasks: sampled plans and drafts, judged by running them, made into examples for the
reviewer (what is wrong) and the fixer (what is right)."""

import builtins
import resource
import signal
import warnings
from itertools import islice

import corpus
from corpus import reply, task_of
from decoding import generate
from examples import Examples
from prompts import prompt_ids
from review import review_of
from task import hidden_inputs, outcomes

N_JUDGING_INPUTS = 10
SAFE = {n: getattr(builtins, n) for n in ("abs all any dict enumerate int len list max min range sorted str sum zip reversed set").split()}


class TookTooLong(Exception):
    pass


def give_up(*_):
    raise TookTooLong


def limit_worker() -> None:
    """For the pool's processes: drafts of half-trained models run in them."""
    resource.setrlimit(resource.RLIMIT_AS, (32 << 30, 32 << 30))
    warnings.simplefilter("ignore", SyntaxWarning)
    signal.signal(signal.SIGALRM, give_up)


def behaves_right(task, draft: str) -> bool:
    if draft == task.code:
        return True
    inputs = hidden_inputs(task, N_JUDGING_INPUTS)
    signal.setitimer(signal.ITIMER_REAL, 0.5)
    try:
        space = {"__builtins__": SAFE}
        exec(compile(draft, "draft", "exec"), space)
        return all(repr(space["f"](x)) == repr(y) for x, y in zip(inputs, outcomes(task.chain, inputs)))
    except (Exception, TookTooLong):
        return False
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def think_prompts(records):
    return [prompt_ids(corpus.tokenizer, "think", task=r[0]) for r in records]


def code_prompts(work):
    """(record, plan ids) -> (plan text, prompt of the coder)."""
    out = []
    for record, ids in work:
        plan = corpus.tokenizer.decode(ids)
        out.append((plan, prompt_ids(corpus.tokenizer, "code", task=record[0], reasoning=plan)))
    return out


def judge(work):
    """(record, plan, draft ids) -> (draft, right?, true review, prompt of the reviewer)."""
    out = []
    for record, plan, ids in work:
        task, draft = task_of(record), corpus.tokenizer.decode(ids)
        right = behaves_right(task, draft)
        prompt = prompt_ids(corpus.tokenizer, "review", task=task.text, reasoning=plan, code_draft=draft)
        out.append((draft, right, review_of(task.chain, draft, right), prompt))
    return out


def fix_pairs(work):
    """(record, plan, draft, review) -> the fixer's example: whatever the review says, the reply is the right function."""
    out = []
    for record, plan, draft, review in work:
        task = task_of(record)
        prompt = prompt_ids(corpus.tokenizer, "fix", task=task.text, reasoning=plan, code_draft=draft, review=review)
        out.append((prompt, reply(task.code)))
    return out


def spread(pool, function, work, size=500):
    parts = iter(lambda it=iter(work): list(islice(it, size)), [])
    return [x for part in pool.imap(function, list(parts)) for x in part]


def replies(model, prompts, max_tokens, device, dtype, temperature, seed, batch):
    """Generation over all prompts, those of similar length together."""
    order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
    out = [None] * len(prompts)
    for i in range(0, len(order), batch):
        members = order[i:i + batch]
        rows = generate(model, [prompts[j] for j in members], max_tokens, corpus.tokenizer.end, device, dtype, temperature, seed + i)
        for j, row in zip(members, rows):
            out[j] = row
    return out


class Mistakes:
    """Sampled runs of thinker and coder: parallel lists of record, plan, draft, verdict, true review, reviewer's prompt."""

    def __init__(self):
        self.rows: list[tuple] = []

    def sample(self, pool, thinker, coder, records, temperature, seed, device, dtype, batch) -> float:
        """Adds one run per record; returns the share of wrong drafts."""
        plans = replies(thinker, spread(pool, think_prompts, records), 120, device, dtype, temperature, seed, batch)
        coded = spread(pool, code_prompts, zip(records, plans))
        drafts = replies(coder, [p for _, p in coded], 160, device, dtype, temperature, seed + 1, batch)
        judged = spread(pool, judge, zip(records, [plan for plan, _ in coded], drafts))
        self.rows += [(r, plan, *j) for r, (plan, _), j in zip(records, coded, judged)]
        return sum(not j[1] for j in judged) / max(1, len(judged))

    def review_examples(self) -> Examples:
        """Wrong drafts as often as right ones, so that the reviewer does not learn to say OK by habit."""
        wrong = [(r[5], reply(r[4])) for r in self.rows if not r[3]]
        right = [(r[5], reply(r[4])) for r in self.rows if r[3]]
        return Examples.pack(right + wrong * max(1, round(len(right) / max(1, len(wrong)))))

    def fix_examples(self, pool, reviewer, device, dtype, batch, seed) -> Examples:
        """Mostly with what the trained reviewer really says, some with the true review. Right and wrong drafts as they came:
        a fixer that sees more wrong ones than there are learns to mistrust every draft."""
        said = replies(reviewer, [r[5] for r in self.rows], 120, device, dtype, 0.5, seed, batch)
        texts = [corpus.tokenizer.decode(ids) for ids in said]
        work = [(r[0], r[1], r[2], t if i % 4 else r[4]) for i, (r, t) in enumerate(zip(self.rows, texts))]
        return Examples.pack(spread(pool, fix_pairs, work))
