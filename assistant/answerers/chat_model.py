"""The chat-model answerer: a model writes from the passages, and only what they say word for word is shown.

Whatever goes wrong on the way (a slow model, none at all, nonsense, lies) ends in the extractive answer with a notice.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Generator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from assistant.answerers.grounding import ground
from assistant.answerers.model_line import ModelFailure, Usage
from assistant.answerers.reply import SCHEMA, SentenceReader, request
from assistant.answers import Notice, Question
from assistant.assistant import Answerer, Draft
from assistant.citations import Claim
from knowledge.documents import Classification
from knowledge.retrieved import Retrieved, RetrievedPassage

log = logging.getLogger(__name__)

PROMPT = Path(__file__).with_name("prompt.md")
MAX_PASSAGES = 8
MIN_WORDS = 6
"""Fewer checked words than this are too little for an answer."""


class Line(Protocol):
    """What the answerer needs of a model."""

    name: str

    def stream(
        self, system: str, user: str, seconds: float | None = None, schema: dict[str, Any] | None = None
    ) -> Generator[str | Usage, None, None]:
        """Pieces of the reply; raises ModelFailure."""


class ChatModelAnswerer:
    """Answers in the model's words where they hold, else in the documents' own."""

    name = "chat-model"

    def __init__(
        self,
        line: Line,
        otherwise: Answerer,
        max_words: int = 150,
        max_classification: Classification = Classification.UNCLASSIFIED,
    ) -> None:
        """`otherwise` answers when the model may not or cannot; text above `max_classification` is never sent."""
        self._line, self._otherwise = line, otherwise
        self._max_words, self._max_classification = max_words, max_classification
        template = PROMPT.read_text(encoding="utf-8")
        self.model: str | None = line.name
        self.prompt: str | None = hashlib.sha256(template.encode()).hexdigest()[:12]
        self._system = template.format(max_words=max_words)

    def draft(self, question: Question, retrieved: Retrieved) -> Draft:
        """The checked claims, or those of the extractive answer with the reason why."""
        writing = self.stream(question, retrieved)
        while True:
            try:
                next(writing)
            except StopIteration as end:
                draft: Draft = end.value
                return draft

    def stream(self, question: Question, retrieved: Retrieved) -> Generator[Claim, None, Draft]:
        """Each claim as soon as it is checked; the generator returns the draft that holds in the end.

        What was yielded is true, but the returned draft is the answer: where the model broke off or too little of it
        held, that is the extractive one. Closing the generator ends the request.
        """
        passages = retrieved.passages[:MAX_PASSAGES]
        if any(p.document.classification.rank > self._max_classification.rank for p in retrieved.passages):
            return self._extractive(question, retrieved, "is not given text of this classification", "classification")
        claims: list[Claim] = []
        reasons: list[str] = []
        usage: Usage | None = None
        try:
            with closing(self._checked(question, passages)) as results:
                for result in results:
                    if isinstance(result, Usage):
                        usage = result
                    elif isinstance(result, str):
                        reasons.append(result)
                    elif _words([*claims, *result]) <= self._max_words * 1.4:
                        claims += result
                        yield from result
        except ModelFailure as failure:
            return self._extractive(question, retrieved, str(failure), "fallback")
        log.info("the chat model %s: %d claims kept, dropped %s", self._line.name, len(claims), reasons or "none")
        if _words(claims) < MIN_WORDS or len(reasons) > max(1, len(claims)):
            reason = "wrote little that the sources bear out" if reasons else "found no answer in the sources"
            return self._extractive(question, retrieved, reason, "fallback", len(reasons))
        notices = (_left_out(len(reasons)),) if reasons else ()
        details: dict[str, object] = {"answerer": self.name, "kept": len(claims), "dropped": len(reasons)}
        if usage is not None:
            details["tokens"] = {"input": usage.input_tokens, "output": usage.output_tokens, "cost": usage.cost}
        return Draft(tuple(claims), notices=notices, details=details)

    def _checked(
        self, question: Question, passages: tuple[RetrievedPassage, ...]
    ) -> Generator[tuple[Claim, ...] | str | Usage, None, None]:
        """For each sentence of the model its claims or the reason it was dropped; then the tokens used."""
        given = {f"p{number}": found for number, found in enumerate(passages, 1)}
        reader = SentenceReader()
        last: Claim | None = None
        seen: set[str] = set()
        with closing(self._line.stream(self._system, request(question, passages), schema=SCHEMA)) as pieces:
            for piece in pieces:
                if isinstance(piece, Usage):
                    yield piece
                    continue
                for proposed in reader.feed(piece):
                    if proposed.text in seen:
                        continue
                    seen.add(proposed.text)
                    verdict = ground(proposed, given, last)
                    last = verdict.claims[-1] if verdict.claims else last
                    yield verdict.reason or verdict.claims
        if not reader.complete:
            raise ModelFailure("gave an answer that cannot be used")

    def _extractive(self, question: Question, retrieved: Retrieved, why: str, kind: str, dropped: int = 0) -> Draft:
        draft = self._otherwise.draft(question, retrieved)
        notice = Notice(kind, f"The chat model {why}; this answer is in the documents' own words.")
        details = {**draft.details, "answerer": self._otherwise.name, "kept": 0, "dropped": dropped, "why": why}
        return replace(draft, notices=(*draft.notices, notice), details=details)


def _words(claims: list[Claim]) -> int:
    return sum(len(claim.text.split()) for claim in claims)


def _left_out(count: int) -> Notice:
    sentences = "One sentence" if count == 1 else f"{count} sentences"
    was = "was" if count == 1 else "were"
    return Notice("left_out", f"{sentences} of the chat model that the sources do not bear out {was} left out.")
