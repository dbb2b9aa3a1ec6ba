"""A word with what the grounding check needs to know of it; runs of number words as one value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Role = Literal["content", "number", "critical", "light", "item"]


@dataclass(frozen=True)
class Token:
    """One word with what the comparison needs to know of it."""

    raw: str
    key: str
    """What makes two tokens equal: a stem, a value, or the class of a critical word."""
    role: Role
    before: str = ""
    """Punctuation between this word and the one before it."""
    depth: int = 0
    """Above 0 inside round brackets."""

    @property
    def is_name(self) -> bool:
        """True for capitalised words and codes."""
        return self.raw[:1].isupper() or any(c.isupper() for c in self.raw)

    @property
    def is_possessive(self) -> bool:
        """True for "mission's" and "agencies'"."""
        return self.raw.endswith(("'s", "s'"))

    @property
    def counts(self) -> bool:
        """True if the word must stand in the source."""
        return self.role in ("content", "number", "critical")


_UNITS = {
    name: value
    for value, name in enumerate(
        """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
        seventeen eighteen nineteen""".split()
    )
} | {name: 10 * value for value, name in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)}
_SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9}


def is_number_word(word: str) -> bool:
    """True for "seven" and "hundred"."""
    return word in _UNITS or word in _SCALES


def join_numbers(tokens: list[Token]) -> list[Token]:
    """Runs of number words as one value: "two thousand one hundred and one" is 2101."""
    joined: list[Token] = []
    position = 0
    while position < len(tokens):
        run = _number_run(tokens, position)
        if run:
            first = tokens[position]
            words = [t.key for t in tokens[position : position + run] if t.key != "and"]
            joined.append(Token(first.raw, str(_value(words)), "number", first.before, first.depth))
            position += run
        else:
            joined.append(tokens[position])
            position += 1
    return joined


def _number_run(tokens: list[Token], start: int) -> int:
    length = 0
    while start + length < len(tokens):
        key, punctuation = tokens[start + length].key, tokens[start + length].before
        after = tokens[start + length + 1].key if start + length + 1 < len(tokens) else ""
        is_word = key in _UNITS or key in _SCALES
        before = tokens[start + length - 1].key if length else ""
        if length and punctuation.strip("-"):
            break
        if length and key in _UNITS and before in _UNITS and not (_UNITS[before] >= 20 > _UNITS[key] > 0):
            break
        if (
            is_word
            or (length and key in _SCALES)
            or (length and key == "and" and before in _SCALES and after in _UNITS)
        ) or (not length and key.isdigit() and after in _SCALES):
            length += 1
        else:
            break
    return length


def _value(words: list[str]) -> int:
    total = current = 0
    for word in words:
        if word in _SCALES:
            current = max(current, 1) * _SCALES[word]
            if _SCALES[word] >= 1000:
                total, current = total + current, 0
        else:
            current += _UNITS[word] if word in _UNITS else int(word)
    return total + current
