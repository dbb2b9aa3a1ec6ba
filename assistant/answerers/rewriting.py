"""Follow-ups and French questions rewritten by the chat model before the search; the reader sees what was searched."""

from __future__ import annotations

import logging
import re
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from assistant.answerers.model_line import ModelFailure
from assistant.answerers.reply import as_data
from assistant.answers import Answer, Notice, Question
from assistant.assistant import MAX_QUESTION_CHARACTERS, Assistant
from knowledge.access import Asker
from knowledge.cleaning import normalise_characters
from knowledge.documents import Classification
from knowledge.queries import is_elliptical, language_of
from knowledge.retrieved import RetrievedPassage

log = logging.getLogger(__name__)

PROMPT = Path(__file__).with_name("rewriting.md")
SECONDS = 5.0
MAX_CHARACTERS = 300


class Line(Protocol):
    """What the rewriter needs of a model."""

    def ask(self, system: str, user: str, seconds: float | None = None) -> str:
        """The whole reply; raises ModelFailure."""


class Rewriter:
    """Makes questions that lean on earlier ones, or are in French, stand alone in English."""

    def __init__(self, line: Line) -> None:
        """`line` leads to the chat model."""
        self._line = line
        self._system = PROMPT.read_text(encoding="utf-8")

    def rewrite(self, question: Question) -> str | None:
        """The question as it should be searched, or None if it can stay as it is or the model was of no help."""
        follows = bool(question.history) and is_elliptical(question.text)
        if not follows and language_of(question.text) != "fr":
            return None
        earlier = list(question.history[-3:])
        try:
            reply = self._line.ask(
                self._system, as_data({"earlier_questions": earlier, "question": question.text}), SECONDS
            )
        except ModelFailure:
            return None
        return acceptable(reply, " ".join([*earlier, question.text]))


def acceptable(reply: str, asked: str) -> str | None:
    """A reply that is one plain question without numbers or codes that nobody mentioned; else None."""
    text = normalise_characters(reply).strip().strip('"“”')
    if not text or "\n" in text or len(text) > MAX_CHARACTERS or re.search(r"[<>{}|`\[\]]|://", text):
        return None
    coded = set(re.findall(r"\w*\d[\w/.-]*", text.rstrip("?.")))
    return text if coded <= set(re.findall(r"\w*\d[\w/.-]*\w|\d", asked)) else None


class ModelAssistant(Assistant):
    """The assistant with a chat model: questions may be rewritten, and each answer says who wrote it."""

    def __init__(self, *parts: Any, rewriter: Rewriter, max_classification: Classification, **more: Any) -> None:
        """As `Assistant`; questions of askers above `max_classification` are not sent to the model for rewriting."""
        super().__init__(*parts, **more)
        self._rewriter, self._max_classification = rewriter, max_classification

    def ask_with_passages(self, question: Question, asker: Asker) -> tuple[Answer, list[RetrievedPassage]]:
        """As `Assistant.ask_with_passages`, with a notice of the question that was searched."""
        rewritten = None
        if (
            0 < len(question.text.strip()) <= MAX_QUESTION_CHARACTERS
            and asker.clearance.rank <= self._max_classification.rank
        ):
            rewritten = self._rewriter.rewrite(question)
        if rewritten is None:
            return super().ask_with_passages(question, asker)
        answer, passages = super().ask_with_passages(replace(question, text=rewritten, history=()), asker)
        notice = Notice("rewritten", f"Searched for: {rewritten}")
        return replace(answer, question=question.text, notices=(notice, *answer.notices)), passages

    def _cited(self, question: Question, asker: Asker, draft: Any, *rest: Any) -> Answer:
        answer = super()._cited(question, asker, draft, *rest)
        wrote = draft.details.get("answerer", answer.engine.answerer)
        if wrote == answer.engine.answerer:
            return answer
        return replace(answer, engine=replace(answer.engine, answerer=str(wrote), model=None, prompt=None))
