"""Trains what the pack is compared with, on as many tokens as the pack saw: a generalist of the pack's total size that does all four
jobs, and a single coder of that size that answers from the task alone.

    python3 tools/nano/comparison.py --out DIR --which generalist --tokens 600e6
    python3 tools/nano/comparison.py --out DIR --which coder --tokens 600e6

Writes DIR/WHICH.gguf and its answers to the evaluation sets, DIR/answers_WHICH.jsonl, for evaluate.py --answers.
"""

import argparse
import multiprocessing
import os
import sys
import time
from pathlib import Path

import torch

import corpus
import model as models
from answers import answer_sets, write_answers
from corpus import Corpus, build_tokenizers
from export import export
from held_out import SETS
from judging import limit_worker
from model import LATENT, Shape
from trainer import train

SHAPE = Shape("deepseek2", 384, 8, 8, 1152, 48, **LATENT, n_experts=64, n_chosen=8, d_expert=32, route_scale=2.827)
TRIAL = Shape("deepseek2", 128, 2, 3, 256, 48, **LATENT, n_experts=32, n_chosen=4, d_expert=32, route_scale=2.827)
# Chunks of each kind read for each one: the pack's own proportions.
MIXES = {"generalist": {"think": 4, "code": 2, "alone": 1, "fix": 1, "review": 1}, "coder": {"alone": 1}}
RATES = (1.0, 0.0)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--which", choices=MIXES, required=True)
    parser.add_argument("--tokens", type=float, default=600e6)
    parser.add_argument("--chunks", type=int, default=500)
    parser.add_argument("--batch", type=int, default=49152, help="tokens")
    parser.add_argument("--answers", type=int, default=1000, help="at most so many tasks of each evaluation set")
    parser.add_argument("--trial", action="store_true", help="a small model, to try the script")
    a = parser.parse_args()
    a.out.mkdir(parents=True, exist_ok=True)
    begun = time.time()

    def log(line: str) -> None:
        print(f"[{time.time() - begun:6.1f}] {line}", flush=True)

    corpus.KEPT = 0
    corpus.VOCABULARY = corpus.VOCABULARY | {"review": "a"}
    build_tokenizers(300 if a.trial else 3000)
    pool = multiprocessing.get_context("fork").Pool(max(1, (os.cpu_count() or 2) - 1), initializer=limit_worker)
    sets = {name: pool.apply_async(make) for name, make in SETS.items()} if a.answers else {}
    tasks = Corpus()
    tasks.fill(pool, 0, a.chunks)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(1)
    made = models.Model(TRIAL if a.trial else SHAPE, len(corpus.tokenizers["a"])).to(device)
    log(f"{a.which}: {made.n_parameters()} parameters")
    tasks.wait_for(min(8, a.chunks))
    train(a.which, made, lambda _: tasks.fresh(MIXES[a.which], 8), 1e9, RATES, a.batch, device, log, most_tokens=a.tokens)
    made = export(a.out / f"{a.which}.gguf", a.which, made, corpus.tokenizers["a"])
    if a.answers:
        models.VOCABULARY |= {"reviewer": "a"}
        roles = {role: made for role in ("thinker", "coder", "reviewer")}
        write_answers(a.out / f"answers_{a.which}.jsonl", answer_sets(roles, {n: w.get()[:a.answers] for n, w in sets.items()}, pool, device, log))
    pool.terminate()
    return 0


if __name__ == "__main__":
    sys.exit(main())
