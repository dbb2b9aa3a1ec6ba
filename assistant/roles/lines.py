"""Which sentences of a passage may stand in a briefing: near the question, about the role, and readable alone."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from assistant.roles.readable import LIST_MARK, readable_run
from assistant.roles.roles import MASK, Ask, Forms
from knowledge.documents import Passage, Standing
from knowledge.matching import AskedWords, match
from knowledge.passages import table_row_sentence
from knowledge.records import StoredPassage
from knowledge.retrieved import RetrievedPassage
from knowledge.vectors import Vectors, cosines

MIN_SIMILARITY = 0.36
"""Cosine of question and sentence from which a sentence counts as evidence, when it names the role and holds one of
the words asked for; chosen by reading the multi-hatted deputy's briefing line by line over five guidance texts and the
starter notes."""
UNNAMED = 0.08
"""More similarity is asked of a line that names the role only in its heading or title."""
PRECEDED = 0.2
"""More similarity is asked of a line that names the role only in the sentence before it."""
UNWORDED = 0.08
"""More similarity is asked where a question names no words to look for."""
SIMILAR, MET, RANKED, EXACT = 1.5, 2.4, 0.38, 0.5
"""What a line is worth for a question: its cosine, how far the question's words are met in it, the logarithm of the
place that its passage has among those retrieved, and whether it must hold a name at a certain place."""
ENOUGH = 1.2
"""What a line must be worth to be shown."""
NEARLY = 0.7
"""How much less keeps a question from being named as not answered, if the line is shown for another."""
NOT_RETRIEVED = 20
"""Place of a passage that came up for other questions only."""
BONUS = {Standing.IN_FORCE: 0.3, Standing.SUPERSEDED: -0.4, Standing.DRAFT: -0.15}
"""Standing's share in the ranking; unknown and historical stand at 0."""
NAMED = 0.45
"""Ranking bonus for a line that names what it is about."""
IN_TABLE = 0.2
"""More similarity is asked of a table row, whose cells hold words of many questions."""
LONGER = 0.06
"""Taken for each sentence that a line needs besides its own."""


@dataclass(frozen=True)
class Candidate:
    """A run of sentences that may become a line."""

    source: RetrievedPassage
    positions: tuple[int, ...]
    quote: str
    """Exact words of the passage."""
    text: str
    """What is shown: the quote, or a table row with its heads."""
    score: float
    vector: Vectors
    enough: bool = True
    """False if it is near the question and yet not near enough to be shown for it."""

    @property
    def sentences(self) -> set[tuple[str, int]]:
        """Where its sentences stand; no two lines of a briefing share one."""
        return {(self.source.passage.id, position) for position in self.positions}


@dataclass(frozen=True)
class Aim:
    """What lines are looked for: a question, the names and words a line must hold, and where it points."""

    ask: Ask
    forms: Forms
    headings: Forms
    """Names of which one may stand in the heading path or title instead."""
    strict: bool
    """True if the line itself must hold one of the names."""
    vector: Vectors
    """The question's."""
    asked: AskedWords
    """The question's words without those of the role's names, which every question has."""
    ranks: Mapping[str, int]
    """The place of passages, by id, among those that were retrieved for the question, from 0."""


def candidates(
    pool: Sequence[RetrievedPassage], stored: Mapping[str, StoredPassage], aims: Sequence[Aim]
) -> list[list[Candidate]]:
    """The lines that passages offer for each question, all questions seen together."""
    usable = [s for s in pool if s.passage.kind not in ("footnote", "preamble") and len(s.vectors) > 1]
    if not usable or not aims:
        return [[] for _ in aims]
    places = [(source, position) for source in usable for position in range(len(source.vectors) - 1)]
    similarities = cosines(np.concatenate([s.vectors[1:] for s in usable]), np.stack([aim.vector for aim in aims]))
    passages = [stored[s.passage.id] for s in usable]
    offered = []
    for aim, column in zip(aims, similarities.T.tolist(), strict=True):
        met = np.concatenate([words_met[1:] for words_met in match(aim.asked, passages)]).tolist()
        found = (_candidate(*place, aim, *values) for place, *values in zip(places, column, met, strict=True))
        offered.append([candidate for candidate in found if candidate])
    return offered


def _asked_more(source: RetrievedPassage, aim: Aim) -> float:
    return UNWORDED * (not aim.ask.words) + IN_TABLE * (source.passage.kind == "table")


class _Found(NamedTuple):
    run: tuple[int, ...]
    quote: str
    named: bool


def _readable(
    source: RetrievedPassage, texts: Sequence[str], position: int, aim: Aim, similarity: float
) -> _Found | None:
    """The line at a position if it can be read alone, is about the role and holds one of the words asked for."""
    is_list = source.passage.kind == "list"
    if not is_list and not _answers(aim, _BRACKETS.sub(" ", texts[position])):
        return None
    run = readable_run(source.passage, texts, position)
    if run is None:
        return None
    quote = _quote(source.passage, run)
    heart = quote if is_list else texts[position]
    if is_list and not _answers(aim, _BRACKETS.sub(" ", heart)):
        return None
    named = aim.forms.stand_in(heart)
    if not named and (aim.strict or similarity < MIN_SIMILARITY + UNNAMED):
        return None
    if not named and not (aim.forms.stand_in(quote) or _set_under(source, aim.headings)):
        before = texts[run[0] - 1] if run[0] else ""
        if similarity < MIN_SIMILARITY + PRECEDED or not aim.ask.words or not aim.headings.stand_in(before):
            return None
    return _Found(tuple(run), quote, named)


def _candidate(source: RetrievedPassage, position: int, aim: Aim, similarity: float, met: float) -> Candidate | None:
    place = aim.ranks.get(source.passage.id, NOT_RETRIEVED)
    worth = SIMILAR * similarity + MET * met - RANKED * math.log1p(place) + EXACT * (aim.strict or aim.ask.subject)
    if similarity < MIN_SIMILARITY + _asked_more(source, aim) or worth < ENOUGH - NEARLY:
        return None
    found = _readable(source, source.passage.sentence_texts(), position, aim, similarity)
    if found is None:
        return None
    score = worth + NAMED * found.named - LONGER * (len(found.run) - 1) + BONUS.get(source.document.standing, 0.0)
    quote = found.quote
    text = table_row_sentence(source.passage.text, quote) if source.passage.kind == "table" else quote
    return Candidate(source, found.run, quote, text, score, source.vectors[1 + position], worth >= ENOUGH)


def _answers(aim: Aim, sentence: str) -> bool:
    """True if the sentence holds one of the words asked for, where they were asked for."""
    text = aim.forms.masked_in(sentence)
    if aim.ask.subject:
        text = " ".join(match[1] for match in _AFTER_NAME.finditer(text))
    return not aim.ask.words or holds_one(text, aim.ask.words)


_AFTER_NAME = re.compile(rf"{MASK}(?:['’]s)?\s*((?:[\w’'-]+\s*){{1,5}})")
"""The five words after a name: room for a modal, an adverb and the verb."""
_BRACKETS = re.compile(r"\([^()]*\)")
"""What stands in brackets names sources and abbreviations, not what a sentence is about."""


def _set_under(source: RetrievedPassage, names: Forms) -> bool:
    """True if the heading path or the document's title names the role."""
    above = [source.document.title, source.document.short_title or "", *source.passage.headings]
    return any(names.stand_in(text) for text in above)


def holds_one(text: str, beginnings: Sequence[str]) -> bool:
    """True if one of the words stands in a text, in the singular or plural, any tense; `word*` for any ending.

    Capitals count, so that "coordinat*" is not found in "Emergency Relief Coordinator"; a sentence's first does not.
    """
    pattern = "|".join(_word(word) for word in beginnings)
    return bool(re.search(rf"(?<!\w)(?:{pattern})", text[:1].lower() + text[1:]) or re.match(pattern, text))


def _word(word: str) -> str:
    body = re.escape(word.rstrip("*")).replace(r"\ ", r"[\s-]")
    return body if word.endswith("*") else rf"{body}(?:s|es|d|ed|ing)?(?!\w)"


def _quote(passage: Passage, run: Sequence[int]) -> str:
    start, end = passage.sentences[run[0]].start, passage.sentences[run[-1]].end
    quote = passage.text[start:end]
    return LIST_MARK.sub("", quote) if passage.kind == "list" and len(run) == 1 else quote
