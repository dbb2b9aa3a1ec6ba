"""Where the long sentences of resolutions come apart: each clause opens with what the organ does in it.

A resolution is one sentence (United Nations Editorial Manual, "Resolutions"), and one of its paragraphs may urge,
welcome and request in two hundred words. Each such clause can be found, read and quoted on its own.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_VERBS = (
    "acknowledge affirm applaud appeal approve authorize call commend condemn decide demand deplore determine direct "
    "emphasise emphasize encourage endorse express highlight intend invite look mandate note reaffirm recall recognise "
    "recognize regret reiterate reject remind request stress support take underline underscore urge welcome"
).split()
_FORMS = "|".join(form for verb in _VERBS for form in (f"{verb}s", f"{verb}es", f"{verb.removesuffix('e')}ing"))
_OPENING = rf"(?:(?:also|again|deeply|further|gravely|in this regard,?|once more|strongly|urgently) )?(?:{_FORMS})\b"
_RESOLVES = re.compile(rf"(?:The (?:Security Council|General Assembly), )?{_OPENING}", re.IGNORECASE)
_CUT = re.compile(rf"(?<=[,;]) (?=(?:and )?{_OPENING})")
_AND = re.compile(rf"and (?={_OPENING})")
_LONG, _SHORTEST = 40, 8
"""Words from which a sentence is cut, and words that a clause has at least."""


class Clause(NamedTuple):
    """Part of a sentence, as character offsets."""

    start: int
    opens: int
    """Where it begins without the "and" that joins it to the one before."""
    end: int


def clauses(sentence: str) -> list[Clause]:
    """The clauses in order, each with the comma or semicolon after it; one, if it is short or no resolution's."""
    cuts = [0]
    joined = _AND.match(sentence)
    if len(sentence.split()) >= _LONG and _RESOLVES.match(sentence, joined.end() if joined else 0):
        for found in _CUT.finditer(sentence):
            if len(sentence[cuts[-1] : found.start()].split()) >= _SHORTEST:
                cuts.append(found.end())
    ends = [*(start - 1 for start in cuts[1:]), len(sentence)]
    return [
        Clause(start, joined.end() if (joined := _AND.match(sentence, start)) else start, end)
        for start, end in zip(cuts, ends, strict=True)
    ]


def as_sentence(quote: str) -> str:
    """Words quoted out of a longer sentence as they are shown on their own; a whole sentence comes back unchanged."""
    text = quote.rstrip(" ,;")
    text += "." if text != quote and text[-1:].isalnum() else ""
    if re.match(_OPENING, text):
        return text[:1].upper() + text[1:]
    return f"… {text}" if text[:1].islower() else text
