"""What retrieval gives: ranked passages with all that is known of them, and how the question was understood."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from knowledge.documents import Document, Passage
from knowledge.matching import NOTHING_ASKED, AskedWords
from knowledge.queries import Query
from knowledge.register import Abbreviation
from knowledge.vectors import Vectors


@dataclass(frozen=True)
class Scope:
    """Which documents may speak, as the asker chose; empty fields do not restrict."""

    documents: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    since: str | None = None
    until: str | None = None

    def admits(self, document: Document) -> bool:
        """True if the document is inside every restriction; an undated one is outside any date range."""
        if self.documents and document.id not in self.documents:
            return False
        if self.kinds and document.kind not in self.kinds:
            return False
        if self.since and (document.date is None or document.date + "-99" < self.since):
            return False
        return not (self.until and (document.date is None or document.date > self.until + "-99"))

    @property
    def is_open(self) -> bool:
        """True if nothing is restricted."""
        return self == EVERYTHING


EVERYTHING = Scope()


@dataclass(frozen=True)
class RetrievedPassage:
    """A passage with what retrieval knows of it."""

    passage: Passage
    document: Document
    score: float
    """What passages are ordered by: relevance, directness and what reading it said; see `ranking`."""
    dense: float
    """Cosine of question and passage, -1 to 1."""
    keyword: float
    """BM25, 0 or more."""
    relevance: float = 0.0
    """How relevant the passage is as a whole; like `score` comparable within one question only."""
    sentence_scores: tuple[float, ...] = ()
    """Cosine of question and each sentence."""
    directness: tuple[float, ...] = ()
    """How directly each sentence answers (see `directness`); empty where that was not weighed."""
    read: tuple[float, ...] = ()
    """Log-odds that each sentence answers, once read with the question (see `crossencoder`); empty where it was not."""
    direct: bool = False
    """True if the question names this very place."""
    twins: tuple[str, ...] = ()
    """Ids of near-identical passages that were left out in its favour."""
    vectors: Vectors = field(default_factory=lambda: np.zeros((0, 0), np.float32), compare=False, repr=False)
    met: Vectors = field(default_factory=lambda: np.zeros(1, np.float32), compare=False, repr=False)
    """How far the words of the question are met, in the passage and in each sentence (see `matching.match`)."""
    about: float = 0.0
    """How much its document speaks of what the question names, 0 to 1."""
    local: Mapping[str, float] = field(default_factory=dict, compare=False, repr=False)
    """The question's stems by their rarity within the document."""
    on_subject: bool = True
    """False if the question names a mission, country or text and this passage is about none that it names."""


@dataclass(frozen=True)
class Retrieved:
    """The ranked passages of one question, and how it was understood."""

    query: Query
    passages: tuple[RetrievedPassage, ...]
    vector: Vectors
    coverage: dict[str, float]
    """Each word that counts, stemmed, with its rarity (inverse document frequency) among what the asker may read."""
    mentioned: tuple[str, ...] = ()
    """Ids of documents that the question names."""
    expansions: tuple[tuple[Abbreviation, RetrievedPassage], ...] = ()
    """For a question about an abbreviation: each different expansion with the passage that gives it."""
    asked: AskedWords = NOTHING_ASKED
    """The question's words, each as it is meant there."""
