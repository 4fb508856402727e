"""Forty requests as people type them, with calls that the answer must satisfy, or none where declining is right.

    python3 tools/nano/sentences.py                   asks build/release/bin/blue; prints a table for the model card
"""

import argparse
from pathlib import Path

from evaluate import CANNOT, CASCADE, ROOT, ask
from scorer import is_right

SENTENCES: list[tuple[str, list[tuple[list, object]] | None]] = [
    ("Return the second largest number in xs.", [([[3, 9, 4]], 4), ([[1, 2]], 1)]),
    ("reverse every word in s", [(["abc de"], "cba ed")]),
    ("fibonacci numbers up to n", [([10], [0, 1, 1, 2, 3, 5, 8]), ([1], [0, 1, 1])]),
    ("make me a web server", None),
    ("Прибавь десять к каждому числу и возведи в квадрат", None),
    ("count the words that start with a", [([["apple", "bee", "ant"]], 2)]),
    ("what is the average of xs?", [([[1, 2, 3]], 2.0)]),
    ("give me the three largest numbers", [([[5, 1, 9, 7]], [9, 7, 5])]),
    ("is n prime", [([7], True), ([8], False)]),
    ("retrun teh sum of the sqares of xs", [([[1, 2, 3]], 14)]),
    ("sort the words by length and join them with commas", [([["ccc", "a", "bb"]], "a,bb,ccc")]),
    ("how many vowels are in s", [(["banana"], 3)]),
    ("remove duplicates from my list but keep the order", [([[3, 1, 3, 2]], [3, 1, 2])]),
    ("all even numbers in xs, doubled", [([[1, 2, 4]], [4, 8])]),
    ("the word that occurs most often in words", [([["a", "b", "b"]], "b")]),
    ("flatten the matrix m and add everything up", [([[[1, 2], [3]]], 6)]),
    ("Write a function that returns the biggest value of a dict", [([{"a": 1, "b": 3}], 3)]),
    ("convert n to binary", [([5], "101")]),
    ("the sum of the digits of n", [([123], 6)]),
    ("greatest common divisor of n and m", [([12, 8], 4)]),
    ("what are the common elements of xs and ys?", [([[1, 2, 3], [2, 3, 4]], [2, 3])]),
    ("are s and t anagrams", [(["tea", "eat"], True)]),
    ("capitalize every word of s", [(["ab cd"], "Ab Cd")]),
    ("rotate xs left by 2", [([[1, 2, 3, 4]], [3, 4, 1, 2])]),
    ("if the list has more than 3 elements return the sum, otherwise return the maximum", [([[1, 2, 3, 4]], 10), ([[1, 5]], 5)]),
    ("double the even numbers and leave the rest alone", [([[1, 2, 3]], [1, 4, 3])]),
    ("start at zero, add each even number and subtract each odd one", [([[1, 2, 4]], 5)]),
    ("key with the highest value in d", [([{"a": 1, "b": 3}], "b")]),
    ("row sums of m", [([[[1, 2], [3, 4]]], [3, 7])]),
    ("what year is the date day", [(["2024-03-01"], 2024)]),
    ("remove the vowels from s 🙂", [(["banana"], "bnn")]),
    ("f([1, 2, 3]) == [1, 4, 9]\nf([5]) == [25]\nf([2, 4]) == [4, 16]", [([[3, 1]], [9, 1])]),
    ("drop the first two numbers, then reverse", [([[1, 2, 3, 4]], [4, 3])]),
    ("first n primes", [([4], [2, 3, 5, 7])]),
    ("count how often each letter occurs in s", [(["aab"], {"a": 2, "b": 1})]),
    ("sort xs in Java", None),
    ("the even numbers that are odd", None),
    ("translate s to German", None),
    ("asdf qwer", None),
    ("Can you return every other element of the list, please?", [([[1, 2, 3, 4, 5]], [1, 3, 5])]),
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--blue", type=Path, default=ROOT / "build/release/bin/blue")
    blue, good = parser.parse_args().blue, 0
    print("| request | answer | right |\n|---|---|---|")
    for sentence, calls in SENTENCES:
        slots = ask(blue, sentence, CASCADE, 120.0, [])
        code, plan = slots.get("final_code", ""), slots.get("reasoning", "")
        declined = plan.startswith(CANNOT)
        right = declined if calls is None else is_right(code, [a for a, _ in calls], [repr(v) for _, v in calls])
        good += right
        shown = plan if declined else "`" + code.split("\n", 1)[-1].replace("\n", " ⏎ ").replace("    ", "").replace("|", "\\|") + "`"
        asked = sentence.replace("\n", " ⏎ ")
        print(f"| {asked} | {shown} | {'yes' if right else 'no'} |", flush=True)
    print(f"\n{good} of {len(SENTENCES)} right or rightly declined")


if __name__ == "__main__":
    main()
