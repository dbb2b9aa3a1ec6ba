"""What the documents that one kind of asker may read say about words; read once for each state of the register."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from knowledge.access import Asker
from knowledge.fulltext import quoted
from knowledge.glossary import Glossary
from knowledge.naming import Names
from knowledge.register import Register
from knowledge.spelling import Speller

KEPT_ASKERS = 8
"""Different clearances and groups whose lexicon is kept ready."""

KEPT_WORDS = 4_000
NAME_SAMPLE = 30
"""Passages looked at to tell whether a word is a name."""


@dataclass(frozen=True)
class Lexicon:
    """Words, names and places of the documents that one kind of asker may read."""

    glossary: Glossary
    speller: Speller
    names: Names
    vocabulary: dict[str, int]
    """Every stem with the number of passages it stands in."""
    class_ids: Sequence[int]
    ids: dict[int, str]
    """Passage id by row in the full text."""
    rows: dict[str, int]
    """Row in the full text by passage id."""
    ranges: dict[str, tuple[int, int]]
    """First and last row of each document; a document is written in one go, so its rows stand together."""
    sizes: dict[str, int]
    """Passages of each document."""
    document_counts: Callable[[str], dict[str, int]]
    """In how many passages of each document an FTS5 expression is found; kept for those asked about before."""
    is_name: Callable[[str], bool]
    """Whether the documents write a word with a capital even within a sentence."""

    @property
    def passages(self) -> int:
        """How many passages there are."""
        return len(self.rows)

    def share(self, stem: str) -> float:
        """Share of the passages that a word stands in."""
        return self.vocabulary.get(stem, 0) / max(self.passages, 1)

    def rarity(self, stem: str) -> float:
        """ln(1 + N / n) for a word in n of N passages: what a match on it is worth."""
        return math.log(1 + self.passages / (self.vocabulary.get(stem, 0) + 0.5))


class Lexicons:
    """A lexicon for each kind of asker, made again when the register has changed."""

    def __init__(self, register: Register, is_word: Callable[[str], bool]) -> None:
        """`is_word` tells ordinary English words (see `Speller`)."""
        self._register, self._is_word = register, is_word
        self._kept: dict[tuple[int, Asker], Lexicon] = {}

    def of(self, asker: Asker) -> Lexicon:
        """The lexicon of what the asker may read now."""
        key = (self._register.generation(), asker)
        if key not in self._kept:
            current = [(k, v) for k, v in self._kept.items() if k[0] == key[0]]
            self._kept = {**dict(current[1 - KEPT_ASKERS :]), key: self._read(asker)}
        return self._kept[key]

    def _read(self, asker: Asker) -> Lexicon:
        register = self._register
        class_ids = register.class_ids(asker)
        vocabulary = register.text.vocabulary(class_ids)
        rows = register.rows(class_ids)
        by_document: dict[str, list[int]] = {}
        for row, _, document_id in rows:
            by_document.setdefault(document_id, []).append(row)
        glossary = Glossary(register.abbreviations(asker))
        return Lexicon(
            glossary,
            Speller(vocabulary, self._is_word, frozenset(glossary.by_short)),
            Names(register.documents(asker)),
            vocabulary,
            class_ids,
            {row: i for row, i, _ in rows},
            {i: row for row, i, _ in rows},
            {d: (of_document[0], of_document[-1]) for d, of_document in by_document.items()},
            {d: len(of_document) for d, of_document in by_document.items()},
            lru_cache(KEPT_WORDS)(lambda match: register.text.document_counts(class_ids, match)),
            lru_cache(KEPT_WORDS)(
                lambda word: is_name(word, register.text.texts(class_ids, quoted(word), NAME_SAMPLE))
            ),
        )


def is_name(word: str, texts: Iterable[str]) -> bool:
    """True if nearly every use of a word within sentences has a capital; openings of sentences say nothing."""
    pattern = re.compile(rf"(?<=[a-z,;] )({re.escape(word)})(?:['’]s)?\b", re.IGNORECASE)
    uses = [match[1] for text in texts for match in pattern.finditer(text)]
    return bool(uses) and sum(use[0].isupper() for use in uses) >= 0.9 * len(uses)
