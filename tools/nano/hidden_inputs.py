"""Random inputs for generated functions: lists of integers, lists of words, strings."""

from random import Random

from primitive import INTS, TEXT, WORDS

WORD_LIST = ("apple level noon cat kayak stream window bird radar ox it a civic garden yellow house tea wow banana hello world "
             "python runtime green silver moon eye deed stone light under paper glass tree I go up do Anna Delta lemon eagle tiger "
             "otter igloo unicorn violet yard nest rabbit mouse pencil kitten goat honey").split()


def draw_ints(rng: Random) -> list[int]:
    reach = rng.choice((5, 12, 12, 30, 60))
    values = [rng.randint(-reach, reach) for _ in range(rng.choice((0, 3, 5, 6, 8, 9, 10, 12)))]
    if values and rng.random() < 0.5:
        values += rng.choices(values, k=3)
    return values


def draw_words(rng: Random) -> list[str]:
    words = [rng.choice(WORD_LIST) for _ in range(rng.choice((0, 3, 5, 6, 8, 10, 12)))]
    if words and rng.random() < 0.5:
        words += rng.choices(words, k=2)
    return [w.upper() if rng.random() < 0.05 else w for w in words]


def draw_text(rng: Random) -> str:
    if rng.random() < 0.15:
        return rng.choice(("level", "noon", "kayak", "a", "", "radar", "wow"))
    parts = [str(rng.randint(0, 999)) if rng.random() < 0.2 else rng.choice(WORD_LIST) for _ in range(rng.randint(1, 8))]
    return " ".join(p.capitalize() if rng.random() < 0.1 else p for p in parts)


def draw_inputs(kind: str, rng: Random, count: int) -> list:
    draw = {INTS: draw_ints, WORDS: draw_words, TEXT: draw_text}[kind]
    return [draw(rng) for _ in range(count)]
