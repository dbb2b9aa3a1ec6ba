"""The glossary over HTTP: every abbreviation with all its expansions and where each stands."""

from __future__ import annotations

import dataclasses

from fastapi import APIRouter
from pydantic import BaseModel

from assistant.abbreviations import Entry, entries
from assistant.answers import Citation
from assistant.api.doors import TheCaller, TheService
from assistant.api.models import readable_ids
from assistant.api.problems import responses

router = APIRouter(tags=["documents"])


class ExpansionBody(BaseModel):
    """What an abbreviation is said to stand for, and every place that says so, newest document first."""

    long: str
    places: list[Citation]


class EntryBody(BaseModel):
    """An abbreviation; more than one expansion means that the documents do not agree, or mean different things."""

    short: str
    expansions: list[ExpansionBody]


class GlossaryBody(BaseModel):
    """The abbreviations of the documents that the caller may read, in alphabetical order."""

    entries: list[EntryBody]


@router.get("/v1/glossary", response_model=GlossaryBody, responses=responses(), summary="Every abbreviation")
async def glossary(service: TheService, caller: TheCaller) -> GlossaryBody:
    """Every abbreviation of the documents that the caller may read."""

    def find() -> GlossaryBody:
        register = service.assistant.register
        readable = readable_ids(register, caller.asker)
        found = entries(register, service.assistant.retriever.glossary(caller.asker), caller.asker)
        return GlossaryBody(entries=[_row(entry, readable) for entry in found])

    return await service.reads.run(find)


def _row(entry: Entry, readable: set[str]) -> EntryBody:
    """An entry without the ids of successors that may not be read."""
    return EntryBody(
        short=entry.short,
        expansions=[
            ExpansionBody(
                long=expansion.long,
                places=[
                    place if place.superseded_by in readable else dataclasses.replace(place, superseded_by=None)
                    for place in expansion.places
                ],
            )
            for expansion in entry.expansions
        ],
    )
