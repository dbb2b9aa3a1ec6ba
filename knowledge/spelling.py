"""Mending misspelt question words from the words of the documents the asker may read."""

from __future__ import annotations

import bisect
import itertools
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from string import ascii_lowercase
from typing import NamedTuple

from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein

from knowledge.words import stem, written_as_name

_LETTERS = re.compile(r"(?<![\w/.-])[^\W\d_]{4,}(?![\w/]|[.’'-]\w)")


SHORTEST = 5
"""Letters from which any slip is undone; to a word one letter shorter only a letter is added."""


class Respelled(NamedTuple):
    """A text without its slips."""

    text: str
    names: tuple[tuple[str, str], ...] = ()
    """Names and abbreviations that were read differently: as written, and as read. Whoever asked should see these."""


def as_written(text: str, names_only: bool = False) -> Respelled:
    """No mending."""
    return Respelled(text)


class Speller:
    """Corrects a word that stands in no document to the most frequent close one."""

    def __init__(
        self, vocabulary: Mapping[str, int], is_word: Callable[[str], bool], abbreviations: Collection[str] = ()
    ) -> None:
        """`vocabulary` maps stems, as the full text holds them, to the number of passages they stand in.

        `is_word` tells whether a word is ordinary English: such a word is right even where no document has it.
        `abbreviations` are those the documents expand, in lower case.
        """
        self._vocabulary, self._is_word, self._abbreviations = vocabulary, is_word, abbreviations
        self._by_length: dict[int, list[str]] = {}
        self._sorted = sorted(vocabulary)
        for word in vocabulary:
            if word.isalpha():
                self._by_length.setdefault(len(word), []).append(word)

    def respell(self, text: str, names_only: bool = False) -> Respelled:
        """The text with its slips undone where that gives whole words; `names_only` leaves ordinary words alone.

        A name or an abbreviation is only read differently if two of its letters changed places, or one inside it was
        typed twice, and one other reading is left: with a letter put in or replaced, UNMIL would be UNSMIL and UNAMI
        UNAMA, which are other missions.
        """
        names: dict[str, str] = {}
        shouting = text.isupper()

        def read(found: re.Match[str]) -> str:
            written = found[0]
            is_name = written_as_name(written, opens=found.start() == 0, shouted=shouting)
            right = self._read(written.lower(), is_name, names_only)
            if right is None:
                return written
            cased = right.upper() if written.isupper() else right.title() if written[0].isupper() else right
            if is_name or not self._is_word(right):
                names[written] = cased.upper() if right in self._abbreviations else cased
            return cased

        return Respelled(_LETTERS.sub(read, text), tuple(names.items()))

    def _read(self, word: str, is_name: bool, names_only: bool) -> str | None:
        """What a word in lower case was meant to be; None if it is right, or not a slip of a kind that is undone."""
        short = len(word) < SHORTEST
        if self._is_known(word) or (short and (is_name or names_only)):
            return None
        if not short and (is_name or not names_only):
            plain = {form for form in _plain_slips_undone(word) if self._is_in_documents(form)}
            if len(plain) == 1:
                return plain.pop()
        if is_name or names_only:
            return None
        for undone in (self._put_in(word),) if short else self._slips_undone(word):
            whole = [form for form in undone if self._is_word(form) and form not in self._abbreviations]
            if (likeliest := self._likeliest(whole)) is not None:
                return likeliest
        return None

    def correct(self, word: str) -> str:
        """The word itself when any document has it (or it is short, or a number), else a close one, or its stem.

        One edit is allowed from 5 letters, two from 8; the first letter must be right (nearly all slips keep it).
        Never turned into an abbreviation, since one mission is not another.
        """
        base = stem(word)
        if len(word) < SHORTEST or not word.isalpha() or self._is_known(word):
            return word
        readings = (self._likeliest(undone) for undone in self._slips_undone(word.lower()))
        likeliest = next((reading for reading in readings if reading is not None), None)
        if likeliest is None:
            allowed = 2 if len(base) >= 8 else 1
            near = [c for n in range(len(base) - allowed, len(base) + allowed + 1) for c in self._by_length.get(n, ())]
            near = [c for c in near if c[0] == base[0]]
            found = process.extract(base, near, scorer=DamerauLevenshtein.distance, score_cutoff=allowed, limit=10)
            likeliest = str(min(found, key=lambda hit: (hit[1], -self._vocabulary[hit[0]]))[0]) if found else word
        return word if likeliest in self._abbreviations else likeliest

    def _is_known(self, word: str) -> bool:
        """True for a word that is right, or cut short on purpose, as "admin" is."""
        base = stem(word)
        if base in self._vocabulary or word.lower() in self._abbreviations or self._is_word(word):
            return True
        beginning = itertools.takewhile(lambda longer: longer.startswith(base), self._from(base))
        return any(len(longer) > len(base) + 1 for longer in beginning)

    def _from(self, word: str) -> Iterator[str]:
        return itertools.islice(self._sorted, bisect.bisect_left(self._sorted, word), None)

    def _is_in_documents(self, word: str) -> bool:
        """True for an abbreviation, an English word, or a name: what is only like a word in its stem is no reading."""
        base = stem(word)
        seen = self._vocabulary.get(base, 0)
        return word in self._abbreviations or (seen > 0 and self._is_word(word)) or (seen > 1 and base == word)

    def _likeliest(self, forms: Iterable[str]) -> str | None:
        known = [form for form in forms if stem(form) in self._vocabulary]
        return max(known, key=lambda form: (self._is_word(form), self._vocabulary[stem(form)]), default=None)

    def _slips_undone(self, word: str) -> tuple[list[str], list[str]]:
        """The word with one slip undone, the first letter staying: the likelier slips, then the others.

        Likelier are two neighbours swapped, a letter typed twice and a letter forgotten. Tried on the word itself,
        since one letter too many can give quite another stem ("liabillity"). A letter that is put in or replaced must
        make an English word: there are too many others.
        """
        cuts = range(1, len(word))
        left_out = [word[:i] + word[i + 1 :] for i in cuts]
        replaced = [word[:i] + letter + word[i + 1 :] for i in cuts for letter in ascii_lowercase]
        unlikelier = left_out + [form for form in replaced if self._is_word(form)]
        return _plain_slips_undone(word) + self._put_in(word), unlikelier

    def _put_in(self, word: str) -> list[str]:
        """The English words that the word is with one letter more, not before the first."""
        longer = (word[:i] + letter + word[i:] for i in range(1, len(word) + 1) for letter in ascii_lowercase)
        return [form for form in longer if self._is_word(form)]


def _plain_slips_undone(word: str) -> list[str]:
    """The word without a letter typed twice (not at its end: UNMIS, UNMISS), or with two neighbours swapped."""
    once = [word[:i] + word[i + 1 :] for i in range(len(word) - 2) if word[i] == word[i + 1]]
    return once + [word[:i] + word[i + 1] + word[i] + word[i + 2 :] for i in range(1, len(word) - 1)]
