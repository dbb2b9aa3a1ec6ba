"""Is it alive, can it answer, how is it doing."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Request
from fastapi.responses import Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel

from assistant.api import metrics
from assistant.api.doors import caller, service
from assistant.api.problems import Problem, responses

router = APIRouter(tags=["operations"])


class Health(BaseModel):
    """How the server is."""

    status: Literal["ok"] = "ok"


@router.get("/healthz", summary="Liveness", responses=responses(), response_model=Health)
async def healthz() -> Health:
    """The process runs and serves."""
    return Health()


@router.get("/readyz", summary="Readiness", responses=responses(), response_model=Health)
async def readyz(request: Request) -> Health:
    """Model and index answer; 503 until they do, and whenever they do not."""
    opened = service(request)
    if not await opened.doors.run(opened.is_ready):
        raise Problem(503, "the model or the index does not answer; the server's log says why", {"Retry-After": "5"})
    return Health()


@router.get(
    "/metrics",
    summary="Prometheus metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}, **responses()},
)
async def prometheus(request: Request) -> Response:
    """Traffic, outcomes and times; where not only this machine can call, guidance managers' keys only."""
    opened = service(request)
    if not opened.anonymous:
        found = await caller(request, opened)
        if not (found.identity.manager or found.identity.operator):
            raise Problem(403, "only guidance managers may do this")
    for work in (opened.asks, opened.reads, opened.writes):
        metrics.ADMITTED.labels(work.name).set(work.admitted)
    return Response(generate_latest(metrics.REGISTRY), headers={"Content-Type": CONTENT_TYPE_LATEST})
