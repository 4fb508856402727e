"""From a chain of steps to an English task: nested ("the sum of the squares of ..."), in sequence ("first ..., then ..."), or mixed."""

from random import Random

from primitive import BOOL, INT, INTS, TEXT, WORDS, Step

BASE_WHOLE = {
    INTS: ["xs", "xs", "xs", "the list xs", "the list", "the numbers", "the input list"],
    WORDS: ["words", "words", "the words", "the list words", "the list of words"],
    TEXT: ["s", "s", "s", "the string s", "the string", "the text"],
}
BASE_PLURAL = {
    INTS: ["the numbers in xs", "the numbers in xs", "the elements of xs", "xs", "the numbers in the list", "the numbers"],
    WORDS: ["the words", "the words", "words", "the strings in words", "the words in the list"],
    TEXT: ["s"],
}
BASE_PLACE = {
    INTS: ["in xs", "in xs", "in xs", "of xs", "from xs", "in the list", "in the list xs"],
    WORDS: ["in words", "in words", "of words", "from words", "in the list of words", "in the list"],
    TEXT: ["in s", "in s", "of s", "in the string", "in the string s", "in the text"],
}
LATER = {
    INTS: (["them", "the result", "the numbers", "the list"], ["", "", "", " in the result"]),
    WORDS: (["them", "the result", "the words", "the list"], ["", "", "", " in the result"]),
    TEXT: (["it", "the result", "the string"], ["", "", " of the result"]),
    INT: (["it", "the result", "the number"], [""]),
}
PREAMBLE = {
    INTS: ["a list of integers xs", "a list of numbers xs", "a list xs of integers", "a list of integers", "an integer list xs"],
    WORDS: ["a list of words", "a list of strings words", "a list of strings", "a list words of strings"],
    TEXT: ["a string s", "a string", "a text s"],
}
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
    if "{k}" in out:
        out = out.replace("{k}", step.spoken(rng))
    for name, text in slots.items():
        out = out.replace("{" + name + "}", text)
    return out


def base_slots(kind: str, rng: Random) -> dict[str, str]:
    return {"n": rng.choice(BASE_PLURAL[kind]), "l": rng.choice(BASE_WHOLE[kind]), "in": rng.choice(BASE_PLACE[kind])}


def inner_slots(phrase: str, gives: str, rng: Random) -> dict[str, str]:
    places = ["among", "of", "in", "from"] if gives in (INTS, WORDS) else ["in", "of"]
    return {"n": phrase, "l": phrase, "in": f"{rng.choice(places)} {phrase}"}


def ranked_filter(chain: list[Step], rng: Random) -> str | None:
    """A filter and a choice in one breath: "the largest even number in xs"."""
    rank = RANKS.get(chain[1].primitive.name)
    if not rank or not chain[0].primitive.adjectives:
        return None
    return f"the {rng.choice(rank)} {rng.choice(chain[0].primitive.adjectives)} number {rng.choice(BASE_PLACE[INTS])}"


def joined_filters(chain: list[Step], rng: Random) -> str | None:
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


def nested(chain: list[Step], rng: Random, outermost: bool = True) -> str:
    """One noun phrase for the whole chain, innermost step first applied."""
    slots, start, phrase = base_slots(chain[0].primitive.takes, rng), 0, ""
    if len(chain) > 1 and rng.random() < 0.6:
        both = joined_filters(chain, rng) or ranked_filter(chain, rng)
        if both:
            phrase, start = both, 2
            slots = inner_slots(phrase, chain[1].primitive.gives, rng)
    for i in range(start, len(chain)):
        p = chain[i].primitive
        choices = list(p.nouns)
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
    else:
        things, places = LATER[kind]
        thing, place = rng.choice(things), rng.choice(places)
    chosen = step.primitive.verbs
    if first or phrase:
        placed = [t for t in chosen if "{o}" in t or "{at}" in t]
        chosen = placed or chosen
    template = rng.choice(chosen)
    return fill(template, step, rng, o=thing, at=place)


def last_as_noun(step: Step, rng: Random) -> str:
    """The last step of a sequence as "return the sum of the result"."""
    kind = step.primitive.takes
    plural = {INTS: "the resulting numbers", WORDS: "the resulting words"}.get(kind, "the result")
    slots = {"n": rng.choice(["the result", plural]), "l": "the result", "in": rng.choice(["in the result", "of the result"])}
    return "return " + fill(rng.choice(step.primitive.nouns), step, rng, **slots)


def sequence(chain: list[Step], rng: Random) -> str:
    parts = []
    named = rng.randint(1, len(chain) - 1) if len(chain) > 1 and rng.random() < 0.4 else 0
    if named:
        phrase = nested(chain[:named], rng, outermost=False)
        if rng.random() < 0.5 and any("{o}" in t or "{at}" in t for t in chain[named].primitive.verbs):
            parts.append(verb(chain[named], False, rng, phrase))
            named += 1
        else:
            parts.append(f"{rng.choice(NAMING_VERBS)} {phrase}")
    for i in range(named, len(chain)):
        is_last = i == len(chain) - 1 and i > 0
        parts.append(last_as_noun(chain[i], rng) if is_last and rng.random() < 0.3 else verb(chain[i], i == 0, rng))
    text = ("first " if len(parts) > 1 and rng.random() < 0.2 else "") + parts[0]
    text = text.replace("first ", "first, ", 1) if text.startswith("first ") and rng.random() < 0.5 else text
    for i, part in enumerate(parts[1:], 1):
        link = rng.choice(LAST_CONNECTORS if i == len(parts) - 1 else CONNECTORS + [", "])
        text += link + part
    return text


def capital(text: str) -> str:
    return text[0].upper() + text[1:]


def write_task(chain: list[Step], rng: Random) -> str:
    """An English sentence that asks for the chain."""
    takes, gives = chain[0].primitive.takes, chain[-1].primitive.gives
    style, end = rng.random(), "."
    if style < 0.4:
        text = sequence(chain, rng)
        if rng.random() < 0.15:
            text = f"given {rng.choice(PREAMBLE[takes])}, {text}"
    else:
        phrase = nested(chain, rng)
        opener = rng.choice(BOOL_OPENERS if gives == BOOL else OPENERS)
        if style > 0.92 and gives == INT and phrase.startswith("the "):
            text, end = f"what is {phrase}", "?"
        elif rng.random() < 0.1:
            text = f"given {rng.choice(PREAMBLE[takes])}, {(opener or 'Return').lower()} {phrase}"
        elif rng.random() < 0.06:
            text = f"write a function that takes {rng.choice(PREAMBLE[takes])} and returns {phrase}"
        else:
            text = f"{opener} {phrase}".strip()
    if rng.random() < 0.04:
        text = text.replace(" the ", " ")
    text = capital(text) if rng.random() > 0.15 else text[0].lower() + text[1:]
    return text + (end if rng.random() > 0.2 else "")
