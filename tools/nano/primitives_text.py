"""Primitives on one string and on one number."""

from primitive import BOOL, INT, INTS, TEXT, WORDS, Primitive


def text(name, gives, code, step, nouns, tails, verbs, constant=""):
    return Primitive(name, TEXT, gives, step, code, tuple(nouns), (), tuple(tails), tuple(verbs), constant)


def scalar(name, gives, code, step, nouns, tails, verbs, constant=""):
    return Primitive(name, INT, gives, step, code, tuple(nouns), (), tuple(tails), tuple(verbs), constant)


TEXTS = [
    text("split_words", WORDS, "{v}.split()", "split the string into words",
         ["the words of {l}", "the list of words {in}", "the words {in}"], ["{l} split into words"],
         ["split {o} into words", "split {o} at the spaces", "split {o} on spaces", "break {o} into words"]),
    text("upper_text", TEXT, "{v}.upper()", "make the string upper case",
         ["the upper case version of {l}", "the uppercase form of {l}", "the upper-cased version of {l}"], ["{l} in upper case", "{l} in uppercase"],
         ["make {o} upper case", "convert {o} to upper case", "uppercase {o}", "turn {o} into upper case"]),
    text("lower_text", TEXT, "{v}.lower()", "make the string lower case",
         ["the lower case version of {l}", "the lowercase form of {l}", "the lower-cased version of {l}"], ["{l} in lower case", "{l} in lowercase"],
         ["make {o} lower case", "convert {o} to lower case", "lowercase {o}", "turn {o} into lower case"]),
    text("reverse_text", TEXT, "{v}[::-1]", "reverse the string",
         ["the reverse of {l}", "the reversal of {l}", "the reversed form of {l}"], ["{l} reversed", "{l} backwards", "{l} spelled backwards"],
         ["reverse {o}", "turn {o} around", "write {o} backwards"]),
    text("remove_vowels", TEXT, "''.join(c for c in {v} if c not in 'aeiouAEIOU')", "remove the vowels from the string",
         ["the consonants-only form of {l}", "the vowel-free version of {l}"], ["{l} without its vowels", "{l} without vowels", "{l} with the vowels removed"],
         ["remove the vowels from {o}", "remove all vowels from {o}", "drop the vowels", "delete every vowel in {o}"]),
    text("remove_spaces", TEXT, "{v}.replace(' ', '')", "remove the spaces from the string",
         ["the space-free version of {l}", "the version without spaces of {l}"], ["{l} without spaces", "{l} without its spaces", "{l} with the spaces removed"],
         ["remove the spaces from {o}", "remove all spaces from {o}", "drop the spaces", "delete every space in {o}"]),
    text("remove_letter", TEXT, "{v}.replace({k}, '')", "remove every {k} from the string",
         ["the version without {k} of {l}"], ["{l} without {k}", "{l} with every {k} removed", "{l} with {k} removed"],
         ["remove every {k} from {o}", "remove all {k} from {o}", "delete every {k} in {o}"], "letter"),
    text("first_characters", TEXT, "{v}[:{k}]", "take the first {k} characters",
         ["the first {k} characters {in}", "the first {k} letters {in}", "the prefix of length {k} of {l}"], [],
         ["take the first {k} characters{at}", "keep the first {k} letters{at}", "cut {o} to its first {k} characters"], "count"),
    text("last_characters", TEXT, "{v}[-{k}:]", "take the last {k} characters",
         ["the last {k} characters {in}", "the last {k} letters {in}", "the suffix of length {k} of {l}"], [],
         ["take the last {k} characters{at}", "keep the last {k} letters{at}", "cut {o} to its last {k} characters"], "count"),
    text("text_length", INT, "len({v})", "take the length of the string",
         ["the length of {l}", "the number of characters {in}", "how many characters are {in}", "how long {l} is"], [],
         ["take the length", "count the characters{at}", "return its length", "compute the length of {o}"]),
    text("count_vowels", INT, "sum(c in 'aeiouAEIOU' for c in {v})", "count the vowels in the string",
         ["the number of vowels {in}", "the vowel count of {l}", "how many vowels are {in}", "the count of vowels {in}"], [],
         ["count the vowels{at}", "count its vowels", "return the number of vowels"]),
    text("count_letter", INT, "{v}.count({k})", "count how often {k} occurs in the string",
         ["the number of times {k} occurs {in}", "how often {k} appears {in}", "how many times {k} occurs {in}", "the number of occurrences of {k} {in}"], [],
         ["count how often {k} occurs{at}", "count the occurrences of {k}{at}", "count every {k}{at}"], "letter"),
    text("digits", INTS, "[int(c) for c in {v} if c.isdigit()]", "list the digits as numbers",
         ["the digits {in}", "the digits {in} as numbers", "the list of digits {in}"], [],
         ["extract the digits{at}", "collect the digits{at}", "take the digits{at} as numbers", "list the digits{at}"]),
    text("is_palindrome", BOOL, "{v} == {v}[::-1]", "check whether the string is a palindrome",
         ["whether {l} is a palindrome", "if {l} is a palindrome", "whether {l} reads the same backwards"], [],
         ["check whether {o} is a palindrome", "check if {o} is a palindrome", "test whether {o} reads the same backwards"]),
    text("starts_with", BOOL, "{v}.startswith({k})", "check whether the string starts with {k}",
         ["whether {l} starts with {k}", "if {l} starts with {k}", "whether {l} begins with {k}"], [],
         ["check whether {o} starts with {k}", "check if {o} begins with {k}", "test whether {o} starts with {k}"], "letter"),
]

SCALARS = [
    scalar("square_number", INT, "{v} * {v}", "square the number",
           ["the square of {l}"], ["{l}, squared", "{l} times itself"], ["square {o}", "multiply {o} by itself", "take the square"]),
    scalar("double_number", INT, "{v} * 2", "double the number",
           ["twice {l}", "the double of {l}", "two times {l}"], ["{l}, doubled"], ["double {o}", "take twice {o}"]),
    scalar("negate_number", INT, "-{v}", "negate the number",
           ["the negative of {l}", "minus {l}", "the negation of {l}"], ["{l}, negated"], ["negate {o}", "flip the sign", "flip its sign"]),
    scalar("add_number", INT, "{v} + {k}", "add {k} to the number",
           ["{k} more than {l}"], ["{l} plus {k}", "{l} increased by {k}"], ["add {k} to {o}", "add {k}", "increase {o} by {k}"], "factor"),
    scalar("subtract_number", INT, "{v} - {k}", "subtract {k} from the number",
           ["{k} less than {l}"], ["{l} minus {k}", "{l} decreased by {k}"], ["subtract {k} from {o}", "subtract {k}", "decrease {o} by {k}"], "factor"),
    scalar("multiply_number", INT, "{v} * {k}", "multiply the number by {k}",
           ["{k} times {l}"], ["{l} times {k}", "{l} multiplied by {k}"], ["multiply {o} by {k}", "multiply by {k}", "scale {o} by {k}"], "divisor"),
    scalar("is_even", BOOL, "{v} % 2 == 0", "check whether the number is even",
           ["whether {l} is even", "if {l} is even", "whether {l} is an even number"], [],
           ["check whether {o} is even", "check if {o} is even", "test whether {o} is even"]),
    scalar("exceeds", BOOL, "{v} > {k}", "check whether the number is greater than {k}",
           ["whether {l} is greater than {k}", "if {l} is greater than {k}", "whether {l} exceeds {k}", "whether {l} is above {k}"], [],
           ["check whether {o} is greater than {k}", "check if {o} exceeds {k}", "test whether {o} is above {k}"], "bound"),
]

PRIMITIVES = TEXTS + SCALARS
