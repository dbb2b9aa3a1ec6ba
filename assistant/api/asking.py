"""One way to an answer for every route: remembered turns in, the assistant asked, the answer logged and counted."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import uuid
from collections.abc import Coroutine
from typing import Any, TypeVar

from fastapi import Request

from assistant import stopping
from assistant.answers import Answer, Filters, Question
from assistant.api import metrics
from assistant.api.doors import Caller
from assistant.api.models import PassageBody, readable_ids
from assistant.api.problems import Problem
from assistant.api.service import Service
from assistant.errors import AnswerLogError, Stopped
from knowledge.errors import UnknownDocument

log = logging.getLogger("focal.api")

T = TypeVar("T")


@dataclasses.dataclass(frozen=True)
class Ask:
    """A question with all that belongs to it."""

    question: str
    history: tuple[str, ...] = ()
    conversation: str | None = None
    role: str | None = None
    filters: Filters = dataclasses.field(default_factory=Filters)
    with_passages: bool = False


def answer(service: Service, caller: Caller, ask: Ask) -> dict[str, Any]:
    """The answer as JSON-ready values. Runs in a thread; raises Stopped once nobody waits."""
    conversation = ask.conversation or uuid.uuid4().hex
    history = ask.history or _remembered(service, caller, ask.conversation)
    question = Question(ask.question, history, ask.role, ask.filters)
    found, passages = service.assistant.ask_with_passages(question, caller.asker)
    stopping.check()
    found = _redacted(found, readable_ids(service.assistant.register, caller.asker))
    _note(service, caller, found, conversation, history)
    body = {**found.as_dict(), "conversation_id": conversation}
    if ask.with_passages:
        body["passages"] = [PassageBody.found(p).model_dump() for p in passages]
    return body


def check_filters(service: Service, caller: Caller, filters: Filters) -> None:
    """Raise Problem 404 for a document that is not there, or may not be read, which is the same."""
    for document_id in filters.documents:
        try:
            service.assistant.register.document(document_id, caller.asker)
        except UnknownDocument:
            raise Problem(404, f"there is no document {document_id!r}", field="filters.documents") from None


async def while_connected(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """The result of `work`, which is cancelled if the client leaves first; then raises Stopped."""
    task = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise Stopped("the client left")
    finally:
        gone.cancel()
        task.cancel()


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _remembered(service: Service, caller: Caller, conversation: str | None) -> tuple[str, ...]:
    if conversation is None:
        return ()
    try:
        return tuple(service.answers.history(conversation, caller.identity, caller.asker))
    except AnswerLogError as error:
        log.error("conversation not remembered", extra={"error": str(error)})
        return ()


def _note(service: Service, caller: Caller, found: Answer, conversation: str, history: tuple[str, ...]) -> None:
    metrics.ANSWERS.labels(str(found.status), str(caller.surface)).inc()
    for stage, milliseconds in found.timing_ms.items():
        metrics.STAGES.labels(stage).observe(milliseconds / 1000)
    try:
        service.answers.add(found, caller.identity, caller.asker, str(caller.surface), conversation, history)
    except AnswerLogError as error:
        # An answer in hand is worth more than its record: it is given, and the failure is logged.
        log.error("answer not logged", extra={"error": str(error)})


def _redacted(found: Answer, readable: set[str]) -> Answer:
    """The answer without the ids of successors that the asker may not read."""
    if all(c.superseded_by is None or c.superseded_by in readable for c in found.citations):
        return found
    citations = tuple(
        c if c.superseded_by in readable else dataclasses.replace(c, superseded_by=None) for c in found.citations
    )
    return dataclasses.replace(found, citations=citations)
