"""The training corpus: tasks drawn on many processes, as token examples for each prompt, and kept for later sampling."""

import threading
import time
from random import Random

from corruption import corrupted
from examples import Examples
from judging import checked, of_program
from out_of_domain import draw_outside
from program import composition_of, outcomes
from prompts import prompt_ids
from review import OK, review_of
from task import Task, hidden_inputs, is_held_out
from tokenizer import STYLES, Tokenizer, train_merges
from written_task import draw_tasks

CHUNK, WORDINGS = 6000, 3
KEPT = 300              # tasks of a chunk, for sampling
OUTSIDE = 0.2          # of the requests
KINDS = ("think", "code", "alone", "review", "fix", "draft")
VOCABULARY = {"think": "a", "code": "a", "alone": "a", "fix": "a", "review": "b", "draft": "b"}
MERGES = {"a": 763, "b": 509}
RIGHT_DRAFTS = 0.5      # of the artificial review examples
SHARED_SLIPS = 0.5      # of the wrong drafts, those whose plan has the same slip
WITH_CHECK = 0.7        # of the reviews of tasks with examples
tokenizers: dict[str, Tokenizer] = {}


def build_tokenizers(n_tasks: int) -> dict[str, Tokenizer]:
    """Trains both vocabularies on tasks, plans, code and reviews; kept here for the worker processes to inherit."""
    rng, texts = Random(7), []
    for _ in range(n_tasks // WORDINGS):
        for task in draw_tasks(rng, WORDINGS):
            reviews = [f"Line {i} is wrong: it should {s.plan()}." for i, s in enumerate(task.program.steps(), 2)]
            texts += [f"Task: {task.text}\n", f"Plan:\n{task.plan}\nCode:\n{task.code}\nReview: ", *reviews]
        if rng.random() < OUTSIDE * WORDINGS:
            texts += draw_outside(rng, task.text)
    for name, style in STYLES.items():
        tokenizers[name] = Tokenizer(train_merges(texts, MERGES[name], style), style)
    return tokenizers


def use_tokenizers(merges: dict[str, list]) -> dict[str, Tokenizer]:
    """For models that go on with the vocabularies they have."""
    for name, style in STYLES.items():
        tokenizers[name] = Tokenizer([tuple(m) for m in merges[name]], style)
    return tokenizers


def asked(kind: str, **slots: str) -> list[int]:
    """The prompt's ids in the vocabulary of the model that the kind goes to. A check, where there is one, follows the code."""
    check = slots.pop("check", "")
    if check:
        slots["code_draft"] += f"\nCheck: {check}"
    return prompt_ids(tokenizers[VOCABULARY[kind]], "code" if kind == "draft" else kind, **slots)


def reply(kind: str, text: str) -> list[int]:
    tokenizer = tokenizers[VOCABULARY[kind]]
    return tokenizer.encode(text) + [tokenizer.end]


def draft_of(task: Task, rng: Random) -> tuple[str, str, str, str]:
    """An artificial draft: (plan, code, true review, check)."""
    right = task.plan, task.code, OK, "passed" if task.examples else ""
    if rng.random() < RIGHT_DRAFTS:
        return right
    wrong = Task(task.text, corrupted(task.program, rng), task.name)
    if is_held_out(composition_of(wrong.program)):  # not even as a wrong draft
        return right
    inputs = hidden_inputs(task.program)
    is_right = outcomes(wrong.program, inputs) == outcomes(task.program, inputs)
    results = of_program(wrong.program)
    plan = wrong.plan if rng.random() < SHARED_SLIPS else task.plan
    return plan, wrong.code, review_of(task, wrong.code, is_right, results), checked(task, results)


def with_plan_learned(task: Task, plan: str, code: str) -> tuple[list[int], list[int]]:
    """The coder's example with the plan in the part that is learned: more signal for the same work."""
    prompt = asked("code", task=task.text, reasoning=plan)
    a = tokenizers["a"]
    n_heading = len(a.encode_special(a.style.frame[0])) + len(a.encode(f"Task: {task.text}\nPlan:\n"))
    return prompt[:n_heading], prompt[n_heading:] + reply("code", code)


def add_inside(pairs: dict[str, list], task: Task, rng: Random) -> None:
    pairs["think"].append((asked("think", task=task.text), reply("think", task.plan)))
    pairs["code"].append(with_plan_learned(task, task.plan, task.code))
    pairs["alone"].append((asked("alone", task=task.text), reply("alone", task.code)))
    pairs["draft"].append((asked("draft", task=task.text, reasoning=task.plan), reply("draft", task.code)))
    plan, draft, review, check = draft_of(task, rng)
    slots = {"task": task.text, "reasoning": plan, "code_draft": draft}
    if rng.random() > WITH_CHECK:
        check = ""
    pairs["review"].append((asked("review", check=check, **slots), reply("review", review)))
    pairs["fix"].append((asked("fix", review=review, **slots), reply("fix", task.code)))


def add_outside(pairs: dict[str, list], text: str, reason: str) -> None:
    """The thinker gives the reason; the others pass it on with empty code."""
    slots = {"task": text, "reasoning": reason, "code_draft": ""}
    pairs["think"].append((asked("think", task=text), reply("think", reason)))
    pairs["alone"].append((asked("alone", task=text), reply("alone", "")))
    pairs["code"].append((asked("code", task=text, reasoning=reason), reply("code", "")))
    pairs["draft"].append((asked("draft", task=text, reasoning=reason), reply("draft", "")))
    pairs["review"].append((asked("review", **slots), reply("review", OK)))
    pairs["fix"].append((asked("fix", review=OK, **slots), reply("fix", "")))


def make_chunk(seed: int) -> tuple[dict[str, Examples], list[Task]]:
    """One chunk of the training side: examples for each kind, and some of the tasks they came from (one wording each)."""
    rng = Random(f"nano-{seed}")
    pairs: dict[str, list] = {k: [] for k in KINDS}
    kept = []
    for _ in range(CHUNK // WORDINGS):
        tasks = draw_tasks(rng, WORDINGS)
        for task in tasks:
            add_inside(pairs, task, rng)
        if rng.random() < OUTSIDE * WORDINGS:
            add_outside(pairs, *draw_outside(rng, tasks[0].text))
        if len(kept) < KEPT:
            kept.append(tasks[-1])
    return {k: Examples.pack(p) for k, p in pairs.items()}, kept


class Corpus:
    """Chunks as they arrive from the pool; each kind is read on from where it was left."""

    def __init__(self):
        self.chunks: list[dict[str, Examples]] = []
        self.tasks: list[Task] = []
        self.read: dict[str, int] = {}
        self.failure: Exception | None = None

    def fill(self, pool, first: int, n_chunks: int) -> threading.Thread:
        def work():
            try:
                for chunk, tasks in pool.imap_unordered(make_chunk, range(first, first + n_chunks)):
                    self.tasks += tasks
                    self.chunks.append(chunk)
            except Exception as e:
                self.failure = e

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        return thread

    def wait_for(self, n_chunks: int) -> None:
        """Until so many chunks are there; raises what ended the filling before."""
        while len(self.chunks) < n_chunks:
            if self.failure:
                raise self.failure
            time.sleep(0.05)

    def fresh(self, shares: dict[str, int], most: int = 16) -> Examples:
        """Up to `most` chunks not read yet, from the beginning again when there are few; `shares` says how many of each kind are read
        for each one."""
        parts = []
        for kind, share in shares.items():
            for _ in range(most * share):
                at = self.read.get(kind, 0)
                parts.append(self.chunks[at % len(self.chunks)][kind])
                self.read[kind] = at + 1
        return Examples.joined(parts)
