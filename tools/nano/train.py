"""Trains the whole nano pack and writes it as GGUF, with its log and its answers to the evaluation sets.

    python3 tools/nano/train.py --out DIR                     one GPU, about 20 minutes in all
    python3 tools/nano/train.py --out DIR --stop-after 580    ends in time before a phase that would take longer; the same command
                                                              goes on from DIR/state.pt where it stopped
    python3 tools/nano/train.py --out DIR --begin-from assets/nano
                                                              trains the pack in that folder further: its thinker again, then the
                                                              reviewer and the fixer on mistakes
    python3 tools/nano/train.py --out DIR --size small        smaller models, for a processor or a trial

coder (on plans, on bare tasks, as fixer); thinker; reviewer on artificial drafts; draft; then the thinker and coder are sampled for
mistakes, on which reviewer and fixer are trained. At last the exported (dequantised) weights answer the evaluation sets.
"""

import argparse
import json
import multiprocessing
import os
import sys
import time
from pathlib import Path

import torch

import corpus
import model as models
from answers import answer_sets, write_answers
from corpus import Corpus, build_tokenizers, use_tokenizers
from examples import Examples, batches
from export import export
from gguf_reader import merges_of, model_state
from held_out import SETS
from judging import limit_worker
from mistakes import Mistakes
from router_statistics import router_statistics
from tokenizer import STYLES
from trainer import train

ROLES = ("thinker", "coder", "reviewer", "draft")
PHASES = ("coder", "thinker", "reviewer", "draft", "thinker again", "correction", "finish")
SECONDS = {"coder": 240, "thinker": 205, "reviewer": 70, "draft": 20, "thinker again": 140, "reviewer again": 80, "fixer": 130}
OVERHEAD = {"correction": 90, "finish": 100}   # sampling, answering
RATES = {"coder": (1.0, 0.3), "thinker": (1.0, 0.0), "reviewer": (1.0, 0.5), "draft": (1.0, 0.0), "thinker again": (0.5, 0.0), "reviewer again": (0.5, 0.0), "fixer": (0.4, 0.0)}
CODER_MIX = {"code": 2, "alone": 1, "fix": 1}


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--size", choices=models.SHAPES, default="full")
    parser.add_argument("--scale", type=float, default=1.0, help="of every phase's seconds")
    parser.add_argument("--stop-after", type=float, default=float("inf"), metavar="SECONDS")
    parser.add_argument("--begin-from", type=Path, metavar="FOLDER")
    parser.add_argument("--chunks", type=int, default=420, help=f"training tasks, in {corpus.CHUNK}s")
    parser.add_argument("--first-chunk", type=int, default=0, help="where in the endless training corpus to begin")
    parser.add_argument("--kept", type=int, default=300, help="tasks kept of each chunk for sampling")
    parser.add_argument("--samples", type=int, default=60_000, help="runs sampled for mistakes")
    parser.add_argument("--tokens", type=int, default=49152, help="in a training batch")
    parser.add_argument("--decode-batch", type=int, default=8192)
    parser.add_argument("--vocabulary-tasks", type=int, default=3000)
    parser.add_argument("--processes", type=int, default=max(2, (os.cpu_count() or 2) - 1))
    parser.add_argument("--answers", type=int, default=1000, help="at most so many tasks of each evaluation set; 0: export alone")
    return parser.parse_args()


class Session:
    """What every phase needs: clock and log, device, pool, corpus, models, and the state to go on from."""

    def __init__(self, arguments):
        self.a, self.begun, self.lines = arguments, time.time(), []
        corpus.KEPT = arguments.kept
        arguments.out.mkdir(parents=True, exist_ok=True)
        self.state_path = arguments.out / "state.pt"
        state = torch.load(self.state_path) if self.state_path.exists() else self.first_state()
        self.state = state
        if state["merges"]:
            use_tokenizers(state["merges"])
        else:
            state["merges"] = {k: t.merges for k, t in build_tokenizers(arguments.vocabulary_tasks).items()}
        self.log(f"vocabularies of {', '.join(str(len(t)) for t in corpus.tokenizers.values())}; done before: {state['done'] or 'nothing'}")
        self.pool = multiprocessing.get_context("fork").Pool(arguments.processes, initializer=limit_worker)
        self.sets = {name: self.pool.apply_async(make) for name, make in SETS.items()} if arguments.answers else {}
        self.corpus = Corpus()
        self.corpus.fill(self.pool, arguments.first_chunk + state["chunks"], arguments.chunks)
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.models = {role: self.new_model(role) for role in ROLES}

    def first_state(self) -> dict:
        state, folder = {"done": [], "models": {}, "merges": None, "chunks": 0}, self.a.begin_from
        if folder:
            state["merges"] = {models.VOCABULARY[r]: merges_of(folder / f"{r}.gguf") for r in ROLES}
            shapes = models.SHAPES[self.a.size]
            state["models"] = {r: model_state(folder / f"{r}.gguf", shapes[r], len(state["merges"][models.VOCABULARY[r]]) + 256 + len(STYLES[models.VOCABULARY[r]].control))
                               for r in ROLES}
            state["done"] = list(PHASES[:len(ROLES)])
        return state

    def log(self, line: str) -> None:
        self.lines.append(f"[{time.time() - self.begun:6.1f}] {line}")
        print(self.lines[-1], flush=True)

    def new_model(self, role: str):
        torch.manual_seed(sum(map(ord, role)))
        made = models.Model(models.SHAPES[self.a.size][role], len(corpus.tokenizers[models.VOCABULARY[role]]))
        if role in self.state["models"]:
            made.load_state_dict({k: v.float() for k, v in self.state["models"][role].items()})
        return made.to(self.device).eval()

    def train(self, phase: str, model, draw, seconds=None, at=(), keep=None) -> None:
        train(phase, model, draw, seconds or SECONDS[phase] * self.a.scale, RATES[phase], self.a.tokens, self.device, self.log, at, keep)

    def save(self, phase: str) -> None:
        self.state["done"].append(phase)
        self.state["chunks"] += len(self.corpus.chunks)
        self.state["models"] = {r: {k: v.half().cpu() for k, v in m.state_dict().items()} for r, m in self.models.items()}
        torch.save(self.state, self.state_path)
        (self.a.out / f"log.{len(self.state['done'])}.txt").write_text("\n".join(self.lines) + "\n")
        self.log(f"saved after {phase}; {len(self.corpus.chunks)} chunks so far")


def seconds_of(phase: str, scale: float) -> float:
    trained = {"correction": ("reviewer again", "fixer"), "finish": ()}.get(phase, (phase,))
    return OVERHEAD.get(phase, 3) + scale * sum(SECONDS[p] for p in trained)


def correction(s: Session) -> None:
    """Samples the finished thinker with coders of several ages, then trains reviewer and fixer on what they wrote."""
    thinker, coder, reviewer = s.models["thinker"], s.models["coder"], s.models["reviewer"]
    mistakes = Mistakes(s.pool, s.device, torch.bfloat16, s.a.decode_batch)
    s.corpus.wait_for(-(-s.a.samples // corpus.KEPT))
    tasks, used = s.corpus.tasks, 0
    for turn, (share, temperature) in enumerate(((0.3, 0.4), (0.4, 0.8), (0.3, 1.1))):
        n = round(s.a.samples * share)
        wrong = mistakes.sample(thinker, coder, tasks[used:used + n], temperature, 100 * turn)
        used += n
        s.log(f"mistakes: {n} runs at temperature {temperature}, {wrong:.1%} wrong")
    reviews = mistakes.review_examples()
    s.log(f"reviewer: {len(reviews)} examples of real drafts beside the artificial ones")
    # Sampling takes as long as it takes: what is left is shared.
    left = min(s.a.stop_after - (time.time() - s.begun) - 30, s.a.scale * (SECONDS["reviewer again"] + SECONDS["fixer"]))
    s.train("reviewer again", reviewer, lambda _: Examples.joined([reviews, s.corpus.fresh({"review": 1}, 10)]), 0.36 * left)
    fixes = mistakes.fix_examples(reviewer, 900)
    s.log(f"fixer: {len(fixes)} examples")
    s.train("fixer", coder, lambda _: Examples.joined([fixes, s.corpus.fresh(CODER_MIX, 6)]), 0.64 * left)


def finish(s: Session) -> None:
    exported = {role: export(s.a.out / f"{role}.gguf", role, m, corpus.tokenizers[models.VOCABULARY[role]]) for role, m in s.models.items()}
    for role in ("thinker", "coder"):
        kind = "think" if role == "thinker" else "code"
        tokens, _ = next(batches(s.corpus.fresh({kind: 1}, 1), 32768, 1, s.device))
        (s.a.out / f"router_{role}.json").write_text(json.dumps(router_statistics(exported[role], tokens, torch.float32), indent=1))
    if s.sets:
        sets = {name: work.get()[:s.a.answers] for name, work in s.sets.items()}
        write_answers(s.a.out / "answers.jsonl", answer_sets(exported, sets, s.pool, s.device, s.log))
    s.log(f"sizes: {sum(f.stat().st_size for f in s.a.out.glob('*.gguf'))} bytes in {len(exported)} files")


def main() -> int:
    s = Session(parse())
    s.corpus.wait_for(min(s.a.processes, s.a.chunks))
    s.log(f"first {len(s.corpus.chunks)} chunks of tasks")
    plain = {"coder": CODER_MIX, "thinker": {"think": 1}, "thinker again": {"think": 1}, "reviewer": {"review": 1}, "draft": {"draft": 1}}
    for phase in PHASES:
        if phase in s.state["done"]:
            continue
        if time.time() - s.begun + seconds_of(phase, s.a.scale) > s.a.stop_after:
            s.log(f"stopped before {phase}")
            break
        if phase in plain:
            s.train(phase, s.models[phase.split()[0]], lambda _: s.corpus.fresh(plain[phase]))
        else:
            {"correction": correction, "finish": finish}[phase](s)
        if phase != "finish":
            s.save(phase)
    where = torch.cuda.get_device_name() if s.device.type == "cuda" else "cpu"
    s.log(f"whole script {time.time() - s.begun:.0f} s on {where}, torch {torch.__version__}")
    (s.a.out / "train.log").write_text("\n".join(s.lines) + "\n")
    s.pool.terminate()
    return 0


if __name__ == "__main__":
    sys.exit(main())
