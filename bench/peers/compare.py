#!/usr/bin/env python3
"""Prompt and decode speed of `blue bench` and of llama.cpp on the same files, in turns, medians over rounds.

    bench/peers/fetch.sh                                   once
    python3 bench/peers/compare.py FILE... [--rounds 5] [--threads 2] [--prompt 128] [--tokens 32] [--json]
                                   [--depths 0,4096,16384] [--cache f16]

Each round starts both programs afresh, one after the other, so that neither finds the machine in a state the other made. llama.cpp
is tried with and without its repacked weights and taken at whichever is faster, prompt and decode apart. Both are measured behind as
many tokens of context as --depths says (0: none before the prompt, the prompt before the decode). A ratio above 1 is ours.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
PEER = os.path.join(ROOT, "build", "peers", "llama_bench")
FIELDS = ("prefill_tokens_per_s", "decode_tokens_per_s")


def run(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit status {done.returncode}\n{done.stderr.strip()[-2000:]}")
    return json.loads(done.stdout)


def ours(path, depth, options):
    return run([options.blue, "bench", "-m", path, "-p", str(options.prompt), "-n", str(options.tokens), "-t", str(options.threads),
                "--depth", str(depth), "--kv", options.cache, "--runs", "1", "--json"])


def peer(path, depth, options, variant):
    return run([PEER, path, str(options.prompt), str(options.tokens), str(options.threads), variant, str(depth), options.cache])


def compare(path, depth, options):
    tried = {variant: peer(path, depth, options, variant) for variant in ("repack", "plain")}
    best = {field: max(tried, key=lambda variant, field=field: tried[variant][field]) for field in FIELDS}
    mine, theirs = [], {variant: [] for variant in set(best.values())}
    for _ in range(options.rounds):
        mine.append(ours(path, depth, options))
        for variant, figures in theirs.items():
            figures.append(peer(path, depth, options, variant))
    row = {"file": path, "depth": depth, "cache": options.cache, "rounds": options.rounds, "threads": options.threads}
    for field in FIELDS:
        we = [figures[field] for figures in mine]
        they = [figures[field] for figures in theirs[best[field]]]
        row[field] = {"blue": statistics.median(we), "llama_cpp": statistics.median(they), "llama_cpp_variant": best[field],
                      "ratio": statistics.median(we) / statistics.median(they), "blue_rounds": we, "llama_cpp_rounds": they}
    for field in ("read_gbytes_per_s", "read_limit_gbytes_per_s"):
        if field in mine[0]:
            row[field] = statistics.median(figures[field] for figures in mine)
    return row


def print_row(row):
    cells = []
    for field in FIELDS:
        cell = row[field]
        cells.append(f"{cell['blue']:9.2f} {cell['llama_cpp']:9.2f} {cell['ratio']:6.2f} {cell['llama_cpp_variant']:>7}")
    print(f"{os.path.basename(row['file'])[:24]:<24} {row['depth']:>7} | {' | '.join(cells)}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--prompt", type=int, default=128)
    parser.add_argument("--tokens", type=int, default=32)
    parser.add_argument("--depths", type=lambda text: [int(depth) for depth in text.split(",")], default=[0])
    parser.add_argument("--cache", choices=("f32", "f16", "q8_0"), default="f16")
    parser.add_argument("--blue", default=os.path.join(ROOT, "build", "release", "bin", "blue"))
    parser.add_argument("--json", action="store_true", help="one JSON array with every round")
    options = parser.parse_args()
    if not os.path.exists(PEER):
        sys.exit("build/peers/llama_bench is missing: run bench/peers/fetch.sh")
    if not options.json:
        heads = [f"{name + ' blue':>9} {'llama.cpp':>9} {'ratio':>6} {'variant':>7}"
                 for name in (f"pp{options.prompt}", f"tg{options.tokens}")]
        print(f"{'tokens/s':<24} {'depth':>7} | {' | '.join(heads)}")
    rows = []
    for path in options.files:
        for depth in options.depths:
            rows.append(compare(path, depth, options))
            if not options.json:
                print_row(rows[-1])
    if options.json:
        print(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
