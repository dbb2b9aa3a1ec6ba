"""Which documents a question is about: those it names, and those that speak of what it names more than others do."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from knowledge.documents import Document
from knowledge.fulltext import codes
from knowledge.queries import Query
from knowledge.thesaurus import is_mission
from knowledge.words import stems, words


class Names:
    """What documents are called, to tell how plainly a question names one of them."""

    def __init__(self, documents: Iterable[Document]) -> None:
        """`documents`: those the asker may read; how telling a word is depends on how many of them share it."""
        self._words = {
            d.id: stems(" ".join(filter(None, (d.title, d.short_title, d.publisher, d.organ)))) for d in documents
        }
        self._shared = Counter(word for words in self._words.values() for word in words)

    def mention(self, query: Query, document: Document) -> float:
        """0 to 1: by its symbol, its year with its kind, or the rare words of its name (a mission's, spelled out)."""
        if document.symbol and set(codes(document.symbol)) & set(query.codes):
            return 1.0
        asked = stems(" ".join((query.text, *query.phrases))) - set(query.years)
        score = 0.0
        if document.date and document.date[:7] in query.months:
            score = 0.6
        elif document.date and document.date[:4] in query.years:
            score = 0.5 if asked & _KINDS else 0.15
        common = math.log(1 + len(self._words))
        rare = sum(math.log((1 + len(self._words)) / self._shared[word]) for word in asked & self._words[document.id])
        return min(score + 0.3 * rare / common, 1.0) if common else score


_KINDS = frozenset("report studi note resolut polici summari guidelin paper rec recommend section text".split())


SUBJECT_SHARE, SUBJECT_PASSAGES, SUBJECT_DOCUMENTS, ON_SUBJECT = 0.25, 3, 0.4, 0.5
"""A word is a subject if some document has it in at least this share of its passages and in so many of them, while at
most this share of the documents know it; a document is on the subject from this part of the largest share. A document
of one or two passages may mention a name without being about it (hotpot100: nDCG@10 0.838, else 0.817)."""


@dataclass(frozen=True)
class Subject:
    """Something that few documents are about and one is about above all: a mission, a country, a text."""

    forms: tuple[str, ...]
    """How the question names it, and its other forms."""
    documents: frozenset[str]
    """Ids of the documents that are about it."""
    general: frozenset[str] = frozenset()
    """Of a mission that no document is about: ids of guidance, which holds for any mission where it names none."""

    def covers(self, document_id: str, text: str) -> bool:
        """True for a passage of such a document, or one whose words (title and headings with it) name the subject."""
        if document_id in self.documents:
            return True
        if self._named.search(text.lower()):
            return True
        return document_id in self.general and not any(map(is_mission, words(text)))

    @cached_property
    def _named(self) -> re.Pattern[str]:
        return re.compile("|".join(rf"(?<!\w){re.escape(form.lower())}{self._ending(form)}" for form in self.forms))

    def _ending(self, form: str) -> str:
        """What may follow: "Iraqi" names Iraq, but "authority" does not name the AU, nor UNMISS UNMIS."""
        if is_mission(form):
            return r"(?!\w)"
        return r"s?(?!\w)" if len(self.forms) > 1 else ""


def subject(forms: Sequence[str], counts: Mapping[str, int], sizes: Mapping[str, int]) -> Subject | None:
    """The subject that a word (with its other forms) is, given the passages it stands in by document, or None."""
    shares = {d: count / sizes[d] for d, count in counts.items() if sizes.get(d)}
    largest = max((share for d, share in shares.items() if counts[d] >= SUBJECT_PASSAGES), default=0.0)
    if len(shares) > SUBJECT_DOCUMENTS * len(sizes) or largest < SUBJECT_SHARE:
        return None
    return Subject(tuple(forms), frozenset(d for d, share in shares.items() if share >= ON_SUBJECT * largest))


def unknown_mission(forms: Sequence[str], general: frozenset[str]) -> Subject | None:
    """A mission that no document is about: what is said of another is not of it, only `general` guidance is."""
    return Subject(tuple(forms), frozenset(), general) if any(map(is_mission, forms)) else None


def local_rarity(counts: Mapping[str, Mapping[str, int]], document_id: str, size: int) -> dict[str, float]:
    """Each word's rarity within one document, ln(1 + passages / passages with it): what its whole document speaks of,
    such as the name of its mission, tells none of its passages from another.

    `counts` holds for each stem the passages it stands in by document.
    """
    return {stem: math.log(1 + size / (by_document.get(document_id, 0) + 0.5)) for stem, by_document in counts.items()}


def aboutness(counts: Iterable[Mapping[str, int]], sizes: Mapping[str, int]) -> dict[str, float]:
    """How much each document is about what a question speaks of, 0 to 1.

    `counts` holds for each word of the question the passages it stands in by document, `sizes` each document's number
    of passages. A word counts by how few documents know it (ln N/n, nothing when all do), and for a document by the
    share of its passages that have the word, relative to the document where that share is largest.
    """
    scores: dict[str, float] = dict.fromkeys(sizes, 0.0)
    total = 0.0
    for by_document in counts:
        shares = {d: count / sizes[d] for d, count in by_document.items() if sizes.get(d)}
        if not shares:
            continue
        weight = math.log(len(sizes) / len(shares)) if len(sizes) > 1 else 0.0
        total += weight
        largest = max(shares.values())
        for document_id, share in shares.items():
            scores[document_id] += weight * share / largest
    return {d: score / total if total > 0 else 0.0 for d, score in scores.items()}
