"""Primitives that exist for both kinds of list: positions, order, duplicates, counting."""

from primitive import INT, INTS, TEXT, WORDS, Primitive


def list_primitives(kind: str, noun: str, plural: str, element: str) -> list[Primitive]:
    """`noun` names one item, `plural` many, `element` is the type of one item."""

    def make(name, gives, code, step, nouns, tails, verbs, constant=""):
        def said(templates):
            both = [t.replace("{items}", p).replace("{item}", i) for t in templates for p, i in ((plural, noun), ("elements", "element"))]
            return tuple(dict.fromkeys(both))

        return Primitive(f"{name}_{kind}", kind, gives, step.replace("{items}", plural).replace("{item}", noun), code,
                         said(nouns), (), said(tails), said(verbs), constant)

    return [
        make("take_first", kind, "{v}[:{k}]", "take the first {k} {items}",
             ["the first {k} {items} {in}", "the first {k} of {n}"], [],
             ["take the first {k} {items}{at}", "keep the first {k} {items}{at}", "take the first {k}", "keep only the first {k} {items}"], "count"),
        make("take_last", kind, "{v}[-{k}:]", "take the last {k} {items}",
             ["the last {k} {items} {in}", "the last {k} of {n}"], [],
             ["take the last {k} {items}{at}", "keep the last {k} {items}{at}", "take the last {k}", "keep only the last {k} {items}"], "count"),
        make("drop_first", kind, "{v}[{k}:]", "drop the first {k} {items}",
             ["all but the first {k} {items} {in}", "everything after the first {k} {items} {in}"], ["{n} without the first {k}"],
             ["drop the first {k} {items}{at}", "remove the first {k} {items}{at}", "skip the first {k} {items}{at}", "drop the first {k}"], "count"),
        make("drop_last", kind, "{v}[:-{k}]", "drop the last {k} {items}",
             ["all but the last {k} {items} {in}", "everything before the last {k} {items} {in}"], ["{n} without the last {k}"],
             ["drop the last {k} {items}{at}", "remove the last {k} {items}{at}", "cut off the last {k} {items}{at}", "drop the last {k}"], "count"),
        make("every_second", kind, "{v}[::2]", "take every second {item}",
             ["every second {item} {in}", "every other {item} {in}", "the {items} at even positions {in}"], [],
             ["take every second {item}{at}", "keep every other {item}{at}", "take every other {item}{at}"]),
        make("reverse", kind, "{v}[::-1]", "reverse the list of {items}",
             ["the reverse of {l}", "the reversed list of {n}", "the reversed version of {l}"], ["{n} in reverse order", "{n} in reversed order"],
             ["reverse the order of {o}", "reverse the list", "put {o} in reverse order"]),
        make("unique", kind, "list(dict.fromkeys({v}))", "remove duplicate {items}",
             ["the distinct {items} {in}", "the unique {items} {in}", "the different {items} {in}"], ["{n} without duplicates", "{n} with duplicates removed"],
             ["remove duplicates", "remove duplicate {items}{at}", "drop the duplicates", "drop repeated {items}{at}"]),
        make("count", INT, "len({v})", "count the {items}",
             ["the number of {n}", "the count of {n}", "how many {items} there are {in}", "the number of {items} {in}"], [],
             ["count {o}", "count the {items}{at}", "count how many there are", "return how many there are"]),
        make("first", element, "{v}[0]", "take the first {item}",
             ["the first of {n}", "the first {item} {in}", "the first one of {n}"], [],
             ["take the first {item}{at}", "return the first one", "take the first one", "pick the first {item}{at}"]),
        make("last", element, "{v}[-1]", "take the last {item}",
             ["the last of {n}", "the last {item} {in}", "the final {item} {in}"], [],
             ["take the last {item}{at}", "return the last one", "take the last one", "pick the last {item}{at}"]),
    ]


PRIMITIVES = list_primitives(INTS, "number", "numbers", INT) + list_primitives(WORDS, "word", "words", TEXT)
