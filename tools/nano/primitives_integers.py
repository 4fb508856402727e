"""Primitives on lists of integers: filters, maps, reductions."""

from primitive import BOOL, INT, INTS, WORDS, Primitive


def number_filter(name, condition, step, adjectives, relatives, verbs=(), constant=""):
    nouns, bases, actions = [], [], list(verbs)
    for a in adjectives:
        nouns += [f"the {a} numbers {{in}}", f"all {a} numbers {{in}}", f"the {a} elements {{in}}",
                  f"only the {a} numbers {{in}}", f"the {a} values {{in}}", f"the {a} integers {{in}}"]
        actions += [f"keep the {a} numbers{{at}}", f"keep only the {a} numbers{{at}}", f"select the {a} numbers{{at}}",
                    f"take the {a} numbers{{at}}", f"pick the {a} elements{{at}}"]
    for r in relatives:
        bases += [f"the numbers {{in}} that are {r}", f"the elements {{in}} that are {r}", f"the values {{in}} that are {r}"]
        actions += [f"keep the numbers{{at}} that are {r}", f"keep only numbers that are {r}",
                    f"remove all numbers{{at}} that are not {r}"]
        if not adjectives:
            nouns += [f"the numbers {r} {{in}}", f"all numbers {r} {{in}}", f"the elements {r} {{in}}"]
            bases += [f"the numbers {{in}} {r}"]
            actions += [f"keep the numbers {r}", f"keep only the elements {r}", f"select the numbers {r}"]
    return Primitive(name, INTS, INTS, step, f"[x for x in {{v}} if {condition}]", tuple(nouns), tuple(bases), (),
                     tuple(actions), constant, True, tuple(adjectives), tuple(relatives))


def number_map(name, body, step, nouns, tails, verbs, constant=""):
    return Primitive(name, INTS, INTS, step, f"[{body} for x in {{v}}]", tuple(nouns), (), tuple(tails), tuple(verbs), constant)


def reduction(name, gives, code, step, nouns, verbs):
    return Primitive(name, INTS, gives, step, code, tuple(nouns), (), (), tuple(verbs))


FILTERS = [
    number_filter("filter_even", "x % 2 == 0", "keep the even numbers", ["even"], ["even", "divisible by 2"],
                  ["drop the odd numbers{at}", "remove the odd numbers{at}", "throw away all odd numbers{at}"]),
    number_filter("filter_odd", "x % 2 != 0", "keep the odd numbers", ["odd"], ["odd", "not even"],
                  ["drop the even numbers{at}", "remove the even numbers{at}", "throw away all even numbers{at}"]),
    number_filter("filter_positive", "x > 0", "keep the positive numbers", ["positive"], ["positive", "greater than zero"]),
    number_filter("filter_negative", "x < 0", "keep the negative numbers", ["negative"], ["negative", "less than zero"]),
    number_filter("filter_nonzero", "x != 0", "keep the nonzero numbers", ["nonzero", "non-zero"], ["not zero"],
                  ["drop the zeros{at}", "remove all zeros{at}", "remove every zero{at}"]),
    number_filter("filter_greater", "x > {k}", "keep the numbers greater than {k}", [],
                  ["greater than {k}", "larger than {k}", "above {k}", "bigger than {k}", "more than {k}"], (), "bound"),
    number_filter("filter_less", "x < {k}", "keep the numbers less than {k}", [],
                  ["less than {k}", "smaller than {k}", "below {k}", "lower than {k}", "under {k}"], (), "bound"),
    number_filter("filter_multiple", "x % {k} == 0", "keep the multiples of {k}", [], ["divisible by {k}", "multiples of {k}"],
                  ["keep the multiples of {k}", "keep only the multiples of {k}{at}"], "divisor"),
]

MAPS = [
    number_map("square_each", "x * x", "square each number",
               ["the squares of {n}", "the square of each number {in}", "the square of every number {in}", "the squared values of {n}"],
               ["{n} squared"], ["square {o}", "square each number{at}", "square every element{at}", "square all of {o}"]),
    number_map("cube_each", "x * x * x", "cube each number",
               ["the cubes of {n}", "the cube of each number {in}", "the cube of every number {in}", "the cubed values of {n}"],
               ["{n} cubed"], ["cube {o}", "cube each number{at}", "cube every element{at}"]),
    number_map("double_each", "x * 2", "double each number",
               ["the doubles of {n}", "twice each number {in}", "the double of each number {in}", "the double of every number {in}"],
               ["{n} doubled"], ["double {o}", "double each number{at}", "double every element{at}"]),
    number_map("negate_each", "-x", "negate each number",
               ["the negatives of {n}", "the negated values of {n}", "the negation of each number {in}"],
               ["{n} with their signs flipped", "{n} negated"],
               ["negate {o}", "negate each number{at}", "flip the sign of each number{at}", "flip the sign of every number{at}"]),
    number_map("absolute_each", "abs(x)", "take the absolute value of each number",
               ["the absolute values of {n}", "the absolute value of each number {in}", "the absolute value of every number {in}",
                "the magnitudes of {n}"], [],
               ["take the absolute value of each number{at}", "make every number{at} non-negative", "take absolute values",
                "replace each number{at} by its absolute value"]),
    number_map("add_each", "x + {k}", "add {k} to each number",
               ["the results of adding {k} to {n}", "the results of adding {k} to each number {in}"],
               ["{n} with {k} added to each", "{n} each increased by {k}", "{n} plus {k} each"],
               ["add {k} to each number{at}", "add {k} to every element{at}", "increase each number{at} by {k}", "add {k} to {o}",
                "add {k} to all numbers{at}"], "factor"),
    number_map("subtract_each", "x - {k}", "subtract {k} from each number",
               ["the results of subtracting {k} from {n}", "the results of subtracting {k} from each number {in}"],
               ["{n} with {k} subtracted from each", "{n} each decreased by {k}", "{n} minus {k} each"],
               ["subtract {k} from each number{at}", "subtract {k} from every element{at}", "decrease each number{at} by {k}",
                "subtract {k} from {o}", "subtract {k} from all numbers{at}"], "factor"),
    number_map("multiply_each", "x * {k}", "multiply each number by {k}",
               ["the products of {n} with {k}", "{k} times each number {in}", "the results of multiplying {n} by {k}"],
               ["{n} multiplied by {k}", "{n} times {k}"],
               ["multiply {o} by {k}", "multiply each number{at} by {k}", "multiply every element{at} by {k}", "scale {o} by {k}"],
               "divisor"),
    number_map("halve_each", "x // 2", "halve each number, rounding down",
               ["the halves of {n}", "half of each number {in}", "the halved values of {n}"],
               ["{n} halved", "{n} divided by 2"],
               ["halve {o}", "halve each number{at}", "halve every element{at}", "divide each number{at} by 2, rounding down"]),
    number_map("remainder_each", "x % {k}", "take the remainder of each number divided by {k}",
               ["the remainders of {n} modulo {k}", "the remainder of each number {in} modulo {k}", "the residues of {n} mod {k}"],
               ["{n} modulo {k}", "the remainders of {n} when divided by {k}"],
               ["take each number{at} modulo {k}", "take {o} modulo {k}", "reduce each number{at} modulo {k}",
                "replace each number{at} by its remainder modulo {k}"], "divisor"),
]

SEQUENCES = [
    Primitive("sort_ascending", INTS, INTS, "sort the numbers in ascending order", "sorted({v})",
              ("the sorted version of {l}", "the ascending ordering of {l}"), (),
              ("{n} in ascending order", "{n} sorted in ascending order", "{n} sorted", "{n} from smallest to largest",
               "{n} in increasing order"),
              ("sort {o}", "sort {o} in ascending order", "sort {o} in increasing order", "sort {o} from smallest to largest",
               "order {o} from low to high")),
    Primitive("sort_descending", INTS, INTS, "sort the numbers in descending order", "sorted({v}, reverse=True)",
              ("the descending ordering of {l}",), (),
              ("{n} in descending order", "{n} sorted in descending order", "{n} from largest to smallest", "{n} in decreasing order"),
              ("sort {o} in descending order", "sort {o} in decreasing order", "sort {o} from largest to smallest",
               "order {o} from high to low")),
    Primitive("running_sums", INTS, INTS, "compute the running sums", "[sum({v}[:i + 1]) for i in range(len({v}))]",
              ("the running sums of {n}", "the running totals of {n}", "the prefix sums of {n}", "the cumulative sums of {n}"), (), (),
              ("compute the running sums", "take the running totals", "take cumulative sums", "replace {o} by the prefix sums")),
    Primitive("differences", INTS, INTS, "compute the differences between neighbours", "[y - x for x, y in zip({v}, {v}[1:])]",
              ("the differences between neighbours {in}", "the consecutive differences of {n}", "the differences of consecutive elements {in}",
               "the differences between adjacent numbers {in}"), (), (),
              ("take the consecutive differences", "compute the differences between neighbours",
               "compute the differences between adjacent numbers")),
    Primitive("numbers_to_words", INTS, WORDS, "convert each number to a string", "[str(x) for x in {v}]",
              ("the string forms of {n}", "the string versions of {n}", "the decimal strings of {n}"), (), ("{n} as strings", "{n} converted to strings"),
              ("convert {o} to strings", "turn {o} into strings", "convert each number{at} to a string", "turn each number{at} into a string")),
]

REDUCTIONS = [
    reduction("sum_of", INT, "sum({v})", "sum the numbers",
              ["the sum of {l}", "the sum of {n}", "the total of {n}", "the total of {l}", "the sum of all {in}"],
              ["sum {o}", "add {o} up", "sum {o} up", "add up {o}", "compute the sum", "return their sum", "total {o}"]),
    reduction("product_of", INT, "{o} = 1\nfor x in {v}:\n    {o} *= x", "multiply the numbers together",
              ["the product of {l}", "the product of {n}", "the product of all {n}"],
              ["multiply {o} together", "multiply {o} all together", "compute the product", "return their product"]),
    reduction("largest", INT, "max({v})", "find the largest number",
              ["the largest of {n}", "the maximum of {n}", "the biggest of {n}", "the largest number {in}", "the maximum of {l}",
               "the largest element {in}", "the biggest number {in}", "the maximum {in}", "the greatest number {in}"],
              ["find the largest number{at}", "take the maximum", "return the largest one", "return the biggest one", "return the maximum"]),
    reduction("smallest", INT, "min({v})", "find the smallest number",
              ["the smallest of {n}", "the minimum of {n}", "the smallest number {in}", "the minimum of {l}", "the smallest element {in}",
               "the lowest number {in}", "the minimum {in}", "the least of {n}"],
              ["find the smallest number{at}", "take the minimum", "return the smallest one", "return the lowest one", "return the minimum"]),
    reduction("spread", INT, "max({v}) - min({v})", "subtract the smallest number from the largest",
              ["the spread of {n}", "the difference between the largest and the smallest of {n}", "the range of {n}",
               "the difference between the maximum and minimum of {n}", "the gap between the largest and smallest numbers {in}"],
              ["subtract the minimum from the maximum", "return the largest minus the smallest", "compute the range", "compute the spread"]),
    reduction("all_positive", BOOL, "all(x > 0 for x in {v})", "check whether every number is positive",
              ["whether all {n} are positive", "whether every one of {n} is positive", "if all {n} are positive"],
              ["check that all of {o} are positive", "check whether all of {o} are positive", "check if every number{at} is positive"]),
    reduction("any_negative", BOOL, "any(x < 0 for x in {v})", "check whether any number is negative",
              ["whether any of {n} is negative", "if any of {n} is negative", "whether there is a negative number {in}"],
              ["check whether any of {o} is negative", "check if any number{at} is negative", "check for a negative number{at}"]),
    Primitive("contains_number", INTS, BOOL, "check whether {k} is among the numbers", "{k} in {v}",
              ("whether {k} is {in}", "whether {k} occurs {in}", "if {k} appears {in}"), (), (),
              ("check whether {k} is among {o}", "check if {k} occurs{at}", "check whether {k} appears{at}"), "bound"),
    Primitive("count_equal", INTS, INT, "count how often {k} occurs", "{v}.count({k})",
              ("the number of times {k} occurs {in}", "the number of occurrences of {k} {in}", "how often {k} appears {in}",
               "how many times {k} occurs {in}"), (), (),
              ("count how often {k} occurs{at}", "count the occurrences of {k}{at}", "count how many times {k} appears{at}"), "bound"),
]

PRIMITIVES = FILTERS + MAPS + SEQUENCES + REDUCTIONS
