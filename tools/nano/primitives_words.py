"""Primitives on lists of strings."""

from primitive import INTS, TEXT, WORDS, Primitive


def word_filter(name, condition, step, relatives, extra_nouns=(), verbs=(), constant=""):
    nouns, bases, actions = list(extra_nouns), [], list(verbs)
    for r in relatives:
        bases += [f"the words {{in}} that {r}", f"the strings {{in}} that {r}", f"all words {{in}} that {r}"]
        actions += [f"keep the words{{at}} that {r}", f"keep only words that {r}", f"select the strings{{at}} that {r}"]
        nouns += [f"the words that {r} {{in}}", f"the strings that {r} {{in}}"]
    return Primitive(name, WORDS, WORDS, step, f"[w for w in {{v}} if {condition}]", tuple(nouns), tuple(bases), (), tuple(actions),
                     constant, True, (), tuple(relatives))


def word_map(name, body, step, nouns, tails, verbs, constant="", gives=WORDS):
    return Primitive(name, WORDS, gives, step, f"[{body} for w in {{v}}]", tuple(nouns), (), tuple(tails), tuple(verbs), constant)


FILTERS = [
    word_filter("filter_starts", "w.startswith({k})", "keep the words that start with {k}",
                ["start with {k}", "begin with {k}"], ["the words starting with {k} {in}"], (), "letter"),
    word_filter("filter_ends", "w.endswith({k})", "keep the words that end with {k}",
                ["end with {k}", "end in {k}"], ["the words ending with {k} {in}", "the words ending in {k} {in}"], (), "letter"),
    word_filter("filter_contains", "{k} in w", "keep the words that contain {k}",
                ["contain {k}", "include {k}"], ["the words containing {k} {in}", "the words with {k} in them {in}"], (), "letter"),
    word_filter("filter_lacks", "{k} not in w", "keep the words that do not contain {k}",
                ["do not contain {k}", "don't contain {k}", "lack {k}"], ["the words not containing {k} {in}", "the words without {k} {in}"],
                ["drop the words{at} that contain {k}", "remove all words with {k}"], "letter"),
    word_filter("filter_longer", "len(w) > {k}", "keep the words longer than {k} letters",
                ["are longer than {k} letters", "have more than {k} letters", "are longer than {k}"],
                ["the words longer than {k} letters {in}", "the words with more than {k} letters {in}"], (), "length"),
    word_filter("filter_shorter", "len(w) < {k}", "keep the words shorter than {k} letters",
                ["are shorter than {k} letters", "have fewer than {k} letters", "have less than {k} letters"],
                ["the words shorter than {k} letters {in}", "the words with fewer than {k} letters {in}"], (), "length"),
    word_filter("filter_length", "len(w) == {k}", "keep the words with exactly {k} letters",
                ["have exactly {k} letters", "have {k} letters", "are {k} letters long"],
                ["the words of length {k} {in}", "the words with exactly {k} letters {in}"], (), "length"),
    word_filter("filter_palindromes", "w == w[::-1]", "keep the palindromes",
                ["are palindromes", "read the same backwards"], ["the palindromes {in}", "the palindromic words {in}"],
                ["keep the palindromes{at}", "keep only palindromes"]),
]

MAPS = [
    word_map("upper_each", "w.upper()", "make each word upper case",
             ["the upper case versions of {n}", "the uppercase forms of {n}", "the upper-cased versions of {n}"],
             ["{n} in upper case", "{n} in uppercase", "{n} in capital letters"],
             ["make {o} upper case", "convert {o} to upper case", "uppercase {o}", "uppercase each word{at}", "turn {o} into upper case"]),
    word_map("lower_each", "w.lower()", "make each word lower case",
             ["the lower case versions of {n}", "the lowercase forms of {n}", "the lower-cased versions of {n}"],
             ["{n} in lower case", "{n} in lowercase", "{n} in small letters"],
             ["make {o} lower case", "convert {o} to lower case", "lowercase {o}", "lowercase each word{at}", "turn {o} into lower case"]),
    word_map("reverse_each", "w[::-1]", "reverse the letters of each word",
             ["the reversals of {n}", "the reversed spellings of {n}", "the backwards spellings of {n}"],
             ["{n} spelled backwards", "{n} with each one spelled backwards"],
             ["reverse each word{at}", "reverse every word{at}", "spell each word{at} backwards", "reverse the letters of each word{at}"]),
    word_map("first_letters", "w[0]", "take the first letter of each word",
             ["the first letters of {n}", "the first letter of each word {in}", "the initials of {n}", "the first character of each word {in}"],
             [], ["take the first letter of each word{at}", "take their first letters", "keep only the first letter of each word{at}",
                  "replace each word{at} by its first letter"]),
    word_map("last_letters", "w[-1]", "take the last letter of each word",
             ["the last letters of {n}", "the last letter of each word {in}", "the final letters of {n}", "the last character of each word {in}"],
             [], ["take the last letter of each word{at}", "take their last letters", "keep only the last letter of each word{at}",
                  "replace each word{at} by its last letter"]),
    word_map("append_each", "w + {k}", "append {k} to each word",
             ["the results of appending {k} to {n}", "the results of adding {k} to the end of each word {in}"],
             ["{n} with {k} appended to each", "{n} each followed by {k}"],
             ["append {k} to each word{at}", "add {k} to the end of each word{at}", "append {k} to every word{at}", "put {k} after each word{at}"],
             "letter"),
    word_map("lengths", "len(w)", "take the length of each word",
             ["the lengths of {n}", "the length of each word {in}", "the letter counts of {n}", "the length of every word {in}"],
             [], ["take the length of each word{at}", "take their lengths", "replace each word{at} by its length", "compute the length of each word{at}"],
             gives=INTS),
]

OTHERS = [
    Primitive("sort_words", WORDS, WORDS, "sort the words alphabetically", "sorted({v})",
              ("the alphabetical ordering of {l}", "the sorted version of {l}"), (),
              ("{n} in alphabetical order", "{n} sorted alphabetically", "{n} sorted", "{n} from a to z"),
              ("sort {o} alphabetically", "sort {o}", "sort {o} in alphabetical order", "put {o} in alphabetical order")),
    Primitive("sort_by_length", WORDS, WORDS, "sort the words by length", "sorted({v}, key=len)",
              ("the ordering by length of {l}",), (),
              ("{n} sorted by length", "{n} ordered by length", "{n} from shortest to longest"),
              ("sort {o} by length", "order {o} by length", "sort {o} from shortest to longest", "sort {o} by their lengths")),
    Primitive("longest_word", WORDS, TEXT, "find the longest word", "max({v}, key=len)",
              ("the longest word {in}", "the longest of {n}", "the longest string {in}", "the longest one of {n}"), (), (),
              ("find the longest word{at}", "take the longest one", "return the longest one", "pick the longest word{at}")),
    Primitive("shortest_word", WORDS, TEXT, "find the shortest word", "min({v}, key=len)",
              ("the shortest word {in}", "the shortest of {n}", "the shortest string {in}", "the shortest one of {n}"), (), (),
              ("find the shortest word{at}", "take the shortest one", "return the shortest one", "pick the shortest word{at}")),
    Primitive("join_with", WORDS, TEXT, "join the words with {k}", "{k}.join({v})",
              ("the string of {n} joined with {k}", "the result of joining {n} with {k}"), (),
              ("{n} joined with {k}", "{n} joined by {k}", "{n} separated by {k}", "{n} as one string joined with {k}"),
              ("join {o} with {k}", "join {o} by {k}", "join {o} using {k}", "glue {o} together with {k}"), "separator"),
    Primitive("concatenate", WORDS, TEXT, "concatenate the words", "''.join({v})",
              ("the concatenation of {n}", "the result of concatenating {n}", "the concatenation of {l}"), (),
              ("{n} joined into one string", "{n} joined without a separator"),
              ("concatenate {o}", "join {o} into one string", "glue {o} together", "join {o} without a separator")),
]

PRIMITIVES = FILTERS + MAPS + OTHERS
