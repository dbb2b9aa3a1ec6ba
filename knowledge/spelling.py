"""Mending misspelt question words from the words of the documents the asker may read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from string import ascii_lowercase

from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein

from knowledge.words import stem


class Speller:
    """Corrects a word that stands in no document to the most frequent close one."""

    def __init__(self, vocabulary: Mapping[str, int], is_word: Callable[[str], bool]) -> None:
        """`vocabulary` maps stems, as the full text holds them, to the number of passages they stand in.

        `is_word` tells whether a word is ordinary English: such a word is right even where no document has it.
        """
        self._vocabulary = vocabulary
        self._is_word = is_word
        self._by_length: dict[int, list[str]] = {}
        for word in vocabulary:
            if word.isalpha():
                self._by_length.setdefault(len(word), []).append(word)

    def correct(self, word: str) -> str:
        """The word itself when any document has it (or it is short, or a number), else a close one, or its stem.

        One edit is allowed from 5 letters, two from 8; the first letter must be right (nearly all slips keep it).
        """
        base = stem(word)
        if base in self._vocabulary or len(word) < 5 or not word.isalpha() or self._is_word(word):
            return word
        if any(longer.startswith(base) and len(longer) > len(base) + 1 for longer in self._vocabulary):
            return word  # cut short on purpose, as "admin" is
        undone = [form for form in self._one_slip_undone(word.lower()) if stem(form) in self._vocabulary]
        if undone:
            return max(undone, key=lambda form: (self._is_word(form), self._vocabulary[stem(form)]))
        allowed = 2 if len(base) >= 8 else 1
        near = [c for n in range(len(base) - allowed, len(base) + allowed + 1) for c in self._by_length.get(n, ())]
        near = [c for c in near if c[0] == base[0]]
        found = process.extract(base, near, scorer=DamerauLevenshtein.distance, score_cutoff=allowed, limit=10)
        if not found:
            return word
        best = min(found, key=lambda hit: (hit[1], -self._vocabulary[hit[0]]))
        return str(best[0])

    def _one_slip_undone(self, word: str) -> list[str]:
        """The word with two neighbours swapped, or one letter left out, put in or replaced; the first letter stays.

        Tried on the word itself, since one letter too many can give quite another stem ("liabillity"). A letter that
        is put in or replaced must make an English word: there are too many others.
        """
        cuts = range(1, len(word))
        left_out = [word[:i] + word[i + 1 :] for i in cuts]
        swapped = [word[:i] + word[i + 1] + word[i] + word[i + 2 :] for i in cuts[:-1]]
        put_in = [word[:i] + letter + word[i:] for i in (*cuts, len(word)) for letter in ascii_lowercase]
        replaced = [word[:i] + letter + word[i + 1 :] for i in cuts for letter in ascii_lowercase]
        return left_out + swapped + [form for form in put_in + replaced if self._is_word(form)]
