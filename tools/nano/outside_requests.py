"""Requests outside the domain for evaluation: sentences of their own, and words kept out of training in frames of their own."""

from random import Random

from out_of_domain import IMPOSSIBLE, OPERATIONS, OPPOSITES, OTHER_PYTHON, OUTSIDE_WORLD, WHOLE, kept

SENTENCES = (
    "Please book me a table for four tonight|How many calories does an apple have?|Turn off all the lamps in the kitchen|Show today's headlines|Compose a melody in C minor|Find my lost keys|What does this error message mean?|Fetch the latest exchange rates|"
    "Tell my boss that I am ill|Explain quantum physics to a child|Listen on a port and answer requests|Keep a log of all keystrokes|Convert the video to black and white|Recognise the faces in a photo|Play chess against me|Which day is Easter next year?|"
    "Measure how fast my internet connection is|Cluster the customers into groups|Fit a curve through these points|Integrate the function from 0 to 1|Draw a circle with radius five|Estimate pi by throwing darts|Generate a secure password|"
    "Hash the text with sha1|Look up the synonyms of each term|Pronounce the sentence aloud|Find the rhymes for each line|Order the recipes by taste|Remove the square root of the sentence|Factor the dictionary into primes|Take the logarithm of every vowel|"
    "Zähle die Vokale in s|Ritorna il numero più piccolo di xs|сортируй слова по длине|计算列表中所有数字的乘积|Vind het kleinste getal|Zwróć najkrótsze słowo|"
    "Sort xs without comparing, looking at or knowing anything|Return a list that has fewer than zero elements|Give back s unchanged and also reversed, as one and the same string|"
    "make me a web server|Can you build me an app for tracking my runs?|Верни список чётных чисел, умноженных на десять|Сколько гласных в строке s?|Quel est le deuxième plus grand nombre de la liste ?|Gib mir bitte die Wörter in umgekehrter Reihenfolge|"
    "¿Cuántas palabras hay en s?|リストの合計を返してください|xs içindeki en büyük sayıyı bul|Palauta listan suurin luku|목록에서 짝수를 찾아 주세요|أعد مجموع الأرقام|Skriv en funktion som summerar talen|vypočítej součet čísel v seznamu|"
    "Sort the list in Lua|I need this as a C function: sum of xs|Do it in Fortran: reverse s|an SQL query that sums a column|Write a regex that matches dates|Design a logo for my company|Deploy this to the cloud|What's your name?|"
    "Is it going to rain tomorrow?|How tall is Mount Everest?|Write me a love letter|Give me a recipe for pancakes|Solve world hunger|Convert this PDF to Word|Read numbers from stdin until the user types quit|Open a socket and listen for clients|"
    "Scrape prices from a shop page|Simulate the solar system|Train a model on xs|Predict the next value of xs with machine learning|Encrypt s with AES|Compress s with gzip|Guess my age|Write unit tests for my project|Refactor my code|"
    "blorp the snig of wubble|colourless green ideas sleep furiously|qwpeoriu zmxncbv|1234567890|!!!|🍕🍕🍕|the of and to|Lorem ipsum dolor sit amet|xs|return|yes please do|ok google|make it better|undo that|continue|"
    "Return a list that is longer than itself|Sort xs so that it is both rising and falling|Return the even numbers that are odd|Find a number larger than every number|Return s in capitals without using capitals|Give the last element before the list begins|"
    "Remove everything and also keep everything|Return the square of every word|Uppercase the integers in xs|Find the vowels in the number n|What is the median letter weight in kilograms?|Take the transpose of the string s|"
    "Find the shortest path between two nodes|Return all permutations of xs|Solve the quadratic equation|Compute the standard deviation of the values|Find the best move in tic tac toe|Parse the HTML and list the links|Balance the binary search tree|"
    "Calculate my taxes for last year|Set an alarm for 7 am|Which stocks should I buy?|Rename all files in a folder|Watch the directory for changes|Show a progress bar|Make a GUI with two buttons|Animate a bouncing ball|Write a shader|"
    "Translate the words into Spanish|Correct the spelling in s|Detect the language of s|Summarise the text in one sentence|Tell me whether this review is positive|Write the next chapter|Prove Fermat's last theorem|Tell me the winning lottery ticket").split("|")
FRAMES_WHOLE = ("Would you put together {} for us?", "we urgently need {}", "{} would be great, with documentation", "Let's do {}")
FRAMES_OPERATION = ("Work out {} for the values I pass in", "I'd love to see {} here", "{}, given xs", "my function has to come up with {} from its argument")
FRAMES_LANGUAGE = ("Average of a list, but {} code only", "A {} snippet that reverses a string", "How would I filter even numbers when I only use {}?")
FRAMES_OPPOSITE = ("Pick numbers which happen to be {}", "I want to see whatever is {}")


def outside_requests(count: int = 150, seed: int = 77) -> list[str]:
    """The sentences first, then words kept out of training in these frames."""
    rng = Random(seed)
    made = [rng.choice(FRAMES_WHOLE).format(w) for w in kept(WHOLE)] + [rng.choice(FRAMES_OPERATION).format("the " + w) for w in kept(OPERATIONS)]
    made += [rng.choice(FRAMES_LANGUAGE).format(w) for w in kept(OTHER_PYTHON)] + [rng.choice(FRAMES_OPPOSITE).format(w.format(a=12, b=3)) for w in kept(OPPOSITES)]
    made += [w.format(x="the list", a=4, b=9, k=3) for w in kept(IMPOSSIBLE)]
    made += [w.format(f="notes.txt", u="http://example.net") for w in kept(OUTSIDE_WORLD)]
    rng.shuffle(made)
    return (SENTENCES + made)[:count]
