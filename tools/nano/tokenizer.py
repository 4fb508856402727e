"""Byte-level BPE: a small trainer, an encoder and a decoder, with the control tokens of the chat template.

Text is cut by the GPT-2 pattern, bytes are shown as the GPT-2 printable characters, so that any GGUF reader of
"gpt2" vocabularies gives the same ids. The pattern's \\p{L} and \\p{N} are written for the standard `re` module;
on ASCII, the only text trained on, they are the same.
"""

import re
from collections import Counter
from functools import lru_cache

CONTROL = ["<|bos|>", "<|end|>", "<|system|>", "<|user|>", "<|assistant|>"]
PIECES = re.compile(r"'s|'t|'re|'ve|'m|'ll|'d| ?[^\W\d_]+| ?\d+| ?(?:[^\s\w]|_)+|\s+(?!\S)|\s+")
SPECIAL = re.compile("(" + "|".join(re.escape(t) for t in CONTROL) + ")")


def byte_symbols() -> list[str]:
    """The printable character that stands for each byte: itself where printable, else from 256 upward."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    symbols, spare = [""] * 256, 256
    for b in range(256):
        if b in printable:
            symbols[b] = chr(b)
        else:
            symbols[b] = chr(spare)
            spare += 1
    return symbols


SYMBOLS = byte_symbols()
BYTES = {symbol: b for b, symbol in enumerate(SYMBOLS)}


def merged(parts: tuple[str, ...], pair: tuple[str, str]) -> tuple[str, ...]:
    out, i = [], 0
    while i < len(parts):
        if i + 1 < len(parts) and (parts[i], parts[i + 1]) == pair:
            out.append(parts[i] + parts[i + 1])
            i += 2
        else:
            out.append(parts[i])
            i += 1
    return tuple(out)


def train_merges(texts, n_merges: int) -> list[tuple[str, str]]:
    """The most frequent pair first; ties go to the alphabetically smaller, so that the result is one and the same."""
    pieces = Counter(piece for text in texts for piece in PIECES.findall(text))
    words = {tuple(SYMBOLS[b] for b in piece.encode()): count for piece, count in pieces.items()}
    merges = []
    for _ in range(n_merges):
        pairs: Counter = Counter()
        for parts, count in words.items():
            for pair in zip(parts, parts[1:]):
                pairs[pair] += count
        if not pairs:
            break
        best = min(pairs, key=lambda p: (-pairs[p], p))
        merges.append(best)
        changed: Counter = Counter()
        for parts, count in words.items():
            changed[merged(parts, best)] += count
        words = changed
    return merges


class Tokenizer:
    def __init__(self, merges: list[tuple[str, str]]):
        self.merges = [tuple(m) for m in merges]
        self.tokens = SYMBOLS + [a + b for a, b in self.merges] + CONTROL
        self.ids = {token: i for i, token in enumerate(self.tokens)}
        self.rank = {pair: i for i, pair in enumerate(self.merges)}
        self.bos, self.end = self.ids["<|bos|>"], self.ids["<|end|>"]
        self.encode_piece = lru_cache(maxsize=200_000)(self._encode_piece)

    def __len__(self) -> int:
        return len(self.tokens)

    def __reduce__(self):
        return Tokenizer, (self.merges,)

    def _encode_piece(self, piece: str) -> tuple[int, ...]:
        parts = tuple(SYMBOLS[b] for b in piece.encode())
        while len(parts) > 1:
            best = min(zip(parts, parts[1:]), key=lambda p: self.rank.get(p, 1 << 30))
            if best not in self.rank:
                break
            parts = merged(parts, best)
        return tuple(self.ids[p] for p in parts)

    def encode(self, text: str) -> list[int]:
        """Plain text: a control token's spelling in it is only letters."""
        return [i for piece in PIECES.findall(text) for i in self.encode_piece(piece)]

    def encode_special(self, text: str) -> list[int]:
        """Rendered template: control tokens are themselves and the text between them is encoded piecewise."""
        out: list[int] = []
        for part in SPECIAL.split(text):
            out += [self.ids[part]] if part in CONTROL else self.encode(part)
        return out

    def decode(self, ids) -> str:
        """Text of the ids, control tokens left out."""
        raw = bytearray()
        for i in ids:
            if i < len(self.tokens) - len(CONTROL):
                raw += bytes(BYTES[c] for c in self.tokens[i])
        return raw.decode("utf-8", "replace")
