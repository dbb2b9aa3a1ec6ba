"""What askers think of their answers, and what the guidance could not answer."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Body
from fastapi.responses import Response

from assistant import gaps
from assistant.api.doors import TheCaller, TheManager, TheService
from assistant.api.models import FeedbackBody, GapBody, GapsBody
from assistant.api.problems import not_found, responses

router = APIRouter(tags=["feedback"])


@router.post("/v1/feedback", status_code=204, responses=responses(404, 413), summary="Judge an answer")
async def feedback(service: TheService, caller: TheCaller, body: Annotated[FeedbackBody, Body()]) -> Response:
    """Note a thumb up or down; only on an answer that the caller was given."""
    noted = await service.reads.run(
        lambda: service.answers.feedback(body.answer_id, caller.identity, body.verdict, body.reason, body.comment)
    )
    if not noted:
        raise not_found()
    return Response(status_code=204)


@router.get("/v1/gaps", response_model=GapsBody, responses=responses(), summary="What could not be answered")
async def knowledge_gaps(service: TheService, found: TheManager) -> GapsBody:
    """Questions that ask for the same counted together; guidance managers only, and for each only the questions of
    askers with no more rights than theirs."""

    def every() -> GapsBody:
        rows = service.answers.unanswered(None if found.identity.operator else found.asker)
        grouped = gaps.group(rows, service.home.store.embedding)
        return GapsBody(gaps=[GapBody.model_validate(asdict(gap)) for gap in grouped])

    return await service.asks.run(every)
