"""The register over HTTP: search, documents, and passages with their neighbours."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request

from assistant.answers import Filters, Question
from assistant.api.asking import check_filters, while_connected
from assistant.api.doors import Caller, TheCaller, TheService
from assistant.api.models import (
    Date,
    DocumentBody,
    DocumentsBody,
    Name,
    NeighboursBody,
    PassageBody,
    PassagesBody,
    SearchBody,
    Words,
    readable_ids,
)
from assistant.api.problems import not_found, responses
from assistant.api.service import Service
from knowledge.documents import Document, Kind, Passage
from knowledge.passages import anchor

router = APIRouter(tags=["documents"])

Id = Annotated[str, Path(max_length=200, examples=["s-2025-54"])]


@router.get("/v1/search", response_model=SearchBody, responses=responses(404), summary="Search without answering")
async def search(
    request: Request,
    service: TheService,
    caller: TheCaller,
    q: Annotated[Words, Query(examples=["protection of civilians"])],
    document: Annotated[list[Name], Query(default_factory=list, max_length=50, description="Only these")],
    kind: Annotated[list[Kind], Query(default_factory=list, max_length=20)],
    limit: Annotated[int, Query(ge=1, le=50)] = 10,
    since: Annotated[Date | None, Query()] = None,
    until: Annotated[Date | None, Query()] = None,
) -> SearchBody:
    """Retrieval alone: the best passages, best first."""
    filters = Filters(tuple(document), tuple(map(str, kind)), since, until)

    def find() -> list[PassageBody]:
        check_filters(service, caller, filters)
        found = service.assistant.search(Question(q, filters=filters), caller.asker, limit)
        return [PassageBody.found(p) for p in found]

    return SearchBody(query=q, passages=await while_connected(request, service.asks.run(find)))


@router.get("/v1/documents", response_model=DocumentsBody, responses=responses(), summary="The register")
async def documents(service: TheService, caller: TheCaller) -> DocumentsBody:
    """Every document that the caller may read."""

    def every() -> DocumentsBody:
        register = service.assistant.register
        found = register.documents(caller.asker)
        readable = {document.id for document in found}
        return DocumentsBody(documents=[DocumentBody.of(d, readable, dt.date.today()) for d in found])

    return await service.reads.run(every)


@router.get("/v1/documents/{document_id}", response_model=DocumentBody, responses=responses(404))
async def document(service: TheService, caller: TheCaller, document_id: Id) -> DocumentBody:
    """One document's entry in the register."""
    return await service.reads.run(lambda: _body(service, caller, _document(service, caller, document_id)))


@router.get("/v1/documents/{document_id}/passages", response_model=PassagesBody, responses=responses(404))
async def document_passages(
    service: TheService,
    caller: TheCaller,
    document_id: Id,
    around: Annotated[
        str | None, Query(max_length=200, description="Anchor or passage id to be in the middle", examples=["p23"])
    ] = None,
    first: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> PassagesBody:
    """A stretch of a document, for the reader page: from `first` on, or around an anchor."""

    def stretch() -> PassagesBody:
        found = _document(service, caller, document_id)
        passages = service.assistant.register.passages(document_id, caller.asker)
        start = first if around is None else _start(passages, around, limit)
        shown = [PassageBody.of(p) for p in passages[start : start + limit]]
        return PassagesBody(document=_body(service, caller, found), first=start, total=len(passages), passages=shown)

    return await service.reads.run(stretch)


@router.get("/v1/passages/{passage_id}", response_model=NeighboursBody, responses=responses(404))
async def passage(
    service: TheService,
    caller: TheCaller,
    passage_id: Annotated[str, Path(max_length=200, examples=["5d41402abc4b2a76"])],
    before: Annotated[int, Query(ge=0, le=20)] = 2,
    after: Annotated[int, Query(ge=0, le=20)] = 2,
) -> NeighboursBody:
    """A passage with those around it."""

    def neighbours() -> NeighboursBody:
        register = service.assistant.register
        found = register.passage(passage_id, caller.asker)
        around = register.neighbours(found, before, after)
        return NeighboursBody(
            passage_id=found.id,
            document=_body(service, caller, register.document(found.document_id, caller.asker)),
            passages=[PassageBody.of(p) for p in around],
        )

    return await service.reads.run(neighbours)


def _document(service: Service, caller: Caller, document_id: str) -> Document:
    return service.assistant.register.document(document_id, caller.asker)


def _body(service: Service, caller: Caller, document: Document) -> DocumentBody:
    return DocumentBody.of(document, readable_ids(service.assistant.register, caller.asker), dt.date.today())


def _start(passages: list[Passage], around: str, limit: int) -> int:
    for position, found in enumerate(passages):
        if around in (anchor(found), found.id):
            return max(0, position - limit // 2)
    raise not_found()
