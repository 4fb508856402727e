"""Byte-level BPE: a small trainer, an encoder and a decoder, with the control tokens of the chat template.

Text is cut by the pattern of GPT-2 or of Qwen2, bytes are shown as the GPT-2 printable characters, so that any GGUF reader of
"gpt2" vocabularies gives the same ids. The patterns' \\p{L} and \\p{N} are written for the standard `re` module; on ASCII they
are the same.
"""

import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

@dataclass(frozen=True)
class Style:
    """What tells two vocabularies apart beside their merges."""

    pre: str                      # GGUF's name of the pattern that cuts text
    pieces: re.Pattern
    control: tuple[str, ...]
    end: str
    template: str                 # Jinja

    @property
    def frame(self) -> tuple[str, str]:
        if self.end == "<|end|>":
            return "<|user|>\n", "<|end|>\n<|assistant|>\n"
        return "<|im_start|>user\n", "<|im_end|>\n<|im_start|>assistant\n"


# Thinker and coder.
STYLE_A = Style(
    "gpt-2", re.compile(r"'s|'t|'re|'ve|'m|'ll|'d| ?[^\W\d_]+| ?\d+| ?(?:[^\s\w]|_)+|\s+(?!\S)|\s+"),
    ("<|bos|>", "<|end|>", "<|system|>", "<|user|>", "<|assistant|>"), "<|end|>",
    "{% for message in messages %}{{ '<|' + message['role'] + '|>\\n' + message['content'] + '<|end|>\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>\\n' }}{% endif %}")
# Reviewer and draft: digits stand alone, a punctuation mark may begin a word.
STYLE_B = Style(
    "qwen2", re.compile(r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|(?:[^\r\n\w]|_)?[^\W\d_]+|\d| ?(?:[^\s\w]|_)+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"),
    ("<|endoftext|>", "<|im_start|>", "<|im_end|>"), "<|im_end|>",
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}")
STYLES = {"a": STYLE_A, "b": STYLE_B}


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


def train_merges(texts, n_merges: int, style: Style = STYLE_A) -> list[tuple[str, str]]:
    """The most frequent pair first; ties go to the alphabetically smaller, so that the result is one and the same."""
    pieces = Counter(piece for text in texts for piece in style.pieces.findall(text))
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
    def __init__(self, merges: list[tuple[str, str]], style: Style = STYLE_A):
        self.style, self.special = style, re.compile("(" + "|".join(re.escape(t) for t in style.control) + ")")
        self.merges = [tuple(m) for m in merges]
        self.tokens = SYMBOLS + [a + b for a, b in self.merges] + list(style.control)
        self.ids = {token: i for i, token in enumerate(self.tokens)}
        self.rank = {pair: i for i, pair in enumerate(self.merges)}
        self.bos, self.end = self.ids[style.control[0]], self.ids[style.end]
        self.encode_piece = lru_cache(maxsize=200_000)(self._encode_piece)

    def __len__(self) -> int:
        return len(self.tokens)

    def __reduce__(self):
        return Tokenizer, (self.merges, self.style)

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
        return [i for piece in self.style.pieces.findall(text) for i in self.encode_piece(piece)]

    def encode_special(self, text: str) -> list[int]:
        """Rendered template: control tokens are themselves and the text between them is encoded piecewise."""
        out: list[int] = []
        for part in self.special.split(text):
            out += [self.ids[part]] if part in self.style.control else self.encode(part)
        return out

    def decode(self, ids) -> str:
        """Text of the ids, control tokens left out."""
        raw = bytearray()
        for i in ids:
            if i < len(self.tokens) - len(self.style.control):
                raw += bytes(BYTES[c] for c in self.tokens[i])
        return raw.decode("utf-8", "replace")
