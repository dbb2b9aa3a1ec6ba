"""French questions in English words, so that they reach English guidance without a translation model.

The list is our own (`french.txt`); a word that it lacks passes through, which serves names and cognates.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import Stemmer

from knowledge.words import FRENCH_STOPWORDS, written_as_name

_LIST = Path(__file__).with_name("french.txt")
_WORD = re.compile(r"(?<!\w)[^\W\d_]+(?:-[^\W\d_]+)*")
_JOIN = re.compile(r"['’\s]*")
_stemmer = Stemmer.Stemmer("french")


class _Known(NamedTuple):
    exact: dict[str, str]
    """Words as they are listed, lower case, and abbreviations in capitals."""
    by_stem: dict[str, list[tuple[str, str]]]
    """Words with their English, by stem."""
    phrases: dict[tuple[str, ...], str]
    longest: int
    """Words in the longest phrase."""


@lru_cache(maxsize=1)
def _known() -> _Known:
    exact: dict[str, str] = {}
    by_stem: dict[str, list[tuple[str, str]]] = {}
    phrases: dict[tuple[str, ...], str] = {}
    for line in _LIST.read_text(encoding="utf-8").splitlines():
        written, _, english = line.partition(": ")
        if not english:
            continue
        parts = _WORD.findall(written)
        if len(parts) > 1:
            phrases[tuple(map(_key, parts))] = english
            continue
        exact[written] = english
        if written.islower():
            by_stem.setdefault(_key(written), []).append((written, english))
    return _Known(exact, by_stem, phrases, max(map(len, phrases)))


def gloss(text: str) -> str:
    """A French question as English words in its own order, known phrases first.

    French function words are dropped; other words the list lacks pass through.
    """
    text = unicodedata.normalize("NFC", text).replace("’", "'")
    text = re.sub(r"(?<=\w)-(?=(?:t-)?(?:ils?|elles?|on|ce|je|nous|vous|t)\b)", " ", text, flags=re.IGNORECASE)
    text = re.sub(r"\b1er\b", "1", text)
    found = list(_WORD.finditer(text))
    keys = [_key(word[0]) for word in found]
    said, end, position = [], 0, 0
    while position < len(found):
        length, english = _phrase_at(text, found, keys, position)
        said += [text[end : found[position].start()], english]
        end = found[position + length - 1].end()
        position += length
    return " ".join("".join([*said, text[end:]]).replace(" '", " ").split())


def _phrase_at(text: str, found: list[re.Match[str]], keys: list[str], position: int) -> tuple[int, str]:
    """How many words the longest phrase takes that begins here, and its English; else of the one word."""
    known = _known()
    for length in range(min(known.longest, len(found) - position), 1, -1):
        english = known.phrases.get(tuple(keys[position : position + length]))
        words = found[position : position + length]
        if english and all(_JOIN.fullmatch(text[a.end() : b.start()]) for a, b in itertools.pairwise(words)):
            return length, english
    word = found[position][0]
    return 1, _word(word, written_as_name(word, opens=position == 0, shouted=text.isupper()))


def _word(word: str, is_name: bool) -> str:
    """Its English, or the word itself. A name is no form of another word."""
    known = _known()
    low = word.lower()
    if english := known.exact.get(word) or known.exact.get(low):
        return english
    if low in FRENCH_STOPWORDS or len(low) == 1:
        return ""
    alike = [] if is_name else known.by_stem.get(_key(low), [])
    if alike:
        return max(alike, key=lambda of: (_shared(_plain(of[0]), _plain(low)), _shared(of[0], low), -len(of[0])))[1]
    parts = [known.exact.get(part.lower(), "") for part in word.split("-")]
    return " ".join(parts) if len(parts) > 1 and all(parts) else word


def _shared(one: str, other: str) -> int:
    """How many letters two words begin with in common."""
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _key(word: str) -> str:
    """The stem without accents, as phones often write; a function word is its own."""
    low = word.lower()
    if low in FRENCH_STOPWORDS:
        return low
    # Without accents the stemmer would not see "déplacées" as a form of "déplacer"; "-ent" it never sees as one.
    return str(_stemmer.stemWord(re.sub(r"(?:ees?|(?<!m)ent)$", "e", _plain(low))))


def _plain(word: str) -> str:
    """Without accents and ligatures."""
    decomposed = unicodedata.normalize("NFD", word.replace("œ", "oe"))
    return "".join(c for c in decomposed if not unicodedata.combining(c))
