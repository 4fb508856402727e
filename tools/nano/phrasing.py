"""From a chain of steps to an English task: nested ("the sum of the squares of ..."), in sequence ("first ..., then ..."), or mixed."""

from random import Random

from colloquial import EXTRA_VERBS
from primitive import (BOOL, DATE, FLOAT, INT, INTS, MATRIX, PARAMETERS, TABLE, TEXT, TWO_DATES, TWO_LISTS, TWO_NUMBERS, TWO_STRINGS, WORDS,
                       Step)
from program import Program

LOOSER = {name: tuple(said.split("|")) for name, said in EXTRA_VERBS.items()}
LOOSE_SHARE, LISTED_SHARE = 0.5, 0.3

BASE_WHOLE = {
    INTS: ["xs", "xs", "xs", "the list xs", "the list", "the numbers", "the input list"],
    WORDS: ["words", "words", "the words", "the list words", "the list of words"],
    TEXT: ["s", "s", "s", "the string s", "the string", "the text"],
    INT: ["n", "n", "n", "the number n", "the number", "a number n"],
    TABLE: ["d", "d", "the dictionary d", "the dictionary", "the dict d"],
    MATRIX: ["m", "m", "the matrix m", "the matrix", "the list of lists m", "the grid m"],
    DATE: ["day", "day", "the date day", "the date", "the given date"],
    TWO_LISTS: ["xs and ys", "xs and ys", "the lists xs and ys", "the two lists"],
    TWO_NUMBERS: ["n and m", "n and m", "the numbers n and m", "the two numbers"],
    TWO_STRINGS: ["s and t", "s and t", "the strings s and t", "the two strings"],
    TWO_DATES: ["day and other", "day and other", "the dates day and other", "the two dates"],
}
BASE_PLURAL = {
    INTS: ["the numbers in xs", "the numbers in xs", "the elements of xs", "xs", "the numbers in the list", "the numbers"],
    WORDS: ["the words", "the words", "words", "the strings in words", "the words in the list"],
}
BASE_PLACE = {
    INTS: ["in xs", "in xs", "in xs", "of xs", "from xs", "in the list", "in the list xs"],
    WORDS: ["in words", "in words", "of words", "from words", "in the list of words", "in the list"],
    TEXT: ["in s", "in s", "of s", "in the string", "in the string s", "in the text"],
    INT: ["of n", "in n", "of the number"],
    TABLE: ["in d", "in d", "of d", "in the dictionary", "of the dictionary d"],
    MATRIX: ["in m", "in m", "of m", "in the matrix", "of the matrix m"],
    DATE: ["of day", "in day", "of the date"],
    TWO_LISTS: ["in xs and ys"], TWO_NUMBERS: ["of n and m"], TWO_STRINGS: ["in s and t"], TWO_DATES: ["of day and other"],
}
LATER = {
    INTS: (["them", "the result", "the numbers", "the list"], ["", "", "", " in the result"]),
    WORDS: (["them", "the result", "the words", "the list"], ["", "", "", " in the result"]),
    TEXT: (["it", "the result", "the string"], ["", "", " of the result"]),
    INT: (["it", "the result", "the number"], ["", " of it"]),
    TABLE: (["it", "the result", "the dictionary"], ["", "", " of the result"]),
    MATRIX: (["it", "the result", "the rows", "the matrix"], ["", "", " of the result"]),
    DATE: (["it", "the date", "the result"], ["", " of it"]),
}
LATER_PLACE = {INTS: ["among them", "in the result", "in the list"], WORDS: ["among them", "in the result", "in the list"]}
PREAMBLE = {
    INTS: ["a list of integers xs", "a list of numbers xs", "a list xs of integers", "a list of integers", "an integer list xs"],
    WORDS: ["a list of words", "a list of strings words", "a list of strings", "a list words of strings"],
    TEXT: ["a string s", "a string", "a text s"],
    INT: ["a number n", "an integer n", "a whole number n", "a number"],
    TABLE: ["a dictionary d", "a dict d from strings to integers", "a dictionary from names to numbers", "a dictionary"],
    MATRIX: ["a matrix m", "a list of lists of integers", "a matrix as a list of rows", "a list of rows m"],
    DATE: ["a date day as a string like 2024-03-01", "a date in the form YYYY-MM-DD", "a date day", "an ISO date"],
    TWO_LISTS: ["two lists xs and ys", "two lists of integers", "lists xs and ys"],
    TWO_NUMBERS: ["two numbers n and m", "two integers", "integers n and m"],
    TWO_STRINGS: ["two strings s and t", "two strings", "strings s and t"],
    TWO_DATES: ["two dates day and other", "two dates in the form YYYY-MM-DD"],
}
EXTRA_GIVEN = {"k": ["and a number k", "and an integer k", "and k"], "ch": ["and a letter ch", "and a character ch"],
               "sep": ["and a separator sep", "and a string sep"]}
OPENERS = ["Return", "Return", "Return", "Compute", "Find", "Give me", "Get", "Calculate", "Output", "Determine", "Please return",
           "I want", "Write a function that returns", "Write a function that computes", "Write a Python function that returns",
           "Make a function that returns", "Produce", ""]
BOOL_OPENERS = ["Return", "Return", "Check", "Determine", "Tell me", "Decide", "Find out", "Write a function that checks",
                "Write a function that returns"]
RANKS = {"largest": ["largest", "biggest", "greatest"], "smallest": ["smallest", "lowest"], "first_ints": ["first"], "last_ints": ["last"]}
CONNECTORS = [", then ", ", then ", " and then ", ", and then ", "; then ", ". Then ", ", after that "]
NAMING_VERBS = ["take", "get", "find", "start with", "compute"]
LAST_CONNECTORS = [", then ", " and then ", ", and ", " and ", ". Then ", ". Finally, ", ", and finally "]


def fill(template: str, step: Step, rng: Random, **slots: str) -> str:
    out = template
    if "{th}" in out:
        out = out.replace("{th}", step.ordinal(rng))
    if "{th_l}" in out:
        out = out.replace("{th_l}", rng.choice(["n-th", "nth", "n'th"]))
    out = out.replace("{bare}", "n")
    if "{k}" in out:
        out = out.replace("{k}", step.spoken(rng))
    for name, text in slots.items():
        out = out.replace("{" + name + "}", text)
    return out


def base_slots(kind: str, rng: Random, is_later: bool = False) -> dict[str, str]:
    """How the input is called; with `is_later`, the value that the sentences so far have made."""
    if is_later:
        thing = rng.choice(LATER[kind][0])
        if thing == "them" and rng.random() < 0.5:
            thing = "the result"
        return {"n": thing, "l": thing, "in": rng.choice(LATER_PLACE.get(kind, ["in the result", "of the result"]))}
    whole = BASE_WHOLE[kind]
    return {"n": rng.choice(BASE_PLURAL.get(kind, whole)), "l": rng.choice(whole), "in": rng.choice(BASE_PLACE[kind])}


def inner_slots(phrase: str, gives: str, rng: Random) -> dict[str, str]:
    places = ["among", "of", "in", "from"] if gives in (INTS, WORDS) else ["in", "of"]
    return {"n": phrase, "l": phrase, "in": f"{rng.choice(places)} {phrase}"}


def ranked_filter(chain, rng: Random) -> str | None:
    """A filter and a choice in one breath: "the largest even number in xs"."""
    rank = RANKS.get(chain[1].primitive.name)
    if not rank or not chain[0].primitive.adjectives:
        return None
    return f"the {rng.choice(rank)} {rng.choice(chain[0].primitive.adjectives)} number {rng.choice(BASE_PLACE[INTS])}"


def joined_filters(chain, rng: Random) -> str | None:
    """Two filters on the input said in one breath: "the even numbers in xs that are greater than 3"."""
    first, second = chain[0], chain[1]
    if not (first.primitive.is_filter and second.primitive.is_filter and second.primitive.relatives):
        return None
    place = rng.choice(BASE_PLACE[chain[0].primitive.takes])
    link = "that are " if first.primitive.takes == INTS else "that "
    relative = link + fill(rng.choice(second.primitive.relatives), second, rng)
    if first.primitive.adjectives:
        return f"the {rng.choice(first.primitive.adjectives)} numbers {place} {relative}"
    inner = fill(rng.choice(first.primitive.relatives), first, rng)
    noun = "numbers" if first.primitive.takes == INTS else "words"
    return f"the {noun} {place} {link}{inner} and {relative.removeprefix(link)}"


def usable(templates, is_first: bool) -> list[str]:
    """"the n-th" can be said of the input alone."""
    return [t for t in templates if is_first or "{th_l}" not in t and "{bare}" not in t]


def nested(chain, rng: Random, outermost: bool = True, is_later: bool = False) -> str:
    """One noun phrase for the whole chain, innermost step first applied."""
    slots, start, phrase = base_slots(chain[0].primitive.takes, rng, is_later), 0, ""
    if len(chain) > 1 and rng.random() < 0.6 and not is_later:
        both = joined_filters(chain, rng) or ranked_filter(chain, rng)
        if both:
            phrase, start = both, 2
            slots = inner_slots(phrase, chain[1].primitive.gives, rng)
    for i in range(start, len(chain)):
        p = chain[i].primitive
        choices = usable(p.nouns, i == 0 and not is_later)
        if i == 0:
            choices += p.bases
        if outermost and i == len(chain) - 1:
            choices += p.tails
        phrase = fill(rng.choice(choices), chain[i], rng, **slots)
        slots = inner_slots(phrase, p.gives, rng)
    return phrase


def verb(step: Step, first: bool, rng: Random, phrase: str = "") -> str:
    """The step as a command; on `phrase` where one is given, on the input if `first`, else on "them"."""
    kind = step.primitive.takes
    if phrase:
        thing, place = phrase, " " + inner_slots(phrase, kind, rng)["in"]
    elif first:
        slots = base_slots(kind, rng)
        thing, place = (slots["l"] if rng.random() < 0.6 else slots["n"]), " " + slots["in"]
        if kind not in LATER:
            thing = slots["l"]
    else:
        things, places = LATER[kind]
        thing, place = rng.choice(things), rng.choice(places)
    chosen = usable(step.primitive.verbs, first and not phrase)
    looser = usable(LOOSER.get(step.primitive.name, ()), first and not phrase)
    if looser and rng.random() < LOOSE_SHARE:
        chosen = looser
    if not chosen:
        chosen = ["take " + t for t in usable(step.primitive.nouns, False)]
        thing = thing if phrase or first else "the result"
        return fill(rng.choice(chosen), step, rng, n=thing, l=thing, o=thing, **{"in": place.strip() or "in the result"})
    if first or phrase:
        placed = [t for t in chosen if "{o}" in t or "{at}" in t]
        chosen = placed or chosen
    template = rng.choice(chosen)
    return fill(template, step, rng, o=thing, l=thing, at=place)


def last_as_noun(step: Step, rng: Random) -> str:
    """The last step of a sequence as "return the sum of the result"."""
    kind = step.primitive.takes
    plural = {INTS: "the resulting numbers", WORDS: "the resulting words"}.get(kind, "the result")
    slots = {"n": rng.choice(["the result", plural]), "l": "the result", "in": rng.choice(["in the result", "of the result"])}
    nouns = usable(step.primitive.nouns, False)
    return "return " + fill(rng.choice(nouns or ["what {l} gives"]), step, rng, **slots)


def sequence(chain, rng: Random, is_later: bool = False) -> str:
    parts = []
    named = rng.randint(1, len(chain) - 1) if len(chain) > 1 and rng.random() < 0.4 and not is_later else 0
    if named:
        phrase = nested(chain[:named], rng, outermost=False)
        if rng.random() < 0.5 and any("{o}" in t or "{at}" in t for t in chain[named].primitive.verbs):
            parts.append(verb(chain[named], False, rng, phrase))
            named += 1
        else:
            parts.append(f"{rng.choice(NAMING_VERBS)} {phrase}")
    for i in range(named, len(chain)):
        is_last = i == len(chain) - 1 and i > 0
        parts.append(last_as_noun(chain[i], rng) if is_last and rng.random() < 0.3 else verb(chain[i], i == 0 and not is_later, rng))
    text = ("first " if len(parts) > 1 and rng.random() < 0.2 else "") + parts[0]
    text = text.replace("first ", "first, ", 1) if text.startswith("first ") and rng.random() < 0.5 else text
    for i, part in enumerate(parts[1:], 1):
        link = rng.choice(LAST_CONNECTORS if i == len(parts) - 1 else CONNECTORS + [", "])
        text += link + part
    return text


def backwards(chain, rng: Random) -> str:
    """The last step said first: "add them up, but first square each number"."""
    last = verb(chain[-1], False, rng)
    before = sequence(chain[:-1], rng)
    return rng.choice([f"{last}, but first {before}", f"before you {last}, {before}", f"{last} after you {before}", f"{before}; after that, {last}",
                       f"{last}, having done this first: {before}"])


def defined(chain, rng: Random) -> str:
    """Names for what is in between: "let a be the squares of xs; return the sum of a"."""
    cut = rng.randint(1, len(chain) - 1)
    name = rng.choice(["a", "ys", "result", "temp", "out"])
    inner, kind = nested(chain[:cut], rng), chain[cut - 1].primitive.gives
    slots = {"n": name, "l": name, "in": f"{rng.choice(['in', 'of'])} {name}"}
    outer = nested_on(chain[cut:], slots, rng)
    if kind in (INTS, WORDS) and rng.random() < 0.3:
        return f"return {outer}, where {name} is {inner}"
    return rng.choice([f"let {name} be {inner}; return {outer}", f"call {inner} {name}. Return {outer}", f"with {name} = {inner}, return {outer}"])


MARKERS = ("* {}", "{i}. {}", "({i}) {}", "step {i}: {}", "#{i} {}", "• {}", "+ {}", "{i}: {}", "{}")
LINKS = (" => ", " | ", " / ", ", after which ", " and proceed to ", ". Next ", "; next up: ", ", followed by this: ", ", upon which ", ". Afterwards ", " >> ", ", and when that is done ",
         ". Continue: ", ". ", "; ", ", ", "\n")
FOR_INPUT = ("{}:", "given {}:", "for {},", "do this with {}:", "input: {}.", "the argument is {}.", "suppose we get {}.", "I've got {}.", "let's say there is {}.", "take {}.", "we are given {},", "from {}:", "{} comes in.",
             "consider {} and do the following:", "", "", "")
CLOSING = ("", "", "", "", " and return that", ". That's the result", ", then you are done", " and output it", ". This is what I want", " = the answer", ". Return it")


def listed(chain, given: str, rng: Random) -> str:
    """The steps as a list or a row of commands, with the input named before, within or not at all."""
    names_input = rng.random() < 0.5 or chain[0].primitive.takes not in LATER
    parts = [verb(s, i == 0 and names_input, rng) for i, s in enumerate(chain)]
    opening = rng.choice(FOR_INPUT)
    if not names_input and not opening:
        opening = "given {}:"
    thing = rng.choice((given, given, rng.choice(BASE_WHOLE[chain[0].primitive.takes])))
    start = opening.format(thing) + " " if opening else ""
    if rng.random() < 0.4 and len(parts) > 1:
        marker = rng.choice(MARKERS)
        return start.strip() + "\n" + "\n".join(marker.replace("{i}", str(i)).replace("{}", p) for i, p in enumerate(parts, 1))
    if len(parts) > 1 and rng.random() < 0.25:
        first, last = rng.choice((", then ", " and then ", ", ")).join(parts[:-1]), parts[-1]
        return start + rng.choice(("the last step is to {l}, the steps before it are: {f}", "finish with this: {l}. Begin with this: {f}", "{l}, but only when you are through with this: {f}",
                                   "what comes last is to {l}; before that, {f}", "{f} - that is for a start; only then {l}", "eventually {l}. Earlier than that: {f}",
                                   "I need you to {l} as the final thing and to {f} ahead of it", "after you {f}, {l}")).replace("{l}", last).replace("{f}", first)
    link = rng.choice(LINKS)
    return start + link.join(parts) + rng.choice(CLOSING)


def nested_on(chain, slots: dict, rng: Random) -> str:
    phrase = ""
    for i, step in enumerate(chain):
        choices = usable(step.primitive.nouns, False) + (list(step.primitive.tails) if i == len(chain) - 1 else [])
        phrase = fill(rng.choice(choices), step, rng, **slots)
        slots = inner_slots(phrase, step.primitive.gives, rng)
    return phrase


def capital(text: str) -> str:
    return text[0].upper() + text[1:]


def can_nest(chain) -> bool:
    """Whether every step after the first has a noun that does not speak of the input."""
    return all(usable(s.primitive.nouns, False) for s in chain[1:])


def opened(phrase: str, gives: str, given: str, rng: Random) -> tuple[str, str]:
    """A request for what the phrase names, and how it ends."""
    chance = rng.random()
    if chance < 0.10 and gives in (INT, FLOAT, TEXT) and phrase.startswith("the "):
        return rng.choice([f"what is {phrase}", f"what's {phrase}", f"can you tell me {phrase}", f"how do I get {phrase}"]), "?"
    if chance < 0.17 and gives == BOOL and phrase.startswith("whether "):
        return rng.choice(["can you tell me ", "how do I find out ", "I need to know "]) + phrase, rng.choice(["?", "."])
    if chance < 0.27:
        return f"given {given}, {rng.choice(['return', 'compute', 'find', 'give me', 'output', 'I want'])} {phrase}", "."
    if chance < 0.37:
        return f"{rng.choice(['write', 'make', 'define', 'code', 'I need'])} a function that {rng.choice(['takes', 'gets', 'accepts'])} {given} and returns {phrase}", "."
    if chance < 0.43:
        return f"{phrase}", rng.choice([".", "", " please"])
    return f"{rng.choice(BOOL_OPENERS if gives == BOOL else OPENERS)} {phrase}".strip(), "."


def ordered(text: str, given: str, rng: Random) -> str:
    """A request around commands."""
    chance = rng.random()
    if chance < 0.15:
        return f"given {given}, {text}"
    if chance < 0.27:
        return f"{rng.choice(['write a function to', 'write a python function to', 'I want a function to', 'please', 'can you', 'could you please'])} {text}"
    if chance < 0.33:
        return f"take {given} and {text}"
    return text


def choice_text(p: Program, rng: Random) -> str:
    """A choice between two chains, after what comes before it."""
    b, is_later, start = p.branch, bool(p.chain), ""
    if p.chain:
        start = sequence(p.chain, rng) if rng.random() < 0.5 or not can_nest(p.chain) else f"take {nested(p.chain, rng)}"
        start += rng.choice([". ", "; then ", ", then "])
    kind = p.chain[-1].primitive.gives if p.chain else p.kind
    slots = base_slots(kind, rng, is_later)
    nouns = [t for t in b.test.primitive.nouns if t.startswith(("whether ", "if "))]
    test = fill(rng.choice(nouns), b.test, rng, **slots).removeprefix("whether ").removeprefix("if ")
    unchanged = rng.choice(["{} unchanged", "{} as it is", "{}"]).format(slots["l"])
    if rng.random() < 0.55:
        yes, no = (nested(c, rng, is_later=is_later) if c else unchanged for c in (b.yes, b.no))
        form = rng.choice(["if {t}, return {y}, otherwise {n}", "if {t}, return {y}; otherwise return {n}", "return {y} if {t}, else {n}",
                           "return {y} if {t} and {n} if not", "when {t} give {y}, else give {n}", "if {t} then {y} else {n}",
                           "return {n} unless {t}, in which case return {y}"])
    else:
        yes, no = (sequence(c, rng, is_later) if c else "return " + unchanged for c in (b.yes, b.no))
        form = rng.choice(["if {t}, {y}; otherwise {n}", "if {t}, {y}. Otherwise, {n}", "when {t}, {y}, else {n}", "{y} if {t}; if not, {n}"])
    return start + form.replace("{t}", test).replace("{y}", yes).replace("{n}", no)


def given_text(p: Program, rng: Random) -> str:
    given, extra = rng.choice(PREAMBLE[p.kind]), p.parameters()[len(PARAMETERS[p.kind]):]
    return given + (" " + rng.choice(EXTRA_GIVEN[extra[0]]) if extra else "")


def write_task(p: Program, rng: Random) -> str:
    """An English sentence that asks for the program."""
    given, end, chain = given_text(p, rng), ".", p.chain
    if p.branch:
        text = ordered(choice_text(p, rng), given, rng)
    else:
        style = rng.random()
        if rng.random() < LISTED_SHARE:
            text = listed(chain, given, rng)
        elif style < 0.07 and len(chain) > 1:
            text = ordered(backwards(chain, rng), given, rng)
        elif style < 0.14 and len(chain) > 1 and can_nest(chain):
            text = defined(chain, rng)
        elif style < 0.48 or not can_nest(chain):
            text = ordered(sequence(chain, rng), given, rng)
        else:
            text, end = opened(nested(chain, rng), p.gives(), given, rng)
    text = capital(text) if rng.random() > 0.2 else text[0].lower() + text[1:]
    return text + (end if rng.random() > 0.2 else "")
