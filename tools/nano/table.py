"""The table of all primitives: by name, by the input they take, and how often a random chain picks each."""

import primitives_choices
import primitives_integers
import primitives_lists
import primitives_numbers
import primitives_order
import primitives_strings
import primitives_tables
import primitives_text
import primitives_two
import primitives_words
from primitive import Primitive

MODULES = (primitives_integers, primitives_words, primitives_text, primitives_lists, primitives_numbers, primitives_two,
           primitives_order, primitives_strings, primitives_tables)
PRIMITIVES: list[Primitive] = [p for module in MODULES for p in module.PRIMITIVES]
BY_NAME = {p.name: p for p in PRIMITIVES}
BY_INPUT: dict[str, list[Primitive]] = {}
for _p in PRIMITIVES:
    BY_INPUT.setdefault(_p.takes, []).append(_p)

# The default is 1. Number operations follow every reduction and would crowd out the rest; the
# raised ones are often rejected as uninformative.
WEIGHT = {p.name: 0.3 for p in BY_INPUT["int"]}
WEIGHT |= {name: 4.0 for name in ("filter_starts", "filter_ends", "starts_with", "contains_number", "any_negative")}
WEIGHT |= {name: 2.0 for name in ("index_of", "filter_contains", "filter_longer", "filter_length", "filter_palindromes", "all_positive",
                                  "is_palindrome", "count_equal", "collapse_runs", "numbers_repeated")}


def find(name: str) -> Primitive:
    return BY_NAME.get(name) or primitives_choices.made(name)
