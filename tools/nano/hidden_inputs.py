"""Random inputs for generated functions: one tuple of arguments a call."""

from random import Random

from primitive import DATE, INT, INTS, MATRIX, TABLE, TEXT, TWO_DATES, TWO_LISTS, TWO_NUMBERS, TWO_STRINGS, WORDS, pick_constant

WORD_LIST = ("apple level noon cat kayak stream window bird radar ox it a civic garden yellow house tea wow banana hello world "
             "python runtime green silver moon eye deed stone light under paper glass tree I go up do Anna Delta lemon eagle tiger "
             "otter igloo unicorn violet yard nest rabbit mouse pencil kitten goat honey").split()
PRIME_NUMBERS = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31)


def draw_ints(rng: Random) -> list[int]:
    reach = rng.choice((5, 12, 12, 30, 60))
    values = [rng.randint(-reach, reach) for _ in range(rng.choice((0, 2, 3, 4, 5, 6, 8, 9, 10, 12)))]
    if values and rng.random() < 0.5:
        values += rng.choices(values, k=3)
    if rng.random() < 0.15:
        values += rng.choices(PRIME_NUMBERS, k=2)
    return values


def draw_words(rng: Random) -> list[str]:
    words = [rng.choice(WORD_LIST) for _ in range(rng.choice((0, 2, 3, 4, 5, 6, 8, 10, 12)))]
    if words and rng.random() < 0.5:
        words += rng.choices(words, k=2)
    return [w.upper() if rng.random() < 0.05 else w.capitalize() if rng.random() < 0.05 else w for w in words]


def draw_text(rng: Random) -> str:
    chance = rng.random()
    if chance < 0.12:
        return rng.choice(("level", "noon", "kayak", "a", "", "radar", "wow"))
    if chance < 0.16:
        return "".join(rng.choices("01", k=rng.randint(1, 8)))
    parts = [str(rng.randint(0, 999)) if rng.random() < 0.2 else rng.choice(WORD_LIST) for _ in range(rng.randint(1, 7))]
    return " ".join(p.capitalize() if rng.random() < 0.15 else p for p in parts)


def draw_number(rng: Random) -> int:
    most = rng.choice((6, 12, 12, 30, 30, 100, 300, 2000))
    return -rng.randint(1, most) if rng.random() < 0.06 else rng.randint(0, most)


def draw_table(rng: Random) -> dict[str, int]:
    names = rng.sample(WORD_LIST, rng.choice((0, 2, 3, 4, 5, 6, 7)))
    if rng.random() < 0.3:
        names += rng.sample("abceinort", 3)
    return {name: rng.randint(0, 20) for name in names}


def draw_matrix(rng: Random) -> list[list[int]]:
    rows, columns, reach = rng.randint(1, 4), rng.randint(1, 4), rng.choice((6, 12, 30))
    return [[rng.randint(-reach // 2, reach) for _ in range(columns)] for _ in range(rows)]


def draw_date(rng: Random) -> str:
    return f"{rng.choice((rng.randint(1990, 2030), 2000, 1900, 2024)):04d}-{rng.randint(1, 12):02d}-{rng.choice((1, rng.randint(1, 28))):02d}"


def two_numbers(rng: Random) -> tuple[int, int]:
    factor = rng.choice((1, 1, 2, 3, 5))
    return factor * rng.randint(1, 12), factor * rng.randint(1, 12)


def two_strings(rng: Random) -> tuple[str, str]:
    first = draw_text(rng)[:20]
    chance = rng.random()
    if chance < 0.3:
        letters = list(first)
        rng.shuffle(letters)
        return first, "".join(letters)
    if chance < 0.7 and first:
        start = rng.randrange(len(first))
        return first, first[start:start + rng.randint(1, 3)]
    return first, draw_text(rng)[:20]


SINGLE = {INTS: draw_ints, WORDS: draw_words, TEXT: draw_text, INT: draw_number, TABLE: draw_table, MATRIX: draw_matrix, DATE: draw_date}
DOUBLE = {TWO_NUMBERS: two_numbers, TWO_STRINGS: two_strings, TWO_LISTS: lambda rng: (draw_ints(rng), draw_ints(rng)),
          TWO_DATES: lambda rng: (draw_date(rng), draw_date(rng))}


def draw_inputs(kind: str, constant: str, rng: Random, count: int) -> list[tuple]:
    """`constant` is the kind of the extra parameter, "" where there is none."""
    found = []
    for _ in range(count):
        arguments = DOUBLE[kind](rng) if kind in DOUBLE else (SINGLE[kind](rng),)
        found.append(arguments + ((pick_constant(constant, rng),) if constant else ()))
    return found
