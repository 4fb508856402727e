"""Primitives on dictionaries of whole numbers, on matrices as lists of rows, and on dates written YYYY-MM-DD."""

from functools import partial

from primitive import BOOL, DATE, INT, INTS, MATRIX, TABLE, TEXT, WORDS, operation

table = partial(operation, TABLE)
matrix = partial(operation, MATRIX)
date = partial(operation, DATE)
DAYS = "[31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]"

TABLES = [
    table("keys_of", WORDS, "list({v})", "list the keys", "the keys of {l}|the list of keys of {l}|all keys {in}|the names of the entries {in}", "list the keys of {o}|take the keys of {o}|collect the keys of {o}"),
    table("values_of", INTS, "list({v}.values())", "list the values", "the values of {l}|the list of values {in}|all values {in}|the values stored {in}", "list the values of {o}|take the values of {o}|collect the values of {o}"),
    table("count_entries", INT, "len({v})", "count the entries", "the number of entries {in}|how many keys {l} has|the size of {l}|the number of keys {in}", "count the entries of {o}|count the keys of {o}"),
    table("sum_of_values", INT, "sum({v}.values())", "add up the values", "the sum of the values {in}|the total of the values of {l}|the sum of all values {in}", "add up the values of {o}|sum the values of {o}|total the values of {o}"),
    table("key_of_largest", TEXT, "max({v}, key={v}.get)", "find the key with the largest value", "the key with the largest value {in}|the key of the maximum value {in}|the key whose value is greatest {in}", "find the key with the largest value{at}|take the key with the highest value{at}"),
    table("key_of_smallest", TEXT, "min({v}, key={v}.get)", "find the key with the smallest value", "the key with the smallest value {in}|the key of the minimum value {in}|the key whose value is least {in}", "find the key with the smallest value{at}|take the key with the lowest value{at}"),
    table("sort_by_key", TABLE, "dict(sorted({v}.items()))", "sort the entries by key", "{l} sorted by key|the entries of {l} in the order of their keys", "sort {o} by key|sort the entries of {o} by key|order the entries of {o} by their keys"),
    table("sort_by_value", TABLE, "dict(sorted({v}.items(), key=lambda e: e[1]))", "sort the entries by value", "{l} sorted by value|the entries of {l} in ascending order of value", "sort {o} by value|order the entries of {o} by their values|sort the entries of {o} by value"),
    table("keys_by_value", WORDS, "sorted({v}, key={v}.get)", "list the keys in the order of their values", "the keys of {l} sorted by value|the keys {in} ordered by their values", "list the keys of {o} in the order of their values|sort the keys of {o} by value"),
    table("entries_above", TABLE, "{x: y for x, y in {v}.items() if y > {k}}", "keep the entries with a value greater than {k}", "the entries {in} with a value greater than {k}|the entries of {l} whose value is above {k}|the part of {l} with values over {k}", "keep the entries with a value greater than {k}{at}|keep only entries of {o} with values above {k}|filter {o} to values greater than {k}", "bound"),
    table("entries_below", TABLE, "{x: y for x, y in {v}.items() if y < {k}}", "keep the entries with a value less than {k}", "the entries {in} with a value less than {k}|the entries of {l} whose value is below {k}", "keep the entries with a value less than {k}{at}|keep only entries of {o} with values below {k}", "bound"),
    table("entries_even", TABLE, "{x: y for x, y in {v}.items() if y % 2 == 0}", "keep the entries with an even value", "the entries {in} with an even value|the entries of {l} whose value is even", "keep the entries with an even value{at}|keep only entries of {o} with even values"),
    table("entries_starting", TABLE, "{x: y for x, y in {v}.items() if str(x).startswith({k})}", "keep the entries whose key starts with {k}", "the entries {in} whose key starts with {k}|the entries of {l} with keys beginning with {k}", "keep the entries whose key starts with {k}{at}|keep only keys of {o} that begin with {k}", "letter"),
    table("double_values", TABLE, "{x: y * 2 for x, y in {v}.items()}", "double each value", "{l} with every value doubled|{l} with doubled values", "double each value of {o}|double the values in {o}"),
    table("add_to_values", TABLE, "{x: y + {k} for x, y in {v}.items()}", "add {k} to each value", "{l} with {k} added to every value|{l} with each value increased by {k}", "add {k} to each value of {o}|increase every value in {o} by {k}", "factor"),
    table("keys_with_value", WORDS, "[x for x in {v} if {v}[x] == {k}]", "list the keys with the value {k}", "the keys {in} whose value is {k}|the keys with value {k} {in}", "list the keys with value {k}{at}|find the keys of {o} whose value is {k}", "bound"),
    table("swap_keys_values", "flipped", "{y: x for x, y in {v}.items()}", "swap keys and values", "{l} with keys and values swapped|the inverse of {l}|{l} turned inside out, values as keys", "swap the keys and values of {o}|invert {o}|make the values of {o} its keys"),
    table("largest_value", INT, "max({v}.values())", "find the largest value", "the largest value {in}|the maximum of the values {in}|the highest value of {l}", "find the largest value{at}|take the maximum value of {o}"),
    table("upper_keys", TABLE, "{str(x).upper(): y for x, y in {v}.items()}", "make each key upper case", "{l} with upper case keys|{l} with its keys in upper case", "make the keys of {o} upper case|convert each key of {o} to upper case"),
    table("has_key", BOOL, "{k} in {v}", "check whether {k} is a key", "whether {k} is a key of {l}|whether {l} has the key {k}", "check whether {k} is a key of {o}|check if {o} has the key {k}", "letter"),
    table("value_or_zero", INT, "{v}.get({k}, 0)", "look up {k}, 0 if it is missing", "the value of {k} {in} or 0 if it is missing|the value stored under {k} {in}, or zero", "look up {k}{at}, with 0 if it is missing|get the value of {k}{at} or zero", "letter"),
]

MATRICES = [
    matrix("flatten", INTS, "[x for r in {v} for x in r]", "flatten the rows into one list", "the flattened list of {l}|all numbers {in} as one list|{l} flattened|the elements of all rows {in} in one list", "flatten {o}|flatten {o} into one list|put all rows of {o} into one list"),
    matrix("row_sums", INTS, "[sum(r) for r in {v}]", "sum each row", "the row sums of {l}|the sum of each row {in}|the sums of the rows {in}", "sum each row{at}|add up each row{at}|compute the row sums of {o}"),
    matrix("column_sums", INTS, "[sum(c) for c in zip(*{v})]", "sum each column", "the column sums of {l}|the sum of each column {in}|the sums of the columns {in}", "sum each column{at}|add up each column{at}|compute the column sums of {o}"),
    matrix("transpose", MATRIX, "[list(c) for c in zip(*{v})]", "transpose the matrix", "the transpose of {l}|{l} transposed|{l} with rows and columns swapped", "transpose {o}|swap the rows and columns of {o}|turn the rows of {o} into columns"),
    matrix("diagonal", INTS, "[r[i] for i, r in enumerate({v}) if i < len(r)]", "take the diagonal", "the diagonal of {l}|the main diagonal of {l}|the diagonal elements {in}", "take the diagonal of {o}|take the main diagonal of {o}|extract the diagonal of {o}"),
    matrix("row_maxima", INTS, "[max(r) for r in {v}]", "take the largest number of each row", "the largest number of each row {in}|the maximum of each row {in}|the row maxima of {l}", "take the largest number of each row{at}|find the maximum of each row{at}"),
    matrix("row_minima", INTS, "[min(r) for r in {v}]", "take the smallest number of each row", "the smallest number of each row {in}|the minimum of each row {in}|the row minima of {l}", "take the smallest number of each row{at}|find the minimum of each row{at}"),
    matrix("row_lengths", INTS, "[len(r) for r in {v}]", "take the length of each row", "the lengths of the rows {in}|the length of each row {in}", "take the length of each row{at}|count the elements of each row{at}"),
    matrix("first_column", INTS, "[r[0] for r in {v}]", "take the first column", "the first column of {l}|the first element of each row {in}", "take the first column of {o}|take the first element of each row{at}"),
    matrix("last_column", INTS, "[r[-1] for r in {v}]", "take the last column", "the last column of {l}|the last element of each row {in}", "take the last column of {o}|take the last element of each row{at}"),
    matrix("count_rows", INT, "len({v})", "count the rows", "the number of rows {in}|how many rows {l} has", "count the rows of {o}"),
    matrix("sum_of_matrix", INT, "sum(sum(r) for r in {v})", "add up all numbers of the matrix", "the sum of all numbers {in}|the total of all entries {in}", "add up all numbers{at}|sum every entry of {o}"),
    matrix("sort_rows", MATRIX, "[sorted(r) for r in {v}]", "sort each row", "{l} with each row sorted|the sorted rows of {l}", "sort each row{at}|sort every row of {o}"),
    matrix("reverse_rows", MATRIX, "[r[::-1] for r in {v}]", "reverse each row", "{l} with each row reversed|{l} mirrored left to right", "reverse each row{at}|mirror {o} left to right"),
    matrix("flip_rows", MATRIX, "{v}[::-1]", "reverse the order of the rows", "{l} with its rows in reverse order|{l} upside down", "reverse the order of the rows of {o}|turn {o} upside down"),
    matrix("rows_by_sum", MATRIX, "sorted({v}, key=sum)", "sort the rows by their sums", "the rows of {l} sorted by their sums|{l} with rows ordered by sum", "sort the rows of {o} by their sums|order the rows of {o} by sum"),
    matrix("row_of_largest_sum", INTS, "max({v}, key=sum)", "take the row with the largest sum", "the row of {l} with the largest sum|the row with the greatest total {in}", "take the row with the largest sum{at}|find the row of {o} that adds up to most"),
    matrix("longest_row", INTS, "max({v}, key=len)", "take the longest row", "the longest row {in}|the row of {l} with most elements", "take the longest row{at}|find the longest row of {o}"),
    matrix("double_entries", MATRIX, "[[x * 2 for x in r] for r in {v}]", "double each entry", "{l} with every entry doubled|{l} times two", "double every entry of {o}|multiply all entries of {o} by two"),
    matrix("add_entries", MATRIX, "[[x + {k} for x in r] for r in {v}]", "add {k} to each entry", "{l} with {k} added to every entry", "add {k} to every entry of {o}|increase all entries of {o} by {k}", "factor"),
    matrix("rows_above", MATRIX, "[r for r in {v} if sum(r) > {k}]", "keep the rows with a sum greater than {k}", "the rows of {l} with a sum greater than {k}|the rows {in} that add up to more than {k}", "keep the rows with a sum greater than {k}{at}|keep only rows of {o} that add up to more than {k}", "bound"),
    matrix("drop_first_row", MATRIX, "{v}[1:]", "drop the first row", "{l} without its first row|all rows {in} but the first", "drop the first row of {o}|remove the first row of {o}"),
    matrix("holds_entry", BOOL, "any({k} in r for r in {v})", "check whether {k} is an entry", "whether {k} occurs {in}|whether any row {in} contains {k}", "check whether {k} occurs{at}|check if any row of {o} contains {k}", "bound"),
]

DATES = [
    date("year_of", INT, "int({v}[:4])", "take the year of the date", "the year of {l}|the year {in} as a number|the calendar year of {l}", "take the year of {o}|get the year of {o}|extract the year from {o}"),
    date("month_of", INT, "int({v}[5:7])", "take the month of the date", "the month of {l}|the month {in} as a number|the month number of {l}", "take the month of {o}|get the month of {o}|extract the month from {o}"),
    date("day_of", INT, "int({v}[8:])", "take the day of the month", "the day of the month of {l}|the day {in} as a number|the day number of {l}", "take the day of the month of {o}|get the day of {o}|extract the day of the month from {o}"),
    date("quarter_of", INT, "(int({v}[5:7]) + 2) // 3", "take the quarter of the date", "the quarter of {l}|the quarter of the year of {l}|which quarter {l} lies in", "take the quarter of {o}|find the quarter of {o}"),
    date("days_in_month", INT, DAYS + "[int({v}[5:7]) - 1]", "look up the days of the month, February as 28", "the number of days in the month of {l}, counting February as 28|how many days the month of {l} has in a common year", "look up how many days the month of {o} has in a common year"),
    date("day_in_year", INT, "sum(" + DAYS + "[:int({v}[5:7]) - 1]) + int({v}[8:])", "count the days since the start of a common year", "the day of the year of {l} in a common year|how far into a common year {l} is in days", "count the day of the year of {o}, leap days aside"),
    date("date_parts", INTS, "[int(p) for p in {v}.split('-')]", "split the date into year, month and day", "the year, month and day of {l} as a list|the parts of {l} as numbers", "split {o} into year, month and day|break {o} into its three numbers"),
    date("day_first", TEXT, "'/'.join({v}.split('-')[::-1])", "write the date with the day first", "{l} written as day/month/year|{l} with the day first, separated by slashes|{l} in DD/MM/YYYY form", "write {o} as day/month/year|convert {o} to DD/MM/YYYY|rewrite {o} with the day first and slashes"),
    date("day_first_hyphen", TEXT, "'-'.join({v}.split('-')[::-1])", "write the date as day-month-year", "{l} written as day-month-year|{l} in DD-MM-YYYY form|{l} in dd-mm-yyyy format", "write {o} as day-month-year|convert {o} to DD-MM-YYYY|convert {o} to dd-mm-yyyy format"),
    date("first_of_month", DATE, "{v}[:8] + '01'", "go to the first day of the month", "the first day of the month of {l}|the start of the month of {l}", "go to the first day of the month of {o}|move {o} to the first of its month"),
    date("next_year", DATE, "str(int({v}[:4]) + 1) + {v}[4:]", "go to the same day of the next year", "the same day a year after {l}|{l} one year later", "move {o} one year ahead|add one year to {o}"),
    date("is_first_day", BOOL, "{v}.endswith('-01')", "check whether it is the first day of a month", "whether {l} is the first day of a month|if {l} is the first of a month", "check whether {o} is the first of a month"),
    date("in_leap_year", BOOL, "{o} = int({v}[:4])\n{o} = {o} % 4 == 0 and ({o} % 100 != 0 or {o} % 400 == 0)", "check whether the date is in a leap year", "whether {l} is in a leap year|whether the year of {l} is a leap year", "check whether {o} is in a leap year|check if {o} falls in a leap year"),
    date("in_summer", BOOL, "6 <= int({v}[5:7]) <= 8", "check whether the month is June to August", "whether {l} is in June, July or August|whether {l} falls between June and August", "check whether {o} is in June, July or August|check if {o} falls between June and August"),
]

PRIMITIVES = TABLES + MATRICES + DATES
