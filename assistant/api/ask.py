"""`POST /v1/ask`: a question in, a cited answer out, at once or as events."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Header, Request
from fastapi.responses import JSONResponse, Response

from assistant.api.asking import Ask, answer, check_filters, while_connected
from assistant.api.doors import TheCaller, TheService
from assistant.api.models import ANSWER_EXAMPLE, AnswerBody, AskBody
from assistant.api.problems import responses
from assistant.api.roles import check_role
from assistant.api.streaming import Events, answer_events, event, start

router = APIRouter(tags=["answers"])

_STREAM = "".join(
    event(name, data).decode()
    for name, data in (
        ("status", {"stage": "searching"}),
        ("delta", {"text": "The Humanitarian Coordinator chairs "}),
        ("answer", {"answer_id": "…", "status": "answered", "answer": "…", "citations": ["…"]}),
    )
)
_OK: dict[str, Any] = {
    "description": "The answer; as events where `Accept: text/event-stream` asks for it: `status` at once, `delta` with"
    " pieces of the text, `answer` with all of it, or `error`",
    "content": {
        "application/json": {"example": ANSWER_EXAMPLE},
        "text/event-stream": {"example": _STREAM},
    },
}


@router.post(
    "/v1/ask", response_model=AnswerBody, responses={200: _OK, **responses(404, 413)}, summary="Ask a question"
)
async def ask(
    request: Request,
    service: TheService,
    caller: TheCaller,
    body: Annotated[AskBody, Body()],
    accept: Annotated[str, Header()] = "application/json",
) -> Response:
    """Answer from what the caller may read, with the paragraph each statement rests on.

    `status` says how it ended; without good evidence there are no citations. `conversation_id` of an earlier answer
    makes follow-up questions work without sending `history`.
    """
    filters = body.filters.filters()
    asked = Ask(body.question, tuple(body.history), body.conversation_id, body.role, filters, bool(body.include))
    if filters.documents:
        await service.reads.run(lambda: check_filters(service, caller, filters))
    if body.role is not None:
        await service.reads.run(lambda: check_role(service, body.role or ""))
    if "text/event-stream" in accept:
        future, flag = start(service.asks, lambda: answer(service, caller, asked))
        return Events(answer_events(future, flag, request.scope.get("request_id", "")))
    found = await while_connected(request, service.asks.run(lambda: answer(service, caller, asked)))
    return JSONResponse(found)
