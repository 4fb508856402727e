#!/usr/bin/env python3
"""Compares float32 logits with reference data. Exit status 0 when they hold, 1 when not, 2 on bad input.

nmse GOT WANTED BOUND          sum (got - wanted)^2 / sum wanted^2 < BOUND
greedy GOT TOKENS GREEDY       GOT holds logits over TOKENS and then GREEDY: each id of GREEDY is the largest before it
"""
import array
import sys
from pathlib import Path


def read_floats(path: str) -> array.array:
    values = array.array("f")
    values.frombytes(Path(path).read_bytes())
    return values


def read_ids(path: str) -> list[int]:
    return [int(word) for word in Path(path).read_text().split()]


def check_nmse(got_path: str, wanted_path: str, bound: str) -> bool:
    got, wanted = read_floats(got_path), read_floats(wanted_path)
    if len(got) != len(wanted):
        print(f"{got_path}: {len(got)} logits, wanted {len(wanted)}")
        return False
    error = sum((g - w) ** 2 for g, w in zip(got, wanted)) / sum(w * w for w in wanted)
    print(f"{Path(wanted_path).name}: NMSE {error:.3g}, bound {bound}")
    return error < float(bound)  # false for NaN too


def check_greedy(got_path: str, tokens_path: str, greedy_path: str) -> bool:
    tokens, greedy = read_ids(tokens_path), read_ids(greedy_path)
    logits = read_floats(got_path)
    n_rows = len(tokens) + len(greedy)
    n_vocab, rest = divmod(len(logits), n_rows)
    if rest or not n_vocab:
        print(f"{got_path}: {len(logits)} logits are not {n_rows} rows")
        return False
    for i, wanted in enumerate(greedy):
        begin = (len(tokens) - 1 + i) * n_vocab
        row = logits[begin : begin + n_vocab]
        best = max(range(n_vocab), key=row.__getitem__)
        if best != wanted:
            print(f"{Path(greedy_path).name}: token {i} is {best}, wanted {wanted}")
            return False
    print(f"{Path(greedy_path).name}: {len(greedy)} tokens equal")
    return True


def main(arguments: list[str]) -> int:
    checks = {"nmse": check_nmse, "greedy": check_greedy}
    if len(arguments) != 4 or arguments[0] not in checks:
        print(__doc__, file=sys.stderr)
        return 2
    return 0 if checks[arguments[0]](*arguments[1:]) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
