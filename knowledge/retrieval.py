"""From a question to ranked passages: dense and keyword scores fused, inside what the asker may read."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from knowledge.access import Asker
from knowledge.crossencoder import LEAST, QUESTION_TOKENS, UNREAD, CrossEncoder, Text
from knowledge.directness import directness, measure
from knowledge.documents import Document
from knowledge.embedding import Embedding, Encoded
from knowledge.fulltext import Matches, quoted
from knowledge.glossary import Glossary
from knowledge.index import VectorIndex
from knowledge.lexicon import Lexicon, Lexicons
from knowledge.matching import AskedWords, asked_words, match
from knowledge.naming import Subject, aboutness, local_rarity, subject, unknown_mission
from knowledge.onnx_export import CORES
from knowledge.ordering import current_first, without_twins
from knowledge.places import direct_hits
from knowledge.queries import Query, understand
from knowledge.question_kind import QuestionKind, kind_of
from knowledge.ranking import DIRECTNESS, READING, Candidate, Scores, features, relevance
from knowledge.register import Abbreviation, Register, StoredPassage
from knowledge.retrieved import EVERYTHING, Retrieved, RetrievedPassage, Scope
from knowledge.thesaurus import is_mission
from knowledge.vectors import Vectors, cosines
from knowledge.words import content_words, stem, stems


@dataclass(frozen=True)
class Weights:
    """How scores are combined; chosen on the development half of the corpus suite and on two public collections."""

    dense: float = 0.6
    """Share of the dense score in the fused one; keyword has the rest (field-notes.md: 0.5 to 0.65 is flat).

    With 1 or 0 one search alone finds and orders passages, by its own score: for comparison.
    """
    sentence: float = 0.3
    """Share of the best sentence within the dense score; the passage's own vector has the rest."""
    columns: tuple[float, float, float, float] = (0.6, 0.8, 1.0, 3.0)
    """BM25 weights of title, headings, text and codes."""
    context: float = 0.5
    """Weight of words that only earlier turns contributed."""
    candidates: int = 40
    """Taken from each search before fusing."""
    within: int = 15
    """Taken by each search from a document that the question names."""
    ranked: int = 60
    """Best by fused score, which are then ranked by everything known of them."""

    @property
    def is_single(self) -> bool:
        """True if one search alone decides."""
        return self.dense in (0.0, 1.0)


ABOUT = 0.6
"""What being about the question is worth beside being named by it."""
COMMON = 0.2
"""Share of the passages that a word stands in from which it says nothing of what a document is about."""
ANSWERING = 20
"""Most relevant passages whose sentences are weighed by how directly they answer; weighing all finds no more."""
READ_PASSAGES, READ_WORDS = 12, 600
"""Best passages of which the likeliest sentences are read, and words read in all.

Reading eight whole passages takes twice as long and is hardly better on the seven suites: nugget recall 77.5 against
76.7, correct refusal 56.6 against 57.9 at the same false abstention, evidence@5 87.4 both.
"""
NEARNESS = 0.5
"""What the relevance of its passage counts, beside its directness, when a sentence is chosen for reading."""
OF_ONE_MISSION = frozenset({"report", "resolution"})
"""Kinds of document that speak of one mission or country, where guidance speaks of all."""
NAMED, NAMED_DOCUMENTS = 0.3, 3
"""From how plain a mention a document is searched on its own, and how many are at most."""


@dataclass(frozen=True)
class Candidates:
    """Everything known of the candidates of one question, for ranking and for fitting it."""

    query: Query
    candidates: Sequence[Candidate]
    rows: Scores
    vector: Vectors
    asked: AskedWords
    rarities: dict[str, float]
    mentioned: tuple[str, ...]
    subjects: tuple[Subject, ...]


class _Named(NamedTuple):
    about: dict[str, float]
    subjects: tuple[Subject, ...]


DEFINITION_WORDS = frozenset(
    "mean means meaning stand stands short full name abbreviation acronym define definition spell term expand".split()
)


class Retriever:
    """Searches what one asker may read; there is no search without an asker."""

    def __init__(
        self,
        register: Register,
        index: VectorIndex,
        embedding: Embedding,
        cross_encoder: CrossEncoder,
        weights: Weights = Weights(),
    ) -> None:
        """`weights` are frozen values, safe to share."""
        self._register, self._index, self._embedding = register, index, embedding
        self._cross_encoder = cross_encoder
        self.weights = weights
        self._lexicons = Lexicons(register, embedding.is_word)
        self._beside = ThreadPoolExecutor(CORES, thread_name_prefix="encode")
        """The model works here while SQLite looks for the words."""

    def glossary(self, asker: Asker) -> Glossary:
        """The abbreviations of the documents the asker may read."""
        return self._lexicons.of(asker).glossary

    def retrieve(
        self,
        question: str,
        asker: Asker,
        history: Sequence[str] = (),
        scope: Scope = EVERYTHING,
        limit: int = 10,
    ) -> Retrieved:
        """The `limit` best passages, best first, near-twins counted once."""
        found = self.candidates(question, asker, history, scope)
        own = [c.fused for c in found.candidates] if self.weights.is_single else relevance(found.rows).tolist()
        relevant = zip(found.candidates, own, strict=True)
        ranked = [_retrieved(candidate, value, found.subjects) for candidate, value in relevant]
        ranked.sort(key=lambda p: (not p.on_subject, -p.relevance, p.passage.id))
        ranked[:ANSWERING] = [_with_directness(p, found.query) for p in ranked[:ANSWERING]]
        ranked.sort(key=lambda p: (-p.score, p.passage.id))
        ranked = self._read(found.query, ranked)
        ranked.sort(key=lambda p: (-(p.relevance if self.weights.is_single else p.score), p.passage.id))
        # Places the question names come first, in the order of the text.
        named = sorted((p for p in ranked if p.direct), key=lambda p: (p.document.id, p.passage.ordinal))
        rest = current_first([p for p in ranked if not p.direct], found.mentioned)
        rest.sort(key=lambda p: not p.on_subject)
        passages = without_twins([*named, *rest], limit)
        expansions = self._expansions(found.query, asker, scope)
        return Retrieved(
            found.query, tuple(passages), found.vector, found.rarities, found.mentioned, expansions, found.asked
        )

    def _read(self, query: Query, ranked: Sequence[RetrievedPassage]) -> list[RetrievedPassage]:
        """All passages in order, the likeliest sentences of the best ones read with the question in view."""
        near = {p.passage.id: p for p in ranked if p.on_subject and not p.direct}
        chosen = _worth_reading(list(near.values())[:READ_PASSAGES], query.text)
        texts = [reading_text(near[i], numbers) for i, numbers in chosen.items()]
        scores = self._cross_encoder.scores(query.text, texts)
        read = {i: dict(zip(chosen[i], odds, strict=True)) for i, odds in zip(chosen, scores, strict=True)}
        return [_with_reading(p, read[p.passage.id]) if p.passage.id in read else p for p in ranked]

    def candidates(
        self,
        question: str,
        asker: Asker,
        history: Sequence[str] = (),
        scope: Scope = EVERYTHING,
    ) -> Candidates:
        """What both searches bring, with the features that ranking weighs."""
        known = self._lexicons.of(asker)
        query = understand(question, history, known.glossary, known.speller.respell).mended(known.speller.correct)
        documents = {d.id: d for d in self._register.documents(asker) if scope.admits(d)}
        mentions = {d: known.names.mention(query, documents[d]) for d in documents}
        named = tuple(sorted((d for d in mentions if mentions[d] >= 0.5), key=lambda d: -mentions[d]))
        query = query.without_naming() if named else query
        encoding = self._beside.submit(self._encode, query)
        wanted = sorted(stems(" ".join((*query.terms, *query.context_terms))))
        counts = {word: known.document_counts(quoted(word)) for word in wanted}
        general = frozenset(d.id for d in documents.values() if d.kind not in OF_ONE_MISSION)
        about, subjects = self._named(query, known, counts, general)
        bare = query.without({form for subject in subjects for form in subject.forms})
        # Not in one batch: a text's quantised vector depends a little on what is encoded beside it.
        bare_encoding = encoding if bare is query else self._beside.submit(self._encode, bare)
        class_ids = self._register.class_ids(asker)
        matches = self._register.text.search(class_ids, match_expression(query), self.weights.columns)
        encoded, vector, sought = encoding.result(), encoding.result().texts[0], bare_encoding.result().texts[0]
        lessened = dict.fromkeys(query.context_terms, self.weights.context)
        asked = asked_words(query.text, encoded.words[0], known.rarity, lessened)
        plain = {d: max(mentions[d], about[d] * ABOUT) for d in documents if d in known.ranges}
        likely = [d for d in sorted(plain, key=lambda d: -plain[d])[:NAMED_DOCUMENTS] if plain[d] >= NAMED]
        scored = self._search(matches, sought, class_ids, known, documents, likely, scope)
        direct = direct_hits(self._register, query, documents, mentions)
        stored = self._register.fetch([*scored, *direct], class_ids)
        rarities = {stem: known.rarity(stem) for stem in sorted(stems(" ".join(query.terms)))}
        own = {word: counts[word] for word in rarities if word in counts}
        of_documents = _OfDocuments(
            documents, mentions, about,
            lru_cache(None)(lambda document_id: local_rarity(own, document_id, known.sizes.get(document_id, 1))),
        )  # fmt: skip
        vectors = _Encoded(vector, self._focus(query, vector), sought, self._focus(query, sought))
        entries = self._fuse(stored, scored, set(direct), of_documents, vectors, asked)
        return Candidates(query, entries, features(entries, query, rarities), vector, asked, rarities, named, subjects)

    def _expansions(
        self, query: Query, asker: Asker, scope: Scope
    ) -> tuple[tuple[Abbreviation, RetrievedPassage], ...]:
        """Each expansion of the one abbreviation that the question is about, from the best document that gives it."""
        if kind_of(query) is not QuestionKind.DEFINITION or len(query.abbreviations) != 1:
            return ()
        if len(set(query.terms) - set(content_words(query.abbreviations[0])) - DEFINITION_WORDS) > 1:
            return ()
        documents = {d.id: d for d in self._register.documents(asker) if scope.admits(d)}
        given = [e for e in self.glossary(asker).meanings(query.abbreviations[0]) if e[0].document_id in documents]
        first = {entry.passage_id: entry for entries in given for entry in entries[:1]}
        stored = self._register.fetch(first, self._register.class_ids(asker))
        return tuple(
            (entry, RetrievedPassage(stored[i].passage, documents[entry.document_id], 0.0, 1.0, 0.0))
            for i, entry in first.items()
            if i in stored
        )

    def _encode(self, query: Query) -> Encoded:
        return self._embedding.encode([self._dense_text(query)])

    def _dense_text(self, query: Query) -> str:
        """The question with short forms spelled out and everyday words as documents say them, as far as three go."""
        spelled_out = [phrase for phrase in query.phrases if " " in phrase]
        formal = [" ".join(said) for _, *said in query.everyday]
        added = [*spelled_out, *formal][:3]
        return f"{query.text} ({'; '.join(added)})" if added else query.text

    def _focus(self, query: Query, vector: Vectors) -> Vectors:
        """What sentences are compared with: the question; of a follow-up its own words count as much as all turns."""
        if not query.elliptical:
            return vector
        both = vector + self._embedding.encode([query.own_text]).texts[0]
        return np.asarray(both / np.linalg.norm(both), np.float32)

    def _search(
        self,
        matches: Matches,
        vector: Vectors,
        class_ids: Sequence[int],
        known: Lexicon,
        documents: Mapping[str, Document],
        likely: Sequence[str],
        scope: Scope,
    ) -> dict[str, float]:
        """Passage id to BM25 (0 where no word matches) of the candidates that either search brings.

        Documents that are `likely` meant are searched on their own too, since the whole index might crowd them out.
        """
        w = self.weights
        if scope.is_open:
            dense = [i for c in class_ids for i in self._index.search(c, vector, w.candidates)]
            rows = matches.best(w.candidates)
        else:
            dense = self._exact(vector, documents, w.candidates)
            rows = matches.best(w.candidates, [known.ranges[d] for d in documents if d in known.ranges])
        for document_id in likely:
            dense += self._exact(vector, (document_id,), w.within)
            rows += matches.best(w.within, [known.ranges[document_id]])
        ids = dict.fromkeys([*(dense if w.dense > 0 else ()), *(known.ids[row] for row in rows if w.dense < 1)])
        return {i: matches.score(known.rows[i]) for i in ids if i in known.rows}

    def _named(
        self, query: Query, known: Lexicon, counts: Mapping[str, Mapping[str, int]], general: frozenset[str]
    ) -> _Named:
        """What the question's words and abbreviations say of documents (see `naming`)."""
        written = {stem(word): word for word in (*query.context_terms, *query.terms)}
        spelled_out = {stem(part) for forms in query.alternatives for part in forms[0].split()}
        # A word that stands nearly everywhere tells no document from another.
        telling = {w: c for w, c in counts.items() if known.share(w) <= COMMON and w not in spelled_out}
        groups: list[tuple[tuple[str, ...], Mapping[str, int]]] = [
            ((written.get(w, w) if is_mission(written.get(w, w)) else w,), c) for w, c in telling.items()
        ]
        for forms in query.alternatives:
            groups.append((forms, known.document_counts(" OR ".join(map(quoted, forms)))))
        names = [
            (forms, c)
            for forms, c in groups
            if len(forms) > 1 or is_mission(forms[0]) or known.is_name(written.get(forms[0], forms[0]))
        ]
        subjects = (subject(forms, c, known.sizes) or unknown_mission(forms, general) for forms, c in names)
        return _Named(aboutness((c for _, c in groups), known.sizes), tuple(s for s in subjects if s is not None))

    def _exact(self, vector: Vectors, documents: Iterable[str], limit: int) -> list[str]:
        """An exact scan of chosen documents: a filter inside Chroma costs a hundred times more (field-notes.md)."""
        found: dict[str, float] = {}
        for document_id in documents:
            ids, vectors = self._register.passage_vectors(document_id)
            found |= dict(zip(ids, cosines(vectors, vector).tolist(), strict=True))
        return sorted(found, key=found.__getitem__, reverse=True)[:limit]

    def _fuse(
        self,
        stored: dict[str, StoredPassage],
        scored: dict[str, float],
        direct: Set[str],
        known: _OfDocuments,
        encoded: _Encoded,
        asked: AskedWords,
    ) -> list[Candidate]:
        """The best by weighted sum of min-max scaled dense and max-scaled keyword scores (field-notes.md), in order."""
        w = self.weights
        rows = [(i, s) for i, s in stored.items() if s.passage.document_id in known.documents]
        if not rows:
            return []
        # One product for all vectors; row 0 of each passage is its own vector, the others are its sentences'.
        stacked = np.vstack([s.vectors for _, s in rows])
        starts = np.cumsum([0, *(len(s.vectors) for _, s in rows)])
        close = _Encoded(*cosines(stacked, np.stack(encoded)).T)
        sentences = [close.focus[a + 1 : b] for a, b in itertools.pairwise(starts)]
        own = close.sought[starts[:-1]].astype(np.float64)
        best = [close.sought_focus[a + 1 : b].max(initial=-1.0) for a, b in itertools.pairwise(starts)]
        dense = (1 - w.sentence) * own + w.sentence * np.where(np.array(best) > -1.0, best, own)
        keyword = np.array([scored.get(i, 0.0) for i, _ in rows])
        fused = w.dense * _min_max(dense) + (1 - w.dense) * keyword / max(float(keyword.max()), 1e-9)
        order = sorted(range(len(rows)), key=lambda row: (rows[row][0] not in direct, -fused[row], rows[row][0]))
        kept = order[: w.ranked]
        met = match(asked, [rows[row][1] for row in kept])
        found = []
        for row, words_met in zip(kept, met, strict=True):
            passage_id, (passage, vectors, _) = rows[row]
            of = passage.document_id
            found.append(
                Candidate(
                    passage, known.documents[of], float(fused[row]), float(close.text[starts[row]]),
                    float(keyword[row]), tuple(sentences[row].tolist()), passage_id in direct, vectors, words_met,
                    known.mentions[of], known.about.get(of, 0.0), known.local(of),
                )
            )  # fmt: skip
        return found


class _Encoded(NamedTuple):
    """Vectors of a question, unit length, or what is close to each."""

    text: Vectors
    focus: Vectors
    sought: Vectors
    """Without the names that have told which documents are meant: what is searched for in these."""
    sought_focus: Vectors


class _OfDocuments(NamedTuple):
    """What is known of documents, by id."""

    documents: Mapping[str, Document]
    mentions: Mapping[str, float]
    about: Mapping[str, float]
    local: Callable[[str], Mapping[str, float]]


def _retrieved(found: Candidate, relevance: float, subjects: Sequence[Subject]) -> RetrievedPassage:
    return RetrievedPassage(
        found.passage, found.document, relevance, found.dense, found.keyword, relevance, found.sentence_scores, (), (),
        found.direct, (), found.vectors, found.met, found.about, found.local, is_on_subject(found, subjects),
    )  # fmt: skip


def _with_directness(found: RetrievedPassage, query: Query) -> RetrievedPassage:
    met = found.met[1:].tolist()
    direct = directness(measure(found.passage, query, kind_of(query), found.sentence_scores, met, found.local))
    return replace(found, directness=direct, score=found.relevance + DIRECTNESS * max(direct, default=0.0))


def _worth_reading(passages: Sequence[RetrievedPassage], question: str) -> dict[str, list[int]]:
    """Numbers of the sentences that are likeliest to answer by what is known without reading them, by passage id.

    As many as READ_WORDS allow; with each passage the question is read, and where the passage stands.
    """
    likely = sorted(
        (-direct - NEARNESS * p.relevance, rank, number)
        for rank, p in enumerate(passages)
        for number, direct in enumerate(p.directness)
    )
    left, chosen = READ_WORDS, dict[str, list[int]]()
    for _, rank, number in likely:
        p = passages[rank]
        left -= len(p.passage.sentence_texts()[number].split())
        if p.passage.id not in chosen:
            left -= min(len(question.split()), QUESTION_TOKENS) + len(_place(p).split())
        if left < 0 and chosen:
            break
        chosen.setdefault(p.passage.id, []).append(number)
    return {passage_id: sorted(numbers) for passage_id, numbers in chosen.items()}


def _with_reading(found: RetrievedPassage, odds: Mapping[int, float]) -> RetrievedPassage:
    read = tuple(odds.get(number, UNREAD) for number in range(len(found.passage.sentences)))
    return replace(found, read=read, score=found.score + READING * max(0.0, max(read) - LEAST))


def reading_text(found: RetrievedPassage, numbers: Sequence[int]) -> Text:
    """What is read of a passage: these of its sentences, and before them date and title of its document and heading."""
    texts = found.passage.sentence_texts()
    starts = [0, *itertools.accumulate(len(texts[n]) + 1 for n in numbers)]
    spans = [(start, start + len(texts[n])) for start, n in zip(starts, numbers, strict=False)]
    return Text(_place(found), " ".join(texts[n] for n in numbers), spans)


def _place(found: RetrievedPassage) -> str:
    of = found.document
    where = filter(None, [of.month, of.short_title or of.title, *found.passage.headings[-1:]])
    return ". ".join(where) + "."


def match_expression(query: Query) -> str:
    """The question as an FTS5 expression: any of its words, expansions as phrases, symbols as single tokens."""
    formal = [word for _, *said in query.everyday for phrase in said for word in phrase.split()]
    parts = (*query.terms, *query.context_terms, *formal, *query.phrases, *query.codes)
    return " OR ".join(dict.fromkeys(map(quoted, parts)))


def is_on_subject(found: Candidate, subjects: Sequence[Subject]) -> bool:
    """True if the passage has to do with one of the subjects that the question names, or the question names none."""
    text = " ".join([found.document.title, *found.passage.headings, found.passage.text])
    return not subjects or any(s.covers(found.document.id, text) for s in subjects)


def _min_max(values: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
    low, high = float(values.min()), float(values.max())
    return (values - low) / (high - low) if high > low else np.ones_like(values)
