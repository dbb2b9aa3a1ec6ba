"""From a question to ranked passages: dense and keyword scores fused, inside what the asker may read."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge.access import Asker
from knowledge.documents import Document, Passage, Standing
from knowledge.embedding import Embedding, Vectors
from knowledge.fulltext import codes, quoted
from knowledge.glossary import Glossary
from knowledge.index import VectorIndex, cosine
from knowledge.queries import Query, Reference, understand
from knowledge.register import Register, StoredPassage
from knowledge.spelling import Speller
from knowledge.words import stems


@dataclass(frozen=True)
class Weights:
    """How scores are combined; chosen on the development half of the corpus suite and on two public collections."""

    dense: float = 0.6
    """Share of the dense score in the fused one; keyword has the rest (field-notes.md: 0.5 to 0.65 is flat)."""
    sentence: float = 0.3
    """Share of the best sentence within the dense score; the passage's own vector has the rest."""
    columns: tuple[float, float, float, float] = (0.6, 0.8, 1.0, 3.0)
    """BM25 weights of title, headings, text and codes."""
    context: float = 0.5
    """Weight of words that only earlier turns contributed."""
    mention: float = 0.35
    """Added to passages of a document that the question names."""
    superseded: float = 0.12
    """Taken from passages of superseded documents, so that a successor saying the same comes first."""
    footnote: float = 0.08
    """Taken from footnotes, which mostly name sources."""
    candidates: int = 60
    """Taken from each search before fusing."""


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
        return self == Scope()


@dataclass(frozen=True)
class RetrievedPassage:
    """A passage with what retrieval knows of it."""

    passage: Passage
    document: Document
    score: float
    """Fused score; comparable within one question only."""
    dense: float
    """Cosine of question and passage, -1 to 1."""
    keyword: float
    """BM25, 0 or more."""
    sentence_scores: tuple[float, ...] = ()
    """Cosine of question and each sentence."""
    direct: bool = False
    """True if the question names this very place."""
    twins: tuple[str, ...] = ()
    """Ids of near-identical passages that were left out in its favour."""
    vectors: Vectors = field(default_factory=lambda: np.zeros((0, 0), np.float32), compare=False, repr=False)


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


KEPT_ASKERS = 8
"""Different clearances and groups whose vocabulary is kept ready."""


@dataclass(frozen=True)
class _Known:
    """What the documents of one kind of asker say about words."""

    glossary: Glossary
    speller: Speller
    vocabulary: dict[str, int]
    passages: int

    def rarity(self, stem: str) -> float:
        """ln(1 + N / n) for a word in n of N passages: what a match on it is worth."""
        return math.log(1 + self.passages / (self.vocabulary.get(stem, 0) + 0.5))


class Retriever:
    """Searches what one asker may read; there is no search without an asker."""

    def __init__(
        self, register: Register, index: VectorIndex, embedding: Embedding, weights: Weights = Weights()
    ) -> None:
        """`weights` are frozen values, safe to share."""
        self._register, self._index, self._embedding = register, index, embedding
        self.weights = weights
        self._known: dict[tuple[int, Asker], _Known] = {}

    def glossary(self, asker: Asker) -> Glossary:
        """The abbreviations of the documents the asker may read."""
        return self._knowledge(asker).glossary

    def _knowledge(self, asker: Asker) -> _Known:
        key = (self._register.generation(), asker)
        known = self._known.get(key)
        if known is None:
            class_ids = self._register.class_ids(asker)
            vocabulary = self._register.text.vocabulary(class_ids)
            known = _Known(
                Glossary(self._register.abbreviations(asker)),
                Speller(vocabulary),
                vocabulary,
                sum(self._register.count_passages(class_id) for class_id in class_ids),
            )
            current = {k: v for k, v in self._known.items() if k[0] == key[0]}
            self._known = {**dict(list(current.items())[-KEPT_ASKERS:]), key: known}
        return known

    def retrieve(
        self, question: str, asker: Asker, history: Sequence[str] = (), scope: Scope = Scope(), limit: int = 10
    ) -> Retrieved:
        """The `limit` best passages, best first, near-twins counted once."""
        known = self._knowledge(asker)
        glossary = known.glossary
        query = understand(question, history, glossary)
        query = replace(query, terms=tuple(known.speller.correct(term) for term in query.terms))
        documents = {d.id: d for d in self._register.documents(asker) if scope.admits(d)}
        vector = self._embedding.encode([self._dense_text(query)]).texts[0]
        class_ids = self._register.class_ids(asker)
        scored = self._search(query, vector, class_ids, documents, scope)
        mentions = {d: mention(query, documents[d], glossary) for d in documents}
        direct = self._direct_hits(query, documents, mentions)
        stored = self._register.fetch([*scored, *direct], class_ids)
        passages = self._fuse(stored, scored, direct, documents, mentions, vector)
        coverage = {stem: known.rarity(stem) for stem in sorted(stems(" ".join(query.terms)))}
        named = tuple(sorted((d for d in mentions if mentions[d] >= 0.5), key=lambda d: -mentions[d]))
        return Retrieved(query, tuple(without_twins(passages, limit)), vector, coverage, named)

    def _dense_text(self, query: Query) -> str:
        """The question with its abbreviations spelled out: the model knows words better than short forms."""
        longs = [p for p in query.phrases if " " in p]
        return f"{query.text} ({'; '.join(longs[:3])})" if longs else query.text

    def _search(
        self, query: Query, vector: Vectors, class_ids: Sequence[int], documents: dict[str, Document], scope: Scope
    ) -> dict[str, tuple[float | None, float | None]]:
        """Passage id to (cosine, BM25) of the candidates of both searches; None where a search did not meet it."""
        match = match_expression(query)
        only = () if scope.is_open else tuple(documents)
        scored: dict[str, tuple[float | None, float | None]] = {}
        for class_id in class_ids:
            if scope.is_open:
                dense = self._index.search(class_id, vector, self.weights.candidates)
            else:
                dense = self._exact(class_id, vector, only)
            keyword = self._keyword(class_id, match, only)
            missing = [i for i in dense if i not in keyword]
            if match and missing:
                keyword |= self._register.text.scores(class_id, match, missing, self.weights.columns)
            for i in {**dense, **keyword}:
                scored[i] = (dense.get(i), keyword.get(i, 0.0))
        return scored

    def _keyword(self, class_id: int, match: str, only: Sequence[str]) -> dict[str, float]:
        if not match:
            return {}
        return self._register.text.search(class_id, match, self.weights.candidates, self.weights.columns, only)

    def _exact(self, class_id: int, vector: Vectors, only: Sequence[str]) -> dict[str, float]:
        """An exact scan of the chosen documents: a filter inside Chroma costs a hundred times more (field-notes.md)."""
        found: dict[str, float] = {}
        for document_id in only:
            if self._register.class_of(document_id) == class_id:
                stored = self._register.stored_passages(document_id)
                scores = cosine(vector, np.stack([s.vectors[0] for s in stored]))
                found |= {s.passage.id: float(score) for s, score in zip(stored, scores, strict=True)}
        best = sorted(found, key=found.__getitem__, reverse=True)[: self.weights.candidates]
        return {i: found[i] for i in best}

    def _direct_hits(self, query: Query, documents: dict[str, Document], mentions: dict[str, float]) -> list[str]:
        """Passages at a place the question names, in a document it names (or in any, when it names none)."""
        if not query.references:
            return []
        named = [d for d in documents if mentions[d] >= 0.5 and mentions[d] >= max(mentions.values()) - 0.05]
        hits = []
        for document_id in named or (list(documents) if len(documents) == 1 else []):
            for reference in query.references:
                hits += [p.id for p in self._at(document_id, reference)]
        return hits[:20]

    def _at(self, document_id: str, reference: Reference) -> list[Passage]:
        if reference.unit == "section":
            heading = re.compile(rf"^{re.escape(reference.number)}[.\s]", re.IGNORECASE)
            stored = self._register.stored_passages(document_id)
            return [s.passage for s in stored if any(heading.match(h + " ") for h in s.passage.headings)][:6]
        number = re.sub(r"\([a-z]+\)$", "", reference.number)
        found = self._register.by_paragraph(document_id, number)
        if reference.unit == "recommendation":
            marked = [p for p in found if "recommendation" in " ".join([*p.headings, p.text[:40]]).lower()]
            found = marked or found
        main = [p for p in found if p.part is None]
        return main or found

    def _fuse(
        self,
        stored: dict[str, StoredPassage],
        scored: dict[str, tuple[float | None, float | None]],
        direct: Sequence[str],
        documents: dict[str, Document],
        mentions: dict[str, float],
        vector: Vectors,
    ) -> list[RetrievedPassage]:
        """One score a passage: min-max scaled dense, max-scaled keyword, then what the question names."""
        w = self.weights
        rows = [(i, s) for i, s in stored.items() if s.passage.document_id in documents]
        if not rows:
            return []
        sentences = [cosine(vector, s.vectors[1:]) for _, s in rows]
        own = np.array([float(cosine(vector, s.vectors[:1])[0]) for _, s in rows])
        best = np.array([float(x.max()) if len(x) else o for x, o in zip(sentences, own, strict=True)])
        dense = (1 - w.sentence) * own + w.sentence * best
        keyword = np.array([(scored.get(i) or (None, 0.0))[1] or 0.0 for i, _ in rows])
        fused = w.dense * _min_max(dense) + (1 - w.dense) * keyword / max(float(keyword.max()), 1e-9)
        found = []
        for row, (i, s) in enumerate(rows):
            document = documents[s.passage.document_id]
            score = float(fused[row]) + w.mention * mentions[document.id]
            score -= w.superseded * (document.standing is Standing.SUPERSEDED)
            score -= w.footnote * (s.passage.kind == "footnote")
            is_direct = i in direct
            found.append(
                RetrievedPassage(
                    s.passage, document, score + 2.0 * is_direct, float(own[row]), float(keyword[row]),
                    tuple(float(x) for x in sentences[row]), is_direct, (), s.vectors,
                )
            )  # fmt: skip
        # Direct hits keep the order of the text; everything else goes by score.
        return sorted(found, key=lambda r: (not r.direct, r.passage.ordinal if r.direct else -r.score, r.passage.id))


def match_expression(query: Query) -> str:
    """The question as an FTS5 expression: any of its words, expansions as phrases, symbols as single tokens."""
    parts = [quoted(term) for term in (*query.terms, *query.context_terms)]
    parts += [quoted(phrase) for phrase in query.phrases]
    parts += [quoted(code) for code in query.codes]
    return " OR ".join(dict.fromkeys(parts))


def mention(query: Query, document: Document, glossary: Glossary) -> float:
    """How plainly the question names a document, 0 to 1: by symbol, year and kind, mission or title."""
    if document.symbol and set(codes(document.symbol)) & set(query.codes):
        return 1.0
    score = 0.0
    title = " ".join(filter(None, (document.title, document.short_title, document.symbol))).lower()
    title_stems = stems(title)
    own = stems(query.text) - {stem for year in query.years for stem in stems(year)}
    if document.date and document.date[:4] in query.years:
        kinds = {"report", "studi", "note", "resolut", "polici", "summari", "guidelin", "paper"}
        score = 0.5 if own & kinds & (title_stems | stems(str(document.kind)) | {"report"}) else 0.15
    for short in query.abbreviations:
        longs = {long.lower() for long in glossary.expansions(short)}
        if any(long in title for long in longs) or re.search(rf"\b{re.escape(short.lower())}\b", title):
            score = max(score, 0.45) + 0.1
    for phrase in query.phrases:
        if " " not in phrase and re.search(rf"\b{re.escape(phrase.lower())}\b", title):
            score = max(score, 0.5)
    distinctive = title_stems - {"report", "unit", "nation", "mission", "secretari", "general", "council", "secur"}
    if distinctive and own:
        overlap = len(distinctive & own) / len(distinctive)
        score = max(score, 0.6 * overlap if len(distinctive & own) >= 2 else 0.3 * overlap)
    return min(score, 1.0)


def without_twins(passages: Iterable[RetrievedPassage], limit: int) -> list[RetrievedPassage]:
    """The first `limit` passages, each near-copy of an earlier one counted with it.

    Two passages are twins when their vectors almost coincide (cosine > 0.97) and most of their words do.
    """
    kept: list[RetrievedPassage] = []
    for candidate in passages:
        if len(kept) >= limit and not candidate.direct:
            break
        for position, other in enumerate(kept):
            if _are_twins(candidate, other):
                kept[position] = replace(other, twins=(*other.twins, candidate.passage.id))
                break
        else:
            kept.append(candidate)
    return kept[:limit]


def _are_twins(a: RetrievedPassage, b: RetrievedPassage) -> bool:
    if float(a.vectors[0] @ b.vectors[0]) < 0.9:
        return False
    words_a, words_b = set(a.passage.text.lower().split()), set(b.passage.text.lower().split())
    smaller = min(len(words_a), len(words_b))
    return smaller > 0 and len(words_a & words_b) / smaller > 0.85


def _min_max(values: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
    low, high = float(values.min()), float(values.max())
    return (values - low) / (high - low) if high > low else np.ones_like(values)
