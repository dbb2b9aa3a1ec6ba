"""Guidance managers take documents in and remove them; the same checks as on the command line."""

from __future__ import annotations

import datetime as dt
import re
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response

from assistant.api.doors import Caller, TheManager, TheService
from assistant.api.models import DocumentBody, OutcomeBody, readable_ids
from assistant.api.problems import Problem, not_found, responses
from assistant.api.reading import Id
from assistant.api.service import INCOMING, UPLOADS, Service
from assistant.loading import load
from knowledge import ingestion
from knowledge.documents import Classification
from knowledge.readers.read import READERS

router = APIRouter(tags=["guidance managers"])

_STATUS: Mapping[str, int] = {"added": 201, "replaced": 200, "unchanged": 200, "quarantined": 422, "failed": 422}
_NAME = r"\.({})$".format("|".join(f"{s[1:]}|{s[1:].upper()}" for s in READERS))
_UPLOAD: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The file itself, as it is",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.post(
    "/v1/documents",
    response_model=OutcomeBody,
    status_code=201,
    summary="Take a document in",
    openapi_extra=_UPLOAD,
    responses={200: {"model": OutcomeBody, "description": "It replaces an edition, or is the same"}, **responses(413)},
)
async def upload(
    request: Request,
    service: TheService,
    found: TheManager,
    name: Annotated[str, Query(max_length=200, pattern=_NAME, description="File name", examples=["sop.pdf"])],
    classification: Annotated[Classification, Query(description="The level you vouch for; there is no default")],
) -> Response:
    """Read, check and index one file. What is marked higher than the level named is held back."""
    if classification.rank > found.asker.clearance.rank and not found.identity.operator:
        raise Problem(403, "a level above the key's own clearance cannot be vouched for")
    safe = _safe_name(name)
    folder = service.settings.folder / UPLOADS / f"{INCOMING}{secrets.token_hex(8)}"
    folder.mkdir(parents=True, mode=0o700)
    try:
        with (folder / safe).open("wb") as file:
            async for part in request.stream():
                file.write(part)
        outcome = await service.writes.run(lambda: _take_in(service, found, folder, safe, classification))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if outcome.state in ("failed", "quarantined"):
        raise Problem(422, f"{outcome.state}: {outcome.reason}", field="body")
    return JSONResponse(outcome.model_dump(mode="json"), _STATUS[outcome.state])


@router.delete("/v1/documents/{document_id}", status_code=204, responses=responses(404), summary="Erase a document")
async def remove(service: TheService, found: TheManager, document_id: Id) -> Response:
    """Gone from answers at once, and its bytes from the files."""

    def erase() -> None:
        register = service.home.store.register
        if found.identity.operator:
            if register.class_of(document_id) is None:
                raise not_found()
        else:
            register.document(document_id, found.asker)
        ingestion.remove(service.home.store, document_id)
        tidy(service)

    await service.writes.run(erase)
    return Response(status_code=204)


def tidy(service: Service) -> None:
    """Delete uploaded files that no document stands for any more."""
    uploads = service.settings.folder / UPLOADS
    if not uploads.is_dir():
        return
    kept = {Path(d.source_path).parent.name for d in service.home.store.register.all_documents()}
    for folder in uploads.iterdir():
        if not folder.name.startswith(INCOMING) and folder.name not in kept:
            shutil.rmtree(folder, ignore_errors=True)


def _take_in(service: Service, found: Caller, incoming: Path, name: str, level: Classification) -> OutcomeBody:
    register = service.home.store.register
    folder = incoming.with_name(incoming.name.removeprefix(INCOMING))
    incoming.rename(folder)

    def may_replace(document_id: str) -> bool:
        return found.identity.operator or document_id in readable_ids(register, found.asker)

    outcome = next(iter(load(service.home, [folder / name], level, may_replace=may_replace)))
    tidy(service)
    document, state, reason = outcome.document, outcome.state, outcome.reason
    if document is not None and not may_replace(document.id):
        return OutcomeBody(state="quarantined", reason=ingestion.NOT_YOURS)
    return OutcomeBody(
        state=state,
        document=DocumentBody.of(document, readable_ids(register, found.asker), dt.date.today()) if document else None,
        passages=outcome.passages,
        reason=reason.replace(str(folder), ""),
        warnings=list(outcome.warnings),
    )


def _safe_name(name: str) -> str:
    """The last part of a file name, kept to harmless characters."""
    last = re.sub(r"[^\w .()-]", "_", name.replace("\\", "/").rsplit("/", 1)[-1]).lstrip(". ")
    return last[-120:] if Path(last).suffix else f"document.{last}"
