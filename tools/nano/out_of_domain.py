"""Requests that no function of the grammar answers, each with the reason the thinker gives. `draw_outside` is for training;
`outside_requests` lists the ones for evaluation, which share no template and few words with the former."""

import hashlib
import re
from functools import lru_cache
from pydoc_data.topics import topics
from random import Random

CANNOT = "CANNOT: "
ENGLISH = CANNOT + "I read English only."
PYTHON = CANNOT + "I write Python only."
SMALL = CANNOT + "I write single small functions, not whole programs."
WORLD = CANNOT + "I know nothing beyond the input of the function."
NO_TASK = CANNOT + "I do not see a task in this."
CLASH = CANNOT + "the request contradicts itself."
UNKNOWN = CANNOT + "I do not know that operation."
MISFIT = CANNOT + "the operation does not fit the input."

LANGUAGES = {
    "ru": ("верни|найди|посчитай|напиши функцию, которая возвращает|отсортируй|удали|покажи|вычисли", "сумму чисел|все чётные числа|самое длинное слово|список слов|строку|квадраты чисел|первые три элемента|наибольшее число|гласные", "из списка xs|в строке s|в списке|до n||и прибавь десять|наоборот"),
    "de": ("gib|berechne|finde|schreibe eine Funktion für|sortiere|entferne|zeige mir", "die Summe der Zahlen|alle geraden Zahlen|das längste Wort|die Liste|die Wörter|die größte Zahl|die Quadrate|alle Vokale", "in xs|aus der Liste|in der Zeichenkette s|bis n||zurück|und kehre sie um"),
    "fr": ("renvoie|calcule|trouve|écris une fonction qui donne|trie|supprime|affiche", "la somme des nombres|les nombres pairs|le mot le plus long|la liste|les mots|le plus grand nombre|les carrés|les voyelles", "dans xs|de la liste|de la chaîne s|jusqu'à n||à l'envers|s'il te plaît"),
    "es": ("devuelve|calcula|encuentra|escribe una función que dé|ordena|elimina|muestra", "la suma de los números|los números pares|la palabra más larga|la lista|las palabras|el número mayor|los cuadrados|las vocales", "en xs|de la lista|de la cadena s|hasta n||al revés|por favor"),
    "it": ("restituisci|calcola|trova|scrivi una funzione per|ordina|rimuovi", "la somma dei numeri|i numeri pari|la parola più lunga|la lista|le parole|il numero più grande|i quadrati", "in xs|della lista|della stringa s|fino a n||al contrario"),
    "zh": ("返回|计算|找出|写一个函数返回|排序|删除", "所有偶数|数字的和|最长的单词|列表|字符串|最大的数|平方", "在xs中|从列表||直到n|并反转"),
    "pl": ("zwróć|oblicz|znajdź|napisz funkcję, która zwraca|posortuj|usuń", "sumę liczb|liczby parzyste|najdłuższe słowo|listę|największą liczbę|kwadraty", "z listy xs|w napisie s||do n"),
    "nl": ("geef|bereken|zoek|schrijf een functie voor|sorteer|verwijder", "de som van de getallen|alle even getallen|het langste woord|de lijst|het grootste getal|de kwadraten", "in xs|uit de lijst|van de tekst s||tot n"),
}
OTHER_PYTHON = "Java|C++|JavaScript|Rust|Go|C#|PHP|Ruby|SQL|Haskell|bash|Kotlin|Swift|Perl|assembly|MATLAB|TypeScript|Scala".split("|")
MORE_LANGUAGES = ("Erlang|Elixir|OCaml|Julia|R|Dart|Groovy|Cobol|Pascal|Ada|Prolog|Lisp|Scheme|Clojure|F#|VBA|Objective-C|Delphi|Tcl|awk|Zig|Nim|Solidity|GraphQL|LaTeX|HTML|CSS|an Excel formula|"
                  "Visual Basic|x86 assembler|CUDA|OpenCL|Verilog|Smalltalk|Forth|PowerShell").split("|")
OTHER_FIRST = ["a {} function that does this: {i}", "{} code: {i}", "in {}: {i}", "{i} ({} only)", "how would one do this in {}? {i}", "a {} script: {i}", "write {} for this: {i}", "show me {} that can {i}",
               "{i} but in {}", "give me the {} version: {i}", "not Python but {}: {i}", "a {} one-liner to {i}", "I program in {}. {i}"]
IN_OTHER = [" in {}", " using {}", " with {}", ". Write it in {}", " - {} please", " ({})", ", as {} code", " in {} language"]
MAKE = "make|build|write|create|code|develop|program|give me|I need|set up|generate|can you make|please write|implement".split("|")
WHOLE = ("a web server|a website|a todo app|a chat bot|a game of tetris|a snake game|a calculator with buttons|an operating system|a compiler|a database|a neural network|a mobile app|"
         "a REST API|a login page|a web scraper|a blog|an online shop|a chess engine|a spreadsheet program|a text editor|a discord bot|a music player|a browser|a VPN|a parser for json|a 3d engine|"
         "an email client|a file manager|a search engine|a kernel module|a docker container|a landing page|a portfolio site|a multiplayer shooter|a stock trading bot|a platform for videos|a clone of twitter").split("|")
FOR_WHOM = ["", "", "", " for me", " for my shop", " in python", " with a database", " that runs on my phone", " with nice colours", " for my school project", " on port 8080", " from scratch"]
OUTSIDE_WORLD = ("read the file {f} and print it|download {u}|send an email to bob|tell me the weather in Paris|what time is it|open {f}|delete all files on my disk|ask the user for a number|connect to the database|fetch {u} and count the words|"
                 "print the current date|play a song|translate s into French|what is the capital of France|write a poem about the sea|who won the election|tell me a joke|explain recursion|how are you|order a pizza|book a flight to Rome|"
                 "what is the meaning of life|summarize this article|draw a picture of a cat|plot xs as a bar chart|wait five seconds|turn on the light|take a screenshot|upload s to the cloud|hack my neighbour's wifi|"
                 "recommend a good book|write an essay about dogs|fix my computer|install numpy|run the tests|show me an image|call my mother|save the list to {f}|log in to my account|what should I eat today").split("|")
TALK = "hello|hi there|good morning|thanks a lot|ok|yes|no|test|asdf|???|...|help|lol|you are great|what can you do|hmm|who are you|nice|sorry|bye|why|never mind|stop|I love you|this is a sentence|the cat sat on the mat|it is raining today".split("|")
OPERATIONS = ("standard deviation|variance|eigenvalues|determinant|inverse matrix|fourier transform|regression line|correlation|histogram plot|shortest path|spanning tree|permutations|subsets|power set|combinations|knapsack value|edit distance|"
              "longest common subsequence|sha256 hash|md5 checksum|base64 encoding|soundex code|sentiment|grammar mistakes|synonyms|rhymes|French translation|pronunciation|syllables|roman numeral|spelled out English words|phone number|email address|"
              "domain name|logarithm|sine|cosine|exponential|derivative|integral|random sample|shuffled order|time zone|unix timestamp|weekday name|phase of the moon|horoscope|price in dollars|currency conversion|temperature in Fahrenheit|distance in miles|"
              "linked list|binary tree|heap|hash table with chaining|convex hull|area of the polygon|volume of the sphere|barycentre|softmax|gradient|embedding|clusters|k nearest neighbours|decision tree|moving average with weights|percentile|z-scores|"
              "skewness|entropy|mutual information|harmonic mean|geometric mean|quartiles|outliers|covariance|cross product|Cholesky factor|LU decomposition|QR factors|singular values|null space|trigonometric form|complex conjugate|polar form|"
              "Morse code|Braille|pig latin|haiku|anagram dictionary|crossword clues|Levenshtein neighbours|bigram model|regular expression|syntax tree|bytecode|machine code|assembly listing|XML form|YAML form|JSON schema|HTML table|CSS rules|"
              "sudoku solution|n queens boards|Tower of Hanoi moves|game of life step|maze exit|chess moves|poker hand value|lottery numbers|mortgage rate|tax owed|body mass index|calories|zodiac sign|Easter date|sunrise time|age in days|"
              "RGB colour|hex colour|image size|audio pitch|file size|MAC address|IP range|checksum digit|ISBN|credit card validity|barcode|QR code|license plate|postal code|country name|population|GDP").split("|")
ASK = "return|compute|find|give me|what is|calculate|I want|print|show|get".split("|")
ON = "of xs|of words|of s|of n|of d|of m|in the list|of the numbers|in the string|of the matrix|of the dictionary|of the given list|of a number|of the words".split("|")
NUMBER_ONLY = "square {}|cube {}|halve each of {}|the squares of {}|the prime numbers in {}|the digit sums of {}|negate {}|the absolute values of {}|the odd numbers in {}|the factorial of {}|the gcd of {}|multiply {} by three|the running sums of {}|the divisors of {}|round {} down|the square root of {}".split("|")
TEXT_ONLY = "make {} upper case|remove the vowels from {}|capitalize {}|the number of vowels in {}|the words in {} that start with a|sort {} by length alphabetically|the longest word in {}|the first letters of {}|split {} into words|the initials of {}|replace the spaces in {}|swap the case of {}|lowercase {}|is {} a pangram|join the letters of {}".split("|")
TEXT_THINGS = "the words in words|words|every word in words|the string s|each letter of s|the letters of s|the sentence s|all strings in words|the date day as text".split("|")
NUMBER_THINGS = "the numbers in xs|xs|every number in xs|the number n|the integers in xs|each element of the integer list xs|the matrix m|all entries of m|the even numbers in xs".split("|")
OPPOSITES = ("even and odd|positive and negative|greater than {a} and less than {b}|prime and divisible by four|equal to {a} and equal to {b}|both smaller than {b} and larger than {a}|even but not divisible by two|odd and divisible by two|"
             "negative and above zero|zero and positive|multiples of ten and odd").split("|")
IMPOSSIBLE = ("sort {x} in ascending and descending order at the same time|return {x} sorted and also unsorted|reverse {x} without changing the order|remove all elements of {x} and return the sum of what is not empty, but keep them all|"
              "return the largest number that is smaller than the smallest one in {x}|keep every element of {x} and keep none of them|make s upper case and lower case at once|return a number that is both {a} and {b}|remove the vowels from s but leave all vowels in|"
              "return nothing and everything in {x}|return the first {k} elements of {x}, but not the first {k}|double each number in {x} and leave every number unchanged everywhere|return True and False|count the elements of {x} without a result|"
              "return an empty list that contains {a}|sort {x} but do not change any position unless sorted and unsorted").split("|")
SYLLABLES = "fli|mor|gub|zan|tro|wex|pli|dor|kav|sni|bru|ost|ilk|urm|yop|qua|vash|gimp|nord|tez".split("|")


def trained(items: list[str]) -> list[str]:
    """Three of four; the rest are kept for evaluation."""
    return [i for i in items if hashlib.sha256(i.encode()).digest()[0] % 4]


def kept(items: list[str]) -> list[str]:
    return [i for i in items if not hashlib.sha256(i.encode()).digest()[0] % 4]


def pseudo_word(rng: Random) -> str:
    return "".join(rng.choices(SYLLABLES, k=rng.choice((1, 2, 2, 3))))


def keys_hit(rng: Random) -> str:
    letters = rng.choice(("asdfghjkl", "qwertyuiop", "abcdefghijklmnopqrstuvwxyz", "0123456789", "!?#$%&*()", "😀🎉🙈👍🚀", "äöüßéèñ"))
    return " ".join("".join(rng.choices(letters, k=rng.randint(1, 9))) for _ in range(rng.randint(1, 4)))


@lru_cache(maxsize=1)
def dictionary() -> list[str]:
    """Plain English words, from the texts that Python carries, without those that the grammar uses."""
    from wording import SYNONYMS
    from table import PRIMITIVES

    own = " ".join([*(" ".join((*p.phrasings(), p.step)) for p in PRIMITIVES), *SYNONYMS, *(w for ws in SYNONYMS.values() for w in ws)]).lower()
    used = set(re.findall(r"[a-z]+", own))
    words = set(re.findall(r"(?<![\w.])[a-z]{3,12}(?![\w(])", " ".join(topics.values())))
    return sorted(w for w in words if w not in used and w.rstrip("s") not in used)


WORD_FRAMES = ("{v} the {w} of the {w}|{v} the {w} {w}|{w} {w} {w}|can you {w} my {w}?|how do I {w} a {w}|what is the {w} of a {w}?|is the {w} {w}?|tell me about {w}|I need {w} for the {w}|please {w} the {w}|why does the {w} {w}?|"
               "write a {w} that {w}s|{v} {w} {o}|{v} the {w} {o}|{v} the {w} {w} {o}|{w} all the {w} {o}|{w} the {w} with {w}|{w} {w} and {w} {w}|make a {w} for {w}|when will the {w} {w}?|my {w} is {w}, {w} it|who {w} the {w}?|{w}?|{w} {w}!|"
               "do you {w}?|a function that {w}s the {w}|a function which gives the {w} {o}|the {w} and the {w} {o}|given xs, {w} it|given s, {v} its {w}|{w} xs|{w} s by {w}|let me {w} the {w}|where can I {w}?|{v} {w} numbers|{v} {w} words|"
               "sort {w} by {w}|count the {w} {o}|find a {w} with {w}|{w} this {w} into {w}|turn the {w} into a {w}|which {w} is {w}|could the {w} be {w}|write me something about {w}|I want to {w}").split("|")
SCRIPTS = ((0x430, 0x44f), (0x3b1, 0x3c9), (0x5d0, 0x5ea), (0x627, 0x64a), (0x4e00, 0x9fa0), (0x3041, 0x3096), (0x30a1, 0x30fa), (0xac00, 0xd7a3), (0xe01, 0xe2e), (0x905, 0x939))
DIACRITICS = "ska|för|och|som|på|är|että|lista|joka|luku|ään|ve|bir|için|sayı|büyük|şu|olan|na|jest|które|všech|číslo|řetězec|slov|um|uma|não|maior|números|și|cel|pentru|és|egy|hogy|der|nicht|größer|le|du|où|está|qué|il|più|de|het|woord|og|alle|tall|ord|størst|dan|angka|daftar|yang|trong|số|các".split("|")
ADJECTIVES = (("even", "odd"), ("odd", "even"), ("positive", "negative"), ("negative", "positive"), ("prime", "divisible by ten"), ("zero", "positive"), ("nonzero", "equal to zero"))


def foreign(rng: Random) -> str:
    """Words in another script, or in other languages of this one."""
    if rng.random() < 0.5:
        low, high = rng.choice(SCRIPTS)
        return " ".join("".join(chr(rng.randint(low, high)) for _ in range(rng.randint(1, 8))) for _ in range(rng.randint(1, 7))) + rng.choice(["", "", " xs", " s", "?", "。"])
    return " ".join(rng.choice(DIACRITICS) if rng.random() < 0.6 else pseudo_word(rng) for _ in range(rng.randint(3, 8))) + rng.choice(["", " xs", " s", " n"])


def spoilt(inside: str, rng: Random) -> str:
    """A request of the grammar with half of its longer words replaced."""
    words = inside.split("\n")[0].split(" ")
    places = [i for i, w in enumerate(words) if len(w) >= 4 and w.isalpha() and w.lower() not in ("return", "given", "then", "from", "that", "function", "write", "with", "each", "every", "numbers", "number", "list", "string")]
    for i in places:
        if rng.random() < 0.6:
            words[i] = rng.choice(dictionary())
    if places:
        words[rng.choice(places)] = rng.choice(dictionary())
    return " ".join(words) if places else " ".join(rng.choices(dictionary(), k=5))


def of_words(rng: Random) -> str:
    text = rng.choice(WORD_FRAMES).replace("{v}", rng.choice(ASK)).replace("{o}", rng.choice(ON))
    while "{w}" in text:
        text = text.replace("{w}", rng.choice(dictionary()), 1)
    return text


def in_other_language(inside: str, rng: Random) -> str:
    chance = rng.random()
    name = rng.choice(trained(OTHER_PYTHON)) if chance < 0.45 else rng.choice(MORE_LANGUAGES) if chance < 0.85 else pseudo_word(rng).capitalize()
    plain = inside.strip().split("\n")[0].rstrip(".?! ") or "sort xs"
    if rng.random() < 0.5:
        return plain + rng.choice(IN_OTHER).format(name)
    return rng.choice(OTHER_FIRST).replace("{i}", plain[0].lower() + plain[1:]).replace("{}", name)


def draw_outside(rng: Random, inside: str) -> tuple[str, str]:
    """A request and the reason against it; `inside` is a request of the grammar to be spoilt."""
    chance = rng.random()
    if chance < 0.08:
        verb, thing, more = (part.split("|") for part in LANGUAGES[rng.choice(list(LANGUAGES))])
        text, reason = f"{rng.choice(verb)} {rng.choice(thing)} {rng.choice(more)}".strip(), ENGLISH
    elif chance < 0.14:
        text, reason = foreign(rng), ENGLISH
    elif chance < 0.27:
        text, reason = in_other_language(inside, rng), PYTHON
    elif chance < 0.34:
        text, reason = f"{rng.choice(MAKE)} {'me ' if rng.random() < 0.2 else ''}{rng.choice(trained(WHOLE))}{rng.choice(FOR_WHOM)}", SMALL
    elif chance < 0.41:
        text, reason = rng.choice(trained(OUTSIDE_WORLD)).format(f="data.txt", u="http://example.org"), WORLD
    elif chance < 0.47:
        text, reason = rng.choice((rng.choice(TALK), keys_hit(rng), keys_hit(rng), " ".join(pseudo_word(rng) for _ in range(rng.randint(1, 8))))), NO_TASK
    elif chance < 0.56:
        thing = rng.choice(trained(OPERATIONS)) if rng.random() < 0.8 else pseudo_word(rng)
        text, reason = f"{rng.choice(ASK)} the {thing} {rng.choice(ON)}", UNKNOWN
        if rng.random() < 0.4:
            text = rng.choice(["write a function that returns the {} {}", "the {} {}", "a function for the {} {}", "{} {}"]).format(thing, rng.choice(ON))
    elif chance < 0.70:
        text, reason = of_words(rng), UNKNOWN
    elif chance < 0.78:
        text, reason = spoilt(inside, rng), UNKNOWN
    elif chance < 0.88:
        is_number = rng.random() < 0.5
        text = rng.choice(NUMBER_ONLY if is_number else TEXT_ONLY).format(rng.choice(TEXT_THINGS if is_number else NUMBER_THINGS))
        text, reason = (f"{rng.choice(['return', 'find', 'compute', 'give me'])} {text}" if text.startswith("the ") else text), MISFIT
    else:
        text, reason = contradiction(rng), CLASH
    if rng.random() < 0.5 and text:
        text = text[0].upper() + text[1:]
    return (text + rng.choice(".?") if rng.random() < 0.5 and text and text[-1].isalnum() else text), reason


def contradiction(rng: Random) -> str:
    low, high = rng.randint(0, 8), rng.randint(9, 20)
    chance = rng.random()
    if chance < 0.35:
        return rng.choice(["keep the numbers{} that are {}", "return all numbers{} that are {}", "the numbers{} which are {}", "count the numbers{} that are {}"]).format(
            rng.choice(["", " in xs", " in the list"]), rng.choice(trained(OPPOSITES)).format(a=high, b=low))
    if chance < 0.6:
        a, b = rng.choice(ADJECTIVES)
        return rng.choice(["the {a} numbers in xs that are also {b}", "keep every {a} number of the list as long as it is {b}", "sum the {a} integers in xs which are {b}", "how many {a} numbers of xs are {b}"]).format(a=a, b=b)
    return rng.choice(trained(IMPOSSIBLE)).format(x=rng.choice(["xs", "the list", "words"]), a=low, b=high, k=rng.randint(2, 5))
