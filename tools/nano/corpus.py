"""The training corpus: tasks drawn on many processes, as token examples for each prompt, and as records for later sampling."""

from random import Random

from corruption import corrupted
from examples import Examples
from hidden_inputs import draw_inputs
from primitive import Step
from primitives_lists import BY_NAME
from prompts import prompt_ids
from review import review_of
from task import Task, code_of, composition_of, draw_task, is_held_out, outcomes, plan_of
from tokenizer import Tokenizer, train_merges

CHUNK = 8000
KINDS = ("think", "code", "alone", "review", "fix")
RIGHT_DRAFTS = 0.5      # of the artificial review examples
SHARED_SLIPS = 0.7      # of the wrong drafts, those whose plan has the same slip
tokenizer: Tokenizer


def build_tokenizer(n_tasks: int, n_merges: int) -> Tokenizer:
    """Trains the vocabulary on plans, code, tasks and reviews' words; kept here for the worker processes to inherit."""
    global tokenizer
    rng = Random(7)
    texts = []
    for _ in range(n_tasks):
        task = draw_task(rng, False)
        reviews = [f"Line {i} is wrong: it should {s.plan()}." for i, s in enumerate(task.chain, 2)]
        texts += [f"Task: {task.text}\n", f"Plan:\n{task.plan}\nCode:\n{task.code}\nReview: ", *reviews]
    tokenizer = Tokenizer(train_merges(texts, n_merges))
    return tokenizer


def use_tokenizer(merges) -> Tokenizer:
    """For models that go on with the vocabulary they have."""
    global tokenizer
    tokenizer = Tokenizer([tuple(m.split(" ")) for m in merges])
    return tokenizer


def record_of(task: Task) -> tuple:
    """A task as plain values, light to send between processes."""
    return task.text, tuple((s.primitive.name, s.value) for s in task.chain)


def task_of(record: tuple) -> Task:
    text, chain = record
    steps = tuple(Step(BY_NAME[name], value) for name, value in chain)
    return Task(text, steps, plan_of(steps), code_of(steps))


def reply(text: str) -> list[int]:
    return tokenizer.encode(text) + [tokenizer.end]


def draft_of(task: Task, rng: Random) -> tuple[str, str, str]:
    """An artificial draft: (plan, code, true review)."""
    if rng.random() < RIGHT_DRAFTS:
        return task.plan, task.code, "OK"
    wrong = corrupted(task.chain, rng)
    if is_held_out(composition_of(wrong)):  # not even as a wrong draft
        return task.plan, task.code, "OK"
    inputs = draw_inputs(task.chain[0].primitive.takes, rng, 8)
    is_right = outcomes(wrong, inputs) == outcomes(task.chain, inputs)
    plan = plan_of(wrong) if rng.random() < SHARED_SLIPS else task.plan
    return plan, code_of(wrong), review_of(task.chain, code_of(wrong), is_right)


def make_chunk(seed: int) -> tuple[dict[str, Examples], list[tuple]]:
    """One chunk of the training side: examples for each kind, and the records they came from."""
    rng = Random(f"nano-{seed}")
    tasks = [draw_task(rng, False) for _ in range(CHUNK)]
    pairs: dict[str, list] = {k: [] for k in KINDS}
    n_closing, n_heading = len(tokenizer.encode_special("<|end|>\n<|assistant|>\n")), len(tokenizer.encode("Plan:\n"))
    for t in tasks:
        code = reply(t.code)
        pairs["think"].append((prompt_ids(tokenizer, "think", task=t.text), reply(t.plan)))
        asked = prompt_ids(tokenizer, "code", task=t.text, reasoning=t.plan)
        plan_at = len(prompt_ids(tokenizer, "think", task=t.text)) - n_closing + n_heading
        # The plan is learned too: more signal for the same work.
        pairs["code"].append((asked[:plan_at], asked[plan_at:] + code))
        pairs["alone"].append((prompt_ids(tokenizer, "alone", task=t.text), code))
        plan, draft, review = draft_of(t, rng)
        slots = {"task": t.text, "reasoning": plan, "code_draft": draft}
        pairs["review"].append((prompt_ids(tokenizer, "review", **slots), reply(review)))
        pairs["fix"].append((prompt_ids(tokenizer, "fix", review=review, **slots), code))
    return {k: Examples.pack(p) for k, p in pairs.items()}, [record_of(t) for t in tasks]


class Corpus:
    """Chunks as they arrive from the pool."""

    def __init__(self):
        self.chunks: list[dict[str, Examples]] = []
        self.records: list[tuple] = []

    def fill(self, pool, first: int, n_chunks: int) -> None:
        for chunk, records in pool.imap_unordered(make_chunk, range(first, first + n_chunks)):
            self.records += records
            self.chunks.append(chunk)

    def examples(self, *kinds: str, share: float = 1.0, turn: int = 0) -> Examples:
        """All chunks there are now, or a share of them, another one each turn."""
        chunks = list(self.chunks)
        if share < 1.0:
            n = max(1, round(len(chunks) * share))
            chunks = [chunks[(turn * n + i) % len(chunks)] for i in range(n)]
        return Examples.joined([c[k] for k in kinds for c in chunks])
