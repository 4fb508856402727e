"""Makes a sentence of the grammar more like what people type: other words for the same thing, other names for the input, polite or
chatty frames, lower case, slips of the keyboard."""

import re
from random import Random

SYNONYMS = {
    "numbers": "integers|values|ints|elements|items|nums", "number": "integer|value", "list": "array|sequence|python list", "string": "text|str|phrase",
    "words": "strings|terms|tokens", "word": "string|term", "remove": "lose|delete|drop|discard|strip out|get rid of|throw out|eliminate|filter out",
    "keep": "hold on to|retain|leave only|select|filter for|pick|choose", "return": "give back|output|produce|yield|print|hand back", "compute": "work out|calculate|figure out|determine|evaluate",
    "find": "get|locate|determine|look for|identify", "largest": "biggest|highest|greatest|maximum|max", "smallest": "lowest|least|minimum|tiniest|min",
    "each": "every|each and every|every single", "every": "each", "sort": "order|arrange|rank", "reverse": "flip|invert", "reversed": "flipped|backwards",
    "count": "tally|count up", "greater than": "over|more than|above|exceeding|bigger than|>", "less than": "under|below|smaller than|<|fewer than",
    "divisible by": "a multiple of|evenly divisible by", "take": "grab|get|use|extract", "sum": "total|add up", "the sum of": "the total of|the sum over|the added up",
    "distinct": "unique|different", "unique": "distinct|different", "join": "combine|concatenate|glue|merge", "letters": "characters|chars", "character": "letter|char|symbol",
    "characters": "letters|chars|symbols", "letter": "character|char", "upper case": "uppercase|capitals|upper-case|capital letters", "lower case": "lowercase|small letters|lower-case",
    "occurs": "appears|shows up|is found", "occur": "appear|show up", "contain": "include|have", "starts with": "begins with", "ends with": "finishes with",
    "check whether": "check if|test whether|see if|decide whether|say whether", "whether": "if", "square": "take the square of", "double": "multiply by two", "consecutive": "adjacent|neighbouring|successive",
    "dictionary": "dict|mapping|map|hash map", "matrix": "grid|2d list|table of numbers|list of rows", "rows": "lines|sublists", "duplicates": "repeats|duplicate values|doubles", "average": "mean",
    "ascending": "increasing|rising", "descending": "decreasing|falling", "prime numbers": "primes", "convert": "change|turn|transform", "how often": "how many times", "function": "python function|method|routine|program|piece of code",
    "the number of": "the count of|how many", "total": "sum", "then": "next|after that|afterwards", "and then": "and after that|followed by: ",
    "otherwise": "else|if not", "if": "when|in case", "only": "just", "all": "every one of", "multiply": "scale", "subtract": "take away", "longest": "lengthiest", "divisors": "factors",
}
SYNONYMS = {word: others.split("|") for word, others in SYNONYMS.items()}
SYNONYM_PATTERN = re.compile(r"\b(" + "|".join(sorted(map(re.escape, SYNONYMS), key=len, reverse=True)) + r")\b")
INPUT_NAMES = {"xs": "nums|arr|lst|numbers|data|values|a|my_list|list1|L|x", "words": "strings|ws|names|strs|word_list|lst", "s": "text|string|str1|sentence|line|st|my_string",
               "n": "num|x|number|N|k", "d": "dct|mapping|my_dict|scores|data", "m": "matrix|grid|rows|mat|M", "day": "date|dt|date_string|d"}
INPUT_NAMES = {name: others.split("|") for name, others in INPUT_NAMES.items()}
BEFORE = ["please ", "hi, ", "hey, ", "hello! ", "pls ", "task: ", "quick one: ", "I need this: ", "help me with this: ", "in python, ", "using python: ", "write python code to do this: ", "could you ",
          "can u ", "i want to ", "I'd like you to ", "you should ", "the function should ", "your job: ", "exercise: ", "write some code that does this: ", "python: ", "implement the following: ", "homework - "]
AFTER = [" thanks", " please", " thx", " in python", " Thank you!", ", please", " - in Python", " (python)", " with python code", " Keep it simple.", " as a function", " Thanks in advance", " :)", "!"]
PAIRS = {"a": "sq", "e": "wr", "i": "uo", "o": "ip", "n": "bm", "r": "et", "s": "ad", "t": "ry", "l": "kp", "h": "gj", "c": "xv", "d": "sf", "u": "yi", "m": "n"}


def with_synonyms(text: str, rng: Random, share: float) -> str:
    return SYNONYM_PATTERN.sub(lambda m: rng.choice(SYNONYMS[m[0]]) if rng.random() < share else m[0], text)


def with_other_names(text: str, names: tuple[str, ...], rng: Random) -> str:
    """The caller's own name for a single input."""
    if len(names) == 1 and names[0] in INPUT_NAMES:
        other = rng.choice(INPUT_NAMES[names[0]])
        return re.sub(rf"(?<![\w'\"-]){names[0]}(?![\w'\"-])", other, text)
    return text


def slip(word: str, rng: Random) -> str:
    """One mistyped key."""
    i, chance = rng.randrange(1, len(word) - 1), rng.random()
    if chance < 0.35:
        return word[:i] + word[i + 1] + word[i] + word[i + 2:]
    if chance < 0.65:
        return word[:i] + word[i + 1:]
    if chance < 0.8:
        return word[:i] + word[i] + word[i:]
    return word[:i] + rng.choice(PAIRS.get(word[i], "e")) + word[i + 1:]


def with_slips(text: str, rng: Random, count: int) -> str:
    words = text.split(" ")
    places = [i for i, w in enumerate(words) if len(w) >= 4 and w.isalpha()]
    for i in rng.sample(places, min(count, len(places))):
        words[i] = slip(words[i], rng)
    return " ".join(words)


def typed(text: str, names: tuple[str, ...], rng: Random) -> str:
    """The sentence as somebody might type it."""
    if rng.random() < 0.6:
        text = with_synonyms(text, rng, rng.choice((0.15, 0.3, 0.5)))
    if rng.random() < 0.12:
        text = with_other_names(text, names, rng)
    if rng.random() < 0.12:
        text = rng.choice(BEFORE) + text[0].lower() + text[1:]
        text = text if rng.random() < 0.5 else text[0].upper() + text[1:]
    if rng.random() < 0.08:
        text = text.rstrip(".") + rng.choice(AFTER)
    if rng.random() < 0.15:
        text = with_slips(text, rng, rng.choice((1, 1, 2, 3)))
    if rng.random() < 0.05:
        text = re.sub(r"\b(the|a|an) ", "", text)
    if rng.random() < 0.12:
        text = text.lower()
    elif rng.random() < 0.01:
        text = text.upper()
    if rng.random() < 0.03:
        text = text.replace(",", "").replace(".", "")
    return text
