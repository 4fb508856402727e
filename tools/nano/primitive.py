"""What a primitive operation is: types, constants, phrasings, one plan step and the Python that does it.

Templates use these slots: {n} the inner phrase as a plural ("the numbers in xs"), {l} the inner phrase as one thing
("xs"), {in} where it is looked for ("in xs", "among the squares of xs"), {o} the object of a verb ("xs", "them"),
{at} an optional place after a verb (" in xs" or nothing), {k} the constant,
{th} it as an ordinal. In code {v} is the input variable, {w} the second one and
{o} the output variable.
"""

from dataclasses import dataclass
from random import Random

INTS, WORDS, TEXT, INT, BOOL = "ints", "words", "text", "int", "bool"
TABLE, MATRIX, DATE, FLOAT, GROUPS = "table", "matrix", "date", "float", "groups"
TWO_LISTS, TWO_NUMBERS, TWO_STRINGS, TWO_DATES = "ints+ints", "int+int", "text+text", "date+date"

# The function's parameters by the kind of input; a constant of a step may be one more.
PARAMETERS = {INTS: ("xs",), WORDS: ("words",), TEXT: ("s",), INT: ("n",), TABLE: ("d",), MATRIX: ("m",), DATE: ("day",),
              TWO_LISTS: ("xs", "ys"), TWO_NUMBERS: ("n", "m"), TWO_STRINGS: ("s", "t"), TWO_DATES: ("day", "other")}
EXTRA = {"count": "k", "bound": "k", "length": "k", "factor": "k", "divisor": "k", "rank": "k", "letter": "ch", "separator": "sep"}

ORDINALS = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth"}

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
    most: int = 0                  # the largest number it takes; 0: any

    def __reduce__(self):
        return by_name, (self.name,)

    def phrasings(self) -> list[str]:
        return [*self.nouns, *self.bases, *self.tails, *self.verbs]


def by_name(name: str) -> Primitive:
    from table import find

    return find(name)


@dataclass(frozen=True)
class Parameter:
    """A constant that the caller gives."""

    name: str

    def __repr__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Step:
    """A primitive with its constant chosen."""

    primitive: Primitive
    value: int | str | Parameter | None = None

    def spoken(self, rng: Random) -> str:
        """The constant as a person would write it."""
        kind = self.primitive.constant
        if isinstance(self.value, Parameter):
            return self.value.name
        if kind == "letter":
            return rng.choice(["'{}'", "'{}'", '"{}"', "{}", "the letter {}"]).format(self.value)
        if kind == "separator":
            name = SEPARATORS[self.value]
            return name if self.value == " " else rng.choice([name, f"'{self.value}'"])
        if isinstance(self.value, int) and 2 <= self.value <= 10 and rng.random() < 0.15:
            return NUMBER_WORDS[self.value]
        return str(self.value)

    def ordinal(self, rng: Random) -> str:
        if isinstance(self.value, Parameter):
            return f"{self.value.name}-th" if rng.random() < 0.7 else f"{self.value.name}th"
        if rng.random() < 0.7:
            return ORDINALS[self.value]
        return f"{self.value}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(self.value, 'th') }"

    def shown(self) -> str:
        """The constant in code."""
        return repr(self.value)

    def plan(self) -> str:
        return self.primitive.step.replace("{k}", self.shown())

    def statements(self, source: str, target: str) -> list[str]:
        """The Python lines that set `target` from `source`."""
        body = self.primitive.code.replace("{k}", self.shown())
        if "{w}" in body:
            first, second = source.split(", ")
            body = body.replace("{v}", first).replace("{w}", second)
        body = body.replace("{v}", source)
        if "{o}" in body:
            return body.replace("{o}", target).split("\n")
        return [f"{target} = {body}"]


def pick_constant(kind: str, rng: Random) -> int | str | None:
    if kind == "count":
        return rng.randint(2, 5)
    if kind == "rank":
        return rng.choice((2, 2, 2, 3, 3, 4, 5))
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


def parts(text: str) -> tuple[str, ...]:
    return tuple(p for p in text.split("|") if p)


def operation(takes, name, gives, code, step, nouns, verbs, constant="", tails="", most=0) -> Primitive:
    """Phrasings separated by "|"."""
    return Primitive(name, takes, gives, step, code, parts(nouns), (), parts(tails), parts(verbs), constant, most=most)
