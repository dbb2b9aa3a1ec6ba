"""The default answerer: sentences of the retrieved passages themselves, chosen, ordered and cited. No model writes."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from assistant.answerers.disagreement import disagreement
from assistant.answers import Notice, Question, Status
from assistant.assistant import Draft
from assistant.citations import Claim, reference
from knowledge.clauses import as_sentence
from knowledge.crossencoder import LEAST
from knowledge.passages import CELL, table_row_sentence
from knowledge.question_kind import QuestionKind, kind_of, wants
from knowledge.retrieved import Retrieved, RetrievedPassage
from knowledge.words import numbers, stem, stems


@dataclass(frozen=True)
class Weights:
    """How a sentence is scored, and which are said."""

    gap: float = 0.52
    """What each point counts by which a passage is more or less relevant than the first; the rest is directness."""
    read: float = 0.8
    """What the log-odds that a sentence answers count; at least LEAST."""
    margin: float = 6.5
    """How far below the best sentence another may lie and still be said."""
    passages: int = 8
    """Passages whose sentences are considered."""


FULL, OVER = 0.95, 1.05
"""Shares of the words from which an answer is long enough, and that it may run to for one sentence more: 4 to 6 words
more on average, and more of the facts (nugget recall fresh +4.7, corpus +1.2, starter +0.9, others 0 to +2.8)."""
PLACE_FACTOR = 1.6
"""A paragraph that was asked for by number may be this much longer than other answers before it is cut."""


CHANGING = frozenset({QuestionKind.DATE, QuestionKind.NUMBER})
"""Kinds of question whose answer changes with time: of equally direct answers the newest is read first."""
AS_DIRECT = 0.8
"""How far below the best sentence another one's score may lie and still be as direct."""


@dataclass(frozen=True)
class _Candidate:
    source: RetrievedPassage
    position: int
    text: str
    score: float


class ExtractiveAnswerer:
    """Answers with the document's own sentences."""

    name = "extractive"
    model: str | None = None
    prompt: str | None = None

    def __init__(self, max_words: int = 150, weights: Weights = Weights()) -> None:
        """`max_words`: about how long an answer may get."""
        self.max_words, self.weights = max_words, weights

    def draft(self, question: Question, retrieved: Retrieved) -> Draft:
        """Claims in reading order: the passage with the most direct sentence first, sentences in the text's order."""
        kind = kind_of(retrieved.query)
        if retrieved.expansions:
            return _expansions(retrieved)
        direct = [p for p in retrieved.passages if p.direct]
        if direct:
            return Draft(tuple(self._in_order(direct)))
        sources = self._sources(retrieved, kind)
        candidates = [c for source in sources for c in self._candidates(source, retrieved)]
        chosen = self._choose(candidates, sources, kind)
        if kind in CHANGING and not retrieved.query.years:
            chosen = _newest_first(chosen, candidates, kind)
        claims = [claim for source, positions in chosen for claim in _claims(source, positions)]
        found = disagreement(claims, kind)
        if found is None:
            return Draft(tuple(claims))
        both, notice = found
        rest = [claim for claim in claims if claim not in both]
        shown = (*(replace(claim, opens_line=True) for claim in both), *rest)
        return Draft(shown, Status.SOURCES_DISAGREE, (notice,))

    def _in_order(self, passages: Sequence[RetrievedPassage]) -> Iterator[Claim]:
        """What stands at a named place, from its beginning, a whole paragraph even when it is somewhat long."""
        words = 0
        for source in passages:
            texts = source.passage.sentence_texts()
            positions: list[int] = []
            for position, text in enumerate(texts):
                words += len(text.split())
                if words > PLACE_FACTOR * self.max_words:
                    break
                positions.append(position)
            yield from _claims(source, positions)
            if words > self.max_words:
                return

    def _sources(self, retrieved: Retrieved, kind: QuestionKind) -> list[RetrievedPassage]:
        # An answer about another mission or country than the one asked about is no answer.
        return [p for p in retrieved.passages if p.on_subject][: self.weights.passages]

    def _candidates(self, source: RetrievedPassage, retrieved: Retrieved) -> list[_Candidate]:
        behind = self.weights.gap * (source.relevance - retrieved.passages[0].relevance)
        texts = source.passage.sentence_texts()
        read = source.read or (LEAST,) * len(texts)
        each = zip(texts, source.directness, read, strict=False)
        return [
            _Candidate(source, position, text, direct + self.weights.read * max(odds, LEAST) + behind)
            for position, (text, direct, odds) in enumerate(each)
            if is_readable(text, source)
        ]

    def _choose(
        self, candidates: Sequence[_Candidate], sources: Sequence[RetrievedPassage], kind: QuestionKind
    ) -> list[tuple[RetrievedPassage, list[int]]]:
        """Best sentences first, each with what it needs to stand alone, until the answer is long enough."""
        chosen: dict[str, set[int]] = {}
        order: list[RetrievedPassage] = []
        said: list[frozenset[str]] = []
        words = 0
        lowest = max((c.score for c in candidates), default=0.0) - self.weights.margin
        for candidate in sorted((c for c in candidates if c.score >= lowest), key=lambda c: -c.score):
            positions = chosen.get(candidate.source.passage.id, set())
            needed = [p for p in self._with_context(candidate, kind) if p not in positions]
            texts = candidate.source.passage.sentence_texts()
            length = sum(len(texts[p].split()) for p in needed)
            if not needed or _repeats(candidate.text, said):
                continue
            if words and words + length > OVER * self.max_words:
                if words > FULL * self.max_words:
                    break
                continue
            if candidate.source not in order:
                order.append(candidate.source)
            chosen.setdefault(candidate.source.passage.id, set()).update(needed)
            said.extend(stems(texts[p]) for p in needed)
            words += length
        return [(source, sorted(chosen[source.passage.id])) for source in order]

    def _with_context(self, candidate: _Candidate, kind: QuestionKind) -> list[int]:
        """The sentence with the one before it when it leans on it; for a list, the lead-in and all items."""
        passage = candidate.source.passage
        texts = passage.sentence_texts()
        if passage.kind == "list" and kind is QuestionKind.LIST:
            every = list(range(len(texts)))
            if sum(len(t.split()) for t in texts) <= self.max_words * 1.3:
                return every
        position = candidate.position
        needed = [position]
        while position > 0 and len(needed) < 3 and _leans(texts[position]):
            position -= 1
            needed.insert(0, position)
        if passage.kind != "list":
            return needed
        if _leads_in(texts, candidate.position):
            return [*needed, *range(candidate.position + 1, len(texts))]
        lead_in = next((p for p in range(candidate.position - 1, -1, -1) if _leads_in(texts, p)), position)
        return sorted({lead_in, *needed})


def _newest_first(
    chosen: Sequence[tuple[RetrievedPassage, list[int]]], candidates: Sequence[_Candidate], kind: QuestionKind
) -> list[tuple[RetrievedPassage, list[int]]]:
    """What was chosen, those first that hold what is asked for and are as direct as the best, by date of document."""
    said = {source.passage.id: positions for source, positions in chosen}
    scores: dict[str, float] = {}
    for c in candidates:
        if c.position in said.get(c.source.passage.id, ()) and wants(kind, c.text):
            scores[c.source.passage.id] = max(c.score, scores.get(c.source.passage.id, c.score))
    best = max((c.score for c in candidates), default=0.0)
    direct = [of for of in chosen if scores.get(of[0].passage.id, -math.inf) >= best - AS_DIRECT]
    direct.sort(key=lambda of: of[0].document.date or "", reverse=True)
    return [*direct, *(of for of in chosen if of not in direct)]


def _expansions(retrieved: Retrieved) -> Draft:
    """What an abbreviation stands for: the sentence that says so, one for each different expansion."""
    claims = []
    for entry, source in retrieved.expansions:
        texts = source.passage.sentence_texts()
        position = next((i for i, t in enumerate(texts) if entry.short in t and entry.long.split()[0] in t), 0)
        claims += [replace(claim, opens_line=True) for claim in _claims(source, [position])]
    if len(retrieved.expansions) < 2:
        return Draft(tuple(claims))
    said = "; ".join(f"“{entry.long}” in {reference(source.document)}" for entry, source in retrieved.expansions)
    notice = Notice("sources_disagree", f"{retrieved.expansions[0][0].short} is expanded differently: {said}.")
    return Draft(tuple(claims), Status.SOURCES_DISAGREE, (notice,))


_ABBREVIATION_LINE = re.compile(r"^[A-Z][A-Za-z/&.-]*[A-Z]s?\s+[A-Z][\w’'-]+(?:\s+[\w’'&-]+){0,12}$")

_LEANING = re.compile(
    r"^(?:[\"“(]?)(?:this|these|those|it|its|they|their|he|she|his|her|such|both|the (?:latter|former|same)|that|"
    r"however|moreover|furthermore|therefore|thus|hence|consequently|accordingly|nevertheless|nonetheless|instead|"
    r"similarly|likewise|also|in addition|as a result|for this|in this|in that|on the other hand|but|and|yet|so|"
    r"conversely|by contrast|in contrast|finally|secondly|thirdly|second|third|another|otherwise|here|there)\b",
    re.IGNORECASE,
)


def _leans(sentence: str) -> bool:
    """True if a sentence opens by pointing back at the one before it."""
    return bool(_LEANING.match(sentence))


_ITEM = re.compile(r"(?:[•▪●■◦○‣·–—-]|\(?(?:[a-z]{1,2}|[ivxl]{1,6}|\d{1,2})[.)])\s", re.IGNORECASE)
_CLOSED = re.compile(r"[.;?!,][\"'”’)\]]*$|[;,] (?:and|or)$")


def _leads_in(texts: Sequence[str], position: int) -> bool:
    """True if list items complete the sentence: it ends in a colon, or an item follows before it comes to an end."""
    text = texts[position].rstrip()
    open_ended = not (_CLOSED.search(text) or _ITEM.match(text))
    return text.endswith(":") or (open_ended and any(map(_ITEM.match, texts[position + 1 : position + 2])))


def is_readable(text: str, source: RetrievedPassage) -> bool:
    """Worth showing: words enough to say something, and not a table's head row."""
    if source.passage.kind == "table":
        lines = source.passage.text.split("\n")
        heads = next((line for line in lines if CELL in line), None)
        return text != heads
    if _ABBREVIATION_LINE.match(text):
        return False
    return len(re.findall(r"[^\W\d_]{2,}", text)) >= 4 or source.passage.kind == "list"


def _repeats(text: str, said: Sequence[frozenset[str]]) -> bool:
    """True if nearly all that the sentence says, and every number, was said by one before it."""
    own = stems(text)
    figures = {stem(number) for number in numbers(text)}
    return any(own and len(own & before) / len(own) > 0.8 and figures <= before for before in said)


def _claims(source: RetrievedPassage, positions: Sequence[int]) -> list[Claim]:
    """One quote for each run of neighbouring sentences; table rows and list items on lines of their own."""
    passage = source.passage
    claims: list[Claim] = []
    for run in _runs(positions):
        first, last = passage.sentences[run[0]], passage.sentences[run[-1]]
        quote = passage.text[first.start : last.end]
        if passage.kind == "table":
            for position in run:
                row = passage.text[passage.sentences[position].start : passage.sentences[position].end]
                claims.append(Claim(table_row_sentence(passage.text, row), source, row, opens_line=True))
        else:
            text = quote if passage.kind == "list" else as_sentence(quote)
            claims.append(Claim(text, source, quote, opens_line="\n" in quote or not claims))
    return claims


def _runs(positions: Sequence[int]) -> list[list[int]]:
    runs: list[list[int]] = []
    for position in positions:
        if runs and position == runs[-1][-1] + 1:
            runs[-1].append(position)
        else:
            runs.append([position])
    return runs
