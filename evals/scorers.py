"""What one answer is worth: plain functions over one case, one answer and the passages retrieved for it.

Nothing here needs more than the standard library, so a scorer can be used from a notebook or another harness.
A scorer gives None where it does not apply (citation precision of an answer without citations): such cases are left
out of the mean, never counted as 0. The rules are those of "How answers are scored": every one is mechanical, since
even two people agree poorly on "supported" (TREC 2024 RAG track) and a judge cannot diagnose a single answer.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

RUN_WORDS = 8
"""Consecutive words of a quote that must stand in a passage for the passage to hold the evidence."""
REFUSALS = frozenset({"not_found", "out_of_scope"})
"""Statuses that say the guidance has no answer."""
ABSTENTIONS = REFUSALS | {"needs_clarification"}
"""Statuses that leave the asker without an answer."""

_MARK = re.compile(r"\[\d+(?:\s*,\s*\d+)*\]")
_DASHES = re.compile(r"[-\u2010-\u2015\u2212]")
_QUOTES = str.maketrans({"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u00ad": None})


@lru_cache(maxsize=4096)
def normalise(text: str) -> str:
    """Case, hyphens, dashes, typographic quotes and white space made alike; other punctuation stays."""
    text = unicodedata.normalize("NFKC", text).translate(_QUOTES).casefold()
    return " ".join(_DASHES.sub(" ", text).split())


def word_list(text: str) -> list[str]:
    """The words of a text in order: normalised, punctuation dropped, a hyphenated word being two."""
    return re.findall(r"\w+", normalise(text))


def without_marks(answer: str) -> str:
    """The answer without its citation marks, so that "[15]" is never taken for the number 15."""
    return _MARK.sub(" ", answer)


def states(text: str, alternatives: Iterable[str]) -> bool:
    """True if one of the alternatives stands in the text at word boundaries, case-blind, hyphen = space."""
    whole = normalise(text)
    return any(re.search(rf"(?<!\w){re.escape(form)}(?!\w)", whole) for form in map(normalise, alternatives) if form)


def facts_found(answer: str, facts: Sequence[Sequence[str]]) -> list[bool]:
    """For each required fact, whether the answer states it."""
    text = without_marks(answer)
    return [states(text, alternatives) for alternatives in facts]


def nugget_recall(answer: str, facts: Sequence[Sequence[str]]) -> float | None:
    """Facts found in the answer / facts required; None for a case without facts. An abstention scores 0."""
    found = facts_found(answer, facts)
    return sum(found) / len(found) if found else None


def holds(text: str, quote: str) -> bool:
    """True if a run of RUN_WORDS words of the quote stands in the text.

    Compared with the spaces taken out, so that a word split or joined at a line end ("peace- keeping") does not hide
    the place. A quote shorter than RUN_WORDS must stand as a whole.
    """
    words = word_list(quote)
    if not words:
        return False
    squeezed = _squeeze(text)
    size = min(RUN_WORDS, len(words))
    return any("".join(words[i : i + size]) in squeezed for i in range(len(words) - size + 1))


@lru_cache(maxsize=4096)
def _squeeze(text: str) -> str:
    return "".join(word_list(text))


def evidence_ranks(quotes: Sequence[str], passages: Sequence[str]) -> list[int | None]:
    """For each evidence quote the rank (from 1) of the first passage that holds it; None if none does."""
    return [next((rank for rank, text in enumerate(passages, 1) if holds(text, quote)), None) for quote in quotes]


def evidence_at(ranks: Sequence[int | None], k: int) -> float | None:
    """1 if some evidence stands in the first k passages, else 0; None for a case without evidence."""
    return float(any(rank is not None and rank <= k for rank in ranks)) if ranks else None


def reciprocal_rank(ranks: Sequence[int | None], k: int = 10) -> float | None:
    """1 / rank of the first passage that holds evidence, 0 beyond the first k (Voorhees, TREC-8 QA track, 1999)."""
    if not ranks:
        return None
    best = min((rank for rank in ranks if rank is not None), default=k + 1)
    return 1 / best if best <= k else 0.0


def citation_precision(quotes: Sequence[str], facts: Sequence[Sequence[str]]) -> float | None:
    """Share of cited quotes that carry a required fact; None without citations or facts.

    After ALCE's citation precision (Gao et al. 2023, section 4), the entailment model replaced by the fact matcher.
    """
    if not quotes or not facts:
        return None
    return sum(any(states(quote, fact) for fact in facts) for quote in quotes) / len(quotes)


def citation_recall(answer: str, quotes: Sequence[str], facts: Sequence[Sequence[str]]) -> float | None:
    """Share of the facts the answer states that a cited quote states too; None where it states none.

    After ALCE's citation recall (Gao et al. 2023, section 4) over facts instead of sentences: 1 means that no required
    fact was said without its source.
    """
    stated = [fact for fact, found in zip(facts, facts_found(answer, facts), strict=True) if found]
    if not stated:
        return None
    return sum(any(states(quote, fact) for quote in quotes) for fact in stated) / len(stated)


def verbatim(quotes: Sequence[tuple[str, str]]) -> float | None:
    """Share of (quote, text of the cited passage) pairs where the quote stands in the text, letter for letter.

    Only white space may differ. An empty quote is not verbatim. None without citations.
    """
    if not quotes:
        return None
    spaced = [(" ".join(quote.split()), " ".join(text.split())) for quote, text in quotes]
    return sum(bool(quote) and quote in text for quote, text in spaced) / len(spaced)


def as_quoted(answer: str, cited: Mapping[int, tuple[str, str]]) -> float | None:
    """Share of what an extractive answer says that is what it quotes there; None for an answer without marks.

    `cited` gives (quote, text of the passage) by number. What stands before a mark has the words of its quote, no word
    more; a table row may be said with words of its table besides, as it is said with its heads.
    """
    pieces = re.findall(r"(.*?)\[(\d+)\]", answer, re.DOTALL)
    if not pieces:
        return None
    right = 0
    for said, number in pieces:
        quote, text = (word_list(part) for part in cited.get(int(number), ("", "")))
        row = " | " in cited.get(int(number), ("", ""))[1]
        right += word_list(said) == quote or (row and set(quote) <= set(word_list(said)) <= set(text))
    return right / len(pieces)


def correct_refusal(status: str, citations: int, answerable: bool) -> float | None:
    """On a case nobody can answer: 1 if the status says so and nothing is cited, else 0. None on other cases."""
    return None if answerable else float(status in REFUSALS and not citations)


def false_abstention(status: str, answerable: bool) -> float | None:
    """On an answerable case: 1 if the asker is left without an answer, else 0. None on other cases."""
    return float(status in ABSTENTIONS) if answerable else None


def status_right(status: str, expected: str) -> float:
    """1 if the status is the expected one; "answered" is also met by "answered_with_caveat"."""
    return float(status == expected or (expected == "answered" and status == "answered_with_caveat"))


def word_count(answer: str) -> int:
    """Words of the answer as a reader counts them, citation marks left out."""
    return len(without_marks(answer).split())


def wrong_edition(cited: Sequence[tuple[str, str]], evidence_documents: Iterable[str]) -> float | None:
    """1 if a superseded document is cited and no document the evidence is in; `cited` is (document id, standing).

    An old edition beside the right one is marked in its citation and misleads nobody. None without citations. No
    public benchmark has this one; it is the classic failure of guidance search.
    """
    if not cited:
        return None
    right = any(document in set(evidence_documents) for document, _ in cited)
    return float(not right and any(standing == "superseded" for _, standing in cited))
