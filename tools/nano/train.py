"""Trains the whole nano pack and writes it as GGUF, with its log and its held-out answers.

    python3 tools/nano/train.py --out DIR                    one GPU; --scale 0.75 --chunks 150 --samples 60000: 412 s of an H200
    python3 tools/nano/train.py --out DIR --size small       smaller models; what two processor cores can train

thinker; coder on plans, on bare tasks and as fixer; reviewer on artificial drafts; thinker and coder sampled for mistakes;
reviewer and fixer on these; draft. Then the exported (dequantised) weights answer the held-out tasks and evaluate.py scores them. On a processor,
phases that do not need each other run side by side, one core each.
"""

import argparse
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import torch

import corpus
import held_out
import model as models
from corpus import Corpus, build_tokenizer, use_tokenizer
from examples import Examples
from export import answer_held_out, export, golden_ids
from gguf_reader import load_model, read_gguf
from mistakes import Mistakes, limit_worker
from trainer import train

SECONDS = {
    "full": {"thinker": 90, "coder": 100, "reviewer": 70, "thinker again": 30, "reviewer again": 50, "fixer": 70, "draft": 20},
    "small": {"thinker": 900, "coder": 900, "reviewer": 900, "thinker again": 300, "reviewer again": 300, "fixer": 400, "draft": 240},
}
RATES = {"thinker": (1.0, 0.35), "coder": (1.0, 0.35), "reviewer": (1.0, 0.5), "thinker again": (0.35, 0.0), "reviewer again": (0.5, 0.0),
         "fixer": (0.5, 0.0), "draft": (1.0, 0.0)}


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--size", choices=models.SHAPES, default="full")
    parser.add_argument("--scale", type=float, default=1.0, help="of every model's seconds")
    parser.add_argument("--seconds", nargs="*", default=[], metavar="PHASE=SECONDS", help="other than the table's; 0 leaves a phase out")
    parser.add_argument("--begin-from", type=Path, help="train the pack in this folder further")
    parser.add_argument("--first-chunk", type=int, default=0, help="where in the endless training corpus to begin")
    parser.add_argument("--chunks", type=int, default=180, help=f"training tasks, in {corpus.CHUNK}s")
    parser.add_argument("--samples", type=int, default=200_000, help="runs sampled for mistakes")
    parser.add_argument("--tokens", type=int, default=49152, help="in a training batch")
    parser.add_argument("--merges", type=int, default=507)
    parser.add_argument("--decode-batch", type=int, default=12288)
    parser.add_argument("--processes", type=int, default=max(2, (os.cpu_count() or 2) - 1))
    return parser.parse_args()


class Session:
    """What every phase needs: the clock and log, the device, the pool, the corpus."""

    def __init__(self, arguments):
        self.a, self.begun, self.lines = arguments, time.time(), []
        if arguments.begin_from:
            known, _ = read_gguf(arguments.begin_from / "coder.gguf")
            self.n_vocab = len(use_tokenizer(known["tokenizer.ggml.merges"]))
        else:
            self.n_vocab = len(build_tokenizer(4000, arguments.merges))
        self.log(f"vocabulary of {self.n_vocab}")
        self.pool = multiprocessing.get_context("fork").Pool(arguments.processes, initializer=limit_worker)
        self.corpus = Corpus()
        self.filling = threading.Thread(target=self.corpus.fill, args=(self.pool, arguments.first_chunk, arguments.chunks))
        self.filling.start()
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.dtype = torch.bfloat16
        if self.device.type == "cpu":
            torch.set_num_threads(1)

    def log(self, line: str) -> None:
        self.lines.append(f"[{time.time() - self.begun:6.1f}] {line}")
        print(self.lines[-1], flush=True)

    def new_model(self, role: str):
        torch.manual_seed(sum(map(ord, role)))
        before = self.a.begin_from
        made = load_model(before / f"{role}.gguf") if before else models.Model(models.SHAPES[self.a.size][role], self.n_vocab)
        self.log(f"{role}: {made.n_parameters()} parameters" + (f", from {before.name}" if before else ""))
        return made.to(self.device)

    def train(self, phase, model, draw, keep_at=()):
        """Trains in place; returns models as they were at `keep_at`."""
        table = SECONDS[self.a.size] | {k: float(v) for k, v in (x.split("=") for x in self.a.seconds)}
        if not table[phase]:
            return [restored(model, model.state_dict()) for _ in keep_at]
        kept = train(phase, model, draw, table[phase] * self.a.scale, RATES[phase], self.a.tokens, self.device, self.log, keep_at)
        return [restored(model, state) for state in kept]

    def side_by_side(self, *phases) -> list:
        """Phases, each (phase, model, draw, keep_at): one after the other on a GPU, each a process of its own otherwise."""
        if self.device.type == "cuda":
            return [self.train(*p) for p in phases]
        with tempfile.TemporaryDirectory() as folder:
            paths = [os.path.join(folder, str(i)) for i in range(len(phases))]
            children = [multiprocessing.get_context("fork").Process(target=self.train_into, args=(*work,)) for work in zip(paths, phases)]
            for child in children:
                child.start()
            for child in children:
                child.join()
            kept = []
            for path, (_, model, _, _) in zip(paths, phases):
                states = torch.load(path)
                model.load_state_dict(states[-1])
                kept.append([restored(model, state) for state in states[:-1]])
        return kept

    def train_into(self, path, phase) -> None:
        kept = self.train(*phase)
        torch.save([m.state_dict() for m in (*kept, phase[1])], path)


def restored(model, state):
    copy = models.Model(model.shape, len(model.token_embd)).to(model.token_embd.device)
    copy.load_state_dict(state)
    return copy.eval()


def sample_mistakes(s: Session, thinkers, coders) -> Mistakes:
    """From weakened and from finished models; the finished ones at several temperatures, since their slips are the ones to catch."""
    mistakes, used = Mistakes(), 0
    plan = [(0.05, thinkers[0], coders[0], 0.7), (0.10, thinkers[1], coders[1], 0.7), (0.25, thinkers[2], coders[2], 0.3),
            (0.30, thinkers[2], coders[2], 0.7), (0.30, thinkers[2], coders[2], 1.0)]
    for turn, (share, thinker, coder, temperature) in enumerate(plan):
        n = round(s.a.samples * share)
        records, used = s.corpus.records[used:used + n], used + n
        wrong = mistakes.sample(s.pool, thinker, coder, records, temperature, 100 * turn, s.device, s.dtype, s.a.decode_batch)
        s.log(f"mistakes: {len(records)} runs at temperature {temperature}, {wrong:.1%} wrong")
    return mistakes


def main() -> None:
    s = Session(parse())
    s.a.out.mkdir(parents=True, exist_ok=True)
    while len(s.corpus.chunks) < min(s.a.processes, s.a.chunks):
        time.sleep(0.05)
    if s.device.type == "cpu":
        s.filling.join()  # a forked phase sees only what is there when it starts
    s.log(f"first {len(s.corpus.chunks)} chunks of tasks, {s.corpus.chunks[0]['code'].n_tokens() / corpus.CHUNK:.0f} tokens a code example")

    thinker, coder, reviewer = s.new_model("thinker"), s.new_model("coder"), s.new_model("reviewer")
    thinkers, coders, _ = s.side_by_side(("thinker", thinker, lambda _: s.corpus.examples("think"), (0.1, 0.4)),
                                         ("coder", coder, lambda _: s.corpus.examples("code", "code", "alone", "fix"), (0.1, 0.4)),
                                         ("reviewer", reviewer, lambda _: s.corpus.examples("review"), ()))
    s.filling.join()
    s.log(f"corpus: {len(s.corpus.records)} tasks")
    thinker.eval(), coder.eval()
    mistakes = sample_mistakes(s, [*thinkers, thinker], [*coders, coder])

    reviews = mistakes.review_examples()
    s.log(f"reviewer: {len(reviews)} examples of real drafts beside the artificial ones")

    def review_mix(turn: int) -> Examples:
        return Examples.joined([reviews, s.corpus.examples("review", share=len(reviews) / len(s.corpus.records), turn=turn)])

    s.side_by_side(("thinker again", thinker, lambda turn: s.corpus.examples("think", turn=turn + 1), ()),
                   ("reviewer again", reviewer, review_mix, ()))
    reviewer.eval()
    fixes = mistakes.fix_examples(s.pool, reviewer, s.device, s.dtype, s.a.decode_batch, 900)
    s.log(f"fixer: {len(fixes)} examples")

    def coder_mix(turn: int) -> Examples:
        rest = [s.corpus.examples(kind, share=min(1.0, times * len(fixes) / len(s.corpus.records)), turn=turn)
                for kind, times in (("code", 2.0), ("alone", 1.0), ("fix", 0.5))]
        return Examples.joined([fixes, *rest])

    draft = s.new_model("draft")
    s.side_by_side(("draft", draft, lambda _: s.corpus.examples("code"), ()), ("fixer", coder, coder_mix, ()))
    s.pool.terminate()
    finish(s, {"thinker": thinker, "coder": coder, "reviewer": reviewer, "draft": draft})


def finish(s: Session, trained: dict) -> None:
    exported = {role: export(s.a.out, role, m, corpus.tokenizer) for role, m in trained.items()}
    answers = answer_held_out(exported, held_out.read_records(), corpus.tokenizer, s.device)
    (s.a.out / "answers.jsonl").write_text("".join(json.dumps(a) + "\n" for a in answers))
    scoring = [sys.executable, str(Path(__file__).with_name("evaluate.py")), "--answers", str(s.a.out / "answers.jsonl"), "--failures",
               "--jobs", str(s.a.processes)]
    text = subprocess.run(scoring, capture_output=True, text=True).stdout
    (s.a.out / "golden.json").write_text(json.dumps(golden_ids(exported, corpus.tokenizer, s.device), indent=1))
    s.log("held-out tasks, exported weights:\n" + text)
    s.log(f"sizes: {sum(f.stat().st_size for f in s.a.out.glob('*.gguf'))} bytes in {len(exported)} files")
    s.log(f"whole script {time.time() - s.begun:.0f} s on {torch.cuda.get_device_name() if s.device.type == 'cuda' else 'cpu'}, torch {torch.__version__}")
    (s.a.out / "train.log").write_text("\n".join(s.lines) + "\n")


if __name__ == "__main__":
    main()
