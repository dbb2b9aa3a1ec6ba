"""How well the words of a question are met by those of a passage, each word taken as it is meant where it stands.

Late interaction (Khattab and Zaharia 2020, ColBERT, section 3.3) with the rarity of words as weights: a word counts as
met as far as the nearest word of the passage goes, so "told off" may be met by "frowned upon".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from knowledge.embedding import WORD_DIMENSIONS, WORD_SCALE, Words
from knowledge.records import StoredPassage
from knowledge.vectors import Vectors, cosines
from knowledge.words import stem

_WORD = re.compile(r"\w+")


class AskedWords(NamedTuple):
    """The words of a question that are looked for."""

    stems: tuple[str, ...]
    vectors: Vectors
    """Shape (words, WORD_DIMENSIONS), unit length."""
    weights: Vectors
    """Shape (words,): what each word is worth, together 1."""

    def without(self, stems: frozenset[str]) -> AskedWords:
        """The same with words of these stems worth nothing."""
        weights = self.weights * np.array([stem not in stems for stem in self.stems], np.float32)
        return self._replace(weights=weights / np.float32(max(weights.sum(), 1e-9)))


NOTHING_ASKED = AskedWords((), np.zeros((0, WORD_DIMENSIONS), np.float32), np.zeros(0, np.float32))


def asked_words(text: str, encoded: Words, rarity: Callable[[str], float], factors: Mapping[str, float]) -> AskedWords:
    """The words of the text that begin within it (what was encoded may go on), weighed by `rarity` of their stems.

    `factors` lessens words by their lower-case form.
    """
    own = encoded.starts < len(text)
    written = [found[0].lower() for start in encoded.starts[own] if (found := _WORD.match(text, int(start)))]
    stems = tuple(stem(word) for word in written)
    weights = np.array([rarity(s) * factors.get(word, 1.0) for s, word in zip(stems, written, strict=True)], np.float32)
    vectors = encoded.vectors[own].astype(np.float32) / np.float32(WORD_SCALE)
    return AskedWords(stems, vectors, weights / np.float32(max(weights.sum(), 1e-9)))


def match(asked: AskedWords, passages: Sequence[StoredPassage]) -> list[Vectors]:
    """How far the asked words are met by weight, -1 to 1: for each passage an array of shape (1 + sentences,).

    First over the whole passage with its headings, then over each sentence; 0 where there is nothing to meet.
    """
    heights = [1 + len(p.passage.sentences) for p in passages]
    bases = np.cumsum([0, *heights])
    rows = [
        base + np.searchsorted([s.start for s in p.passage.sentences], p.words.starts, side="right")
        for base, p in zip(bases, passages, strict=False)
    ]
    best = np.zeros((int(bases[-1]), len(asked.stems)), np.float32)
    row_of = np.concatenate(rows) if rows else np.zeros(0, np.int64)
    if len(row_of) and len(asked.stems):
        words = np.concatenate([p.words.vectors for p in passages]).astype(np.float32)
        close = cosines(words, asked.vectors) / WORD_SCALE
        # Words stand in order, so those of one row are neighbours; row 0 of a passage first holds its headings' alone.
        starts = np.flatnonzero(np.diff(row_of, prepend=-1))
        best[row_of[starts]] = np.maximum.reduceat(close, starts, axis=0)
    found = [best[base : base + height] for base, height in zip(bases, heights, strict=False)]
    for matrix in found:
        matrix[0] = matrix.max(axis=0)
    return [(matrix * asked.weights).sum(axis=1) for matrix in found]
