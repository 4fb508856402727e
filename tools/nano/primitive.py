"""What a primitive operation is: types, constants, phrasings, one plan step and the Python that does it.

Templates use these slots: {n} the inner phrase as a plural ("the numbers in xs"), {l} the inner phrase as one thing
("xs"), {in} where it is looked for ("in xs", "among the squares of xs"), {o} the object of a verb ("xs", "them"),
{at} an optional place after a verb (" in xs" or nothing), {k} the constant. In code {v} is the input variable and
{o} the output variable.
"""

from dataclasses import dataclass
from random import Random

INTS, WORDS, TEXT, INT, BOOL = "ints", "words", "text", "int", "bool"

PARAMETER = {INTS: "xs", WORDS: "words", TEXT: "s", INT: "n"}

NUMBER_WORDS = "zero one two three four five six seven eight nine ten".split()

SEPARATORS = {"-": "a hyphen", ",": "a comma", " ": "a space", "_": "an underscore", "/": "a slash"}


@dataclass(frozen=True)
class Primitive:
    name: str
    takes: str
    gives: str
    step: str                      # the plan's wording, lower case, no full stop
    code: str                      # an expression, or statements that set {o}
    nouns: tuple[str, ...] = ()    # phrases that nest anywhere
    bases: tuple[str, ...] = ()    # phrases unambiguous only on the bare input
    tails: tuple[str, ...] = ()    # phrases unambiguous only as the outermost
    verbs: tuple[str, ...] = ()    # imperative phrases
    constant: str = ""             # "", count, bound, factor, divisor, letter, separator
    is_filter: bool = False
    adjectives: tuple[str, ...] = ()
    relatives: tuple[str, ...] = ()

    def phrasings(self) -> list[str]:
        return [*self.nouns, *self.bases, *self.tails, *self.verbs]


@dataclass(frozen=True)
class Step:
    """A primitive with its constant chosen."""

    primitive: Primitive
    value: int | str | None = None

    def spoken(self, rng: Random) -> str:
        """The constant as a person would write it."""
        kind = self.primitive.constant
        if kind == "letter":
            return rng.choice(["'{}'", "'{}'", '"{}"', "{}", "the letter {}"]).format(self.value)
        if kind == "separator":
            name = SEPARATORS[self.value]
            return name if self.value == " " else rng.choice([name, f"'{self.value}'"])
        if isinstance(self.value, int) and 2 <= self.value <= 10 and rng.random() < 0.15:
            return NUMBER_WORDS[self.value]
        return str(self.value)

    def plan(self) -> str:
        kind = self.primitive.constant
        shown = f"'{self.value}'" if kind in ("letter", "separator") else str(self.value)
        return self.primitive.step.replace("{k}", shown)

    def statements(self, source: str, target: str) -> list[str]:
        """The Python lines that set `target` from `source`."""
        shown = repr(self.value) if isinstance(self.value, str) else str(self.value)
        body = self.primitive.code.replace("{k}", shown).replace("{v}", source)
        if "{o}" in body:
            return body.replace("{o}", target).split("\n")
        return [f"{target} = {body}"]


def pick_constant(kind: str, rng: Random) -> int | str | None:
    if kind == "count":
        return rng.randint(2, 5)
    if kind == "bound":
        return rng.randint(0, 15)
    if kind == "length":
        return rng.randint(2, 6)
    if kind == "factor":
        return rng.randint(2, 12)
    if kind == "divisor":
        return rng.randint(3, 9)
    if kind == "letter":
        return rng.choice("aaaeeeiooonnrrttssllbcdghkmpuwy")
    if kind == "separator":
        return rng.choice(list(SEPARATORS))
    return None
