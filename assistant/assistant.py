"""The main path: a question goes in, a checked and cited answer comes out."""

from __future__ import annotations

import datetime as dt
import logging
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from assistant import citations as checking
from assistant import evidence
from assistant.answers import Answer, Citation, Engine, Filters, Notice, Question, Status
from assistant.citations import Claim
from assistant.errors import CitationError, QuestionError
from assistant.refusals import refusal
from assistant.roles.persona import announces, personal_text, personalise, role_named_in
from assistant.roles.roles import Role, find_role
from knowledge.access import Asker
from knowledge.register import Register
from knowledge.retrieval import Retriever
from knowledge.retrieved import Retrieved, RetrievedPassage, Scope

log = logging.getLogger(__name__)

MAX_QUESTION_CHARACTERS = 4000


@dataclass(frozen=True)
class Draft:
    """What an answerer proposes: claims, and what it noticed while writing them."""

    claims: tuple[Claim, ...]
    status: Status = Status.ANSWERED
    notices: tuple[Notice, ...] = ()
    details: dict[str, object] = field(default_factory=dict)


class Answerer(Protocol):
    """Writes an answer from retrieved passages, and from nothing else."""

    name: str
    model: str | None
    prompt: str | None

    def draft(self, question: Question, retrieved: Retrieved) -> Draft:
        """Claims that answer the question; none if the passages do not."""


class Assistant:
    """Everything a channel needs: `ask`, `search`, and the register for its pages."""

    def __init__(
        self,
        register: Register,
        retriever: Retriever,
        answerer: Answerer,
        close: Callable[[], None] = lambda: None,
        today: Callable[[], dt.date] = dt.date.today,
        roles: Callable[[], Mapping[str, Role]] = dict,
    ) -> None:
        """Made by `bootstrap.build`; `roles` is called when a question has to do with one."""
        self.register, self.retriever, self._answerer = register, retriever, answerer
        self._close, self._today, self._roles = close, today, roles

    def __enter__(self) -> Assistant:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def ask(self, question: Question, asker: Asker) -> Answer:
        """Answer one question on behalf of an asker. Raises QuestionError if it is empty or too long."""
        return self.ask_with_passages(question, asker)[0]

    def ask_with_passages(self, question: Question, asker: Asker) -> tuple[Answer, list[RetrievedPassage]]:
        """As `ask`, with the passages the answer was written from, best first."""
        started = time.perf_counter()
        arrived = role_named_in(question.text, self._roles()) if announces(question.text) else None
        retrieved = self.retrieve(question, asker, limit=10)
        found = time.perf_counter()
        answer = self._answer(question, asker, retrieved)
        notices = [
            Notice("respelled", f"“{written}” is read as {read}.") for written, read in retrieved.query.respelled
        ]
        if arrived:
            notices.append(Notice("briefing", f"There is a briefing for this post: `focal brief {arrived.id}`."))
        answer = replace(answer, notices=(*answer.notices, *notices))
        done = time.perf_counter()
        timed = answer.with_timing(retrieve=(found - started) * 1000, answer=(done - found) * 1000)
        return timed, list(retrieved.passages)

    def search(self, question: Question, asker: Asker, limit: int = 10) -> list[RetrievedPassage]:
        """Retrieval alone: the best passages, best first."""
        return list(self.retrieve(question, asker, limit).passages)

    def retrieve(self, question: Question, asker: Asker, limit: int = 10) -> Retrieved:
        """The passages an answer would be written from, and how the question was understood.

        Raises QuestionError if the question is empty, too long, or asked in an unknown role.
        """
        if not question.text.strip():
            raise QuestionError("the question is empty")
        if len(question.text) > MAX_QUESTION_CHARACTERS:
            raise QuestionError(
                f"the question has {len(question.text)} characters; the limit is {MAX_QUESTION_CHARACTERS}"
            )
        text, history = question.text, question.history
        if question.role:
            role = find_role(question.role, self._roles())
            text, history = personalise(question, role), tuple(personal_text(turn, role) for turn in history)
        return self.retriever.retrieve(text, asker, history, _scope(question.filters), limit)

    def fingerprint(self, asker: Asker) -> str:
        """Changes whenever anything the asker may read changes."""
        return self.register.fingerprint(asker)

    def _answer(self, question: Question, asker: Asker, retrieved: Retrieved) -> Answer:
        verdict = evidence.judge(question, retrieved)
        if verdict.status is Status.ANSWERED:
            draft = self._answerer.draft(question, retrieved)
            text, cited = checking.compose(draft.claims, self._today())
            try:
                checking.check(cited, self.register, asker)
            except CitationError as error:
                log.error("an answer was withheld: %s", error)
                cited = ()
            if cited:
                return self._cited(question, asker, draft, text, cited, verdict.confidence)
        status = Status.NOT_FOUND if verdict.status is Status.ANSWERED else verdict.status
        text, suggestions = refusal(status, retrieved, question)
        return Answer(
            answer_id=uuid.uuid4().hex,
            question=question.text,
            status=status,
            answer=text,
            suggestions=suggestions,
            confidence=round(verdict.confidence, 3),
            engine=self._engine(asker),
        )

    def _cited(
        self,
        question: Question,
        asker: Asker,
        draft: Draft,
        text: str,
        cited: tuple[Citation, ...],
        confidence: float,
    ) -> Answer:
        documents = {d.id: d for d in self.register.documents(asker)}
        notices = (*draft.notices, *checking.standing_notices(cited, documents))
        caveats = {"superseded", "draft", "review_overdue"}
        status = draft.status
        if status is Status.ANSWERED and any(notice.kind in caveats for notice in notices):
            status = Status.ANSWERED_WITH_CAVEAT
        sources = {c.document_id: documents[c.document_id] for c in cited}
        return Answer(
            answer_id=uuid.uuid4().hex,
            question=question.text,
            status=status,
            answer=text,
            citations=cited,
            notices=notices,
            confidence=round(confidence, 3),
            engine=self._engine(asker),
            documents={i: d.sha256 for i, d in sources.items()},
            classification=str(max((d.classification for d in sources.values()), key=lambda level: level.rank)),
        )

    def _engine(self, asker: Asker) -> Engine:
        answerer = self._answerer
        return Engine(answerer.name, answerer.model, self.fingerprint(asker), answerer.prompt)


def _scope(filters: Filters) -> Scope:
    return Scope(filters.documents, filters.kinds, filters.since, filters.until)
