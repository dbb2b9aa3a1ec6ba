"""For the command line on this machine only: what it would do itself if no server held the index."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Body
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import BaseModel

from assistant import stopping
from assistant.api.doors import TheOperator, TheService
from assistant.api.problems import Problem, described
from assistant.api.service import Service
from assistant.bootstrap import NOTES
from assistant.changes import parse_changes
from assistant.errors import SettingsError
from assistant.loading import load
from knowledge import ingestion
from knowledge.documents import Classification
from knowledge.errors import UnknownDocument
from knowledge.ingestion import Outcome

router = APIRouter(include_in_schema=False)


class IngestBody(BaseModel):
    """Absolute paths on this machine."""

    paths: list[str] = []
    classification: Classification = Classification.UNCLASSIFIED
    starter: bool = False


class ChangesBody(BaseModel):
    """`field=value` pairs."""

    changes: list[str]


@router.get("/v1/operator/documents")
async def documents(service: TheService, found: TheOperator) -> Response:
    """The whole register, as `focal documents --json` prints it."""
    every = await service.reads.run(service.home.store.register.all_documents)
    return JSONResponse([asdict(document) for document in every])


@router.post("/v1/operator/documents/{document_id}")
async def change(
    service: TheService, found: TheOperator, document_id: str, body: Annotated[ChangesBody, Body()]
) -> Response:
    """What `focal set` does."""

    def apply() -> None:
        try:
            ingestion.change(service.home.store, document_id, parse_changes(body.changes, service.home))
        except (SettingsError, UnknownDocument) as error:
            raise Problem(422, str(error)) from error

    await service.writes.run(apply)
    return Response(status_code=204)


@router.post("/v1/operator/ingest")
async def ingest(service: TheService, found: TheOperator, body: Annotated[IngestBody, Body()]) -> Response:
    """What `focal ingest` does: one JSON line with the number of files, then one for each outcome."""
    lines: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def say(line: dict[str, Any] | None) -> None:
        loop.call_soon_threadsafe(lines.put_nowait, line)

    flag = threading.Event()
    future = service.writes.submit(lambda: _ingest(service, body, say), flag)
    future.add_done_callback(lambda done: say(_ended(done.exception() if not done.cancelled() else None)))
    return StreamingResponse(_lines(lines, flag), media_type="application/x-ndjson")


def _ingest(service: Service, body: IngestBody, say: Any) -> None:
    for paths, starter in (([NOTES], True), ([Path(p) for p in body.paths], False)):
        if (starter and not body.starter) or not paths:
            continue
        for outcome in load(service.home, paths, body.classification, lambda n: say({"found": n}), starter):
            say({"outcome": _outcome(outcome)})
            stopping.check()


def _outcome(outcome: Outcome) -> dict[str, Any]:
    return {**asdict(outcome), "path": str(outcome.path)}


def _ended(error: BaseException | None) -> dict[str, Any] | None:
    return {"error": described(error)[1]} if isinstance(error, Exception) else None


async def _lines(lines: asyncio.Queue[dict[str, Any] | None], flag: threading.Event) -> AsyncIterator[bytes]:
    try:
        while (line := await lines.get()) is not None:
            yield json.dumps(line, ensure_ascii=False).encode() + b"\n"
            if "error" in line:
                return
    finally:
        flag.set()
