"""Role guidance over HTTP: which roles there are, and the briefing for one."""

from __future__ import annotations

import dataclasses
import functools
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi import Path as InPath
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from pydantic import BaseModel

from assistant.answers import Citation
from assistant.api.asking import while_connected
from assistant.api.doors import Caller, TheCaller, TheService
from assistant.api.models import readable_ids
from assistant.api.problems import Problem, not_found, responses
from assistant.api.service import Service
from assistant.errors import QuestionError
from assistant.roles import render
from assistant.roles.briefing import Briefing, compose
from assistant.roles.roles import Role, find_role, load_roles

router = APIRouter(tags=["roles"])


@functools.lru_cache(maxsize=4)
def _known(home: Path) -> dict[str, Role]:
    """The roles of a FOCAL_HOME; a changed file there counts after a restart."""
    return load_roles(home)


class RoleBody(BaseModel):
    """A post in or beside a mission."""

    id: str
    short: str
    title: str
    hats: list[str]


class RolesBody(BaseModel):
    """Every role that can be briefed."""

    roles: list[RoleBody]


_EXAMPLE: dict[str, Any] = {
    "role": "dsrsg-rc-hc",
    "short": "DSRSG/RC/HC",
    "title": "Deputy Special Representative, Resident and Humanitarian Coordinator",
    "hats": [],
    "sections": [],
    "not_covered": [],
    "reading_list": [],
    "notices": [],
    "index": "9f86d081884c7d65",
    "classification": "unclassified",
}
_OK: dict[str, Any] = {
    "description": "The briefing",
    "content": {
        "application/json": {"example": _EXAMPLE},
        "text/plain": {"schema": {"type": "string"}},
        "text/markdown": {"schema": {"type": "string"}},
    },
}


@router.get("/v1/roles", response_model=RolesBody, responses=responses(), summary="The roles")
async def roles(service: TheService, caller: TheCaller) -> RolesBody:
    """The roles that can be briefed, by id."""
    found = await service.reads.run(lambda: _known(service.settings.folder))
    return RolesBody(roles=[_row(role) for _, role in sorted(found.items())])


@router.get(
    "/v1/roles/{role}/briefing",
    response_model=Briefing,
    responses={200: _OK, **responses(404)},
    summary="The briefing for a role",
)
async def briefing(
    request: Request,
    service: TheService,
    caller: TheCaller,
    role: Annotated[str, InPath(max_length=200, description="Id, abbreviation or name", examples=["dsrsg-rc-hc"])],
    format: Annotated[Literal["json", "markdown", "text"], Query()] = "json",
) -> Response:
    """Composed from the documents that the caller may read; every line is their own words, cited."""

    def write() -> Response:
        try:
            found = find_role(role, _known(service.settings.folder))
        except QuestionError:
            raise not_found() from None
        composed = _redacted(compose(found, service.assistant, caller.asker), service, caller)
        if format == "markdown":
            return Response(render.to_markdown(composed), media_type="text/markdown; charset=utf-8")
        if format == "text":
            return PlainTextResponse(render.to_text(composed))
        return JSONResponse(composed.as_dict())

    return await while_connected(request, service.asks.run(write))


def check_role(service: Service, name: str) -> None:
    """Raise Problem 404 for a role that is none."""
    try:
        find_role(name, _known(service.settings.folder))
    except QuestionError as error:
        raise Problem(404, str(error), field="role") from None


def _row(role: Role) -> RoleBody:
    return RoleBody(id=role.id, short=role.short, title=role.title, hats=[hat.name for hat in role.hats])


def _redacted(composed: Briefing, service: Service, caller: Caller) -> Briefing:
    """The briefing without the ids of successors that may not be read."""
    readable = readable_ids(service.assistant.register, caller.asker)

    def shown(citation: Citation) -> Citation:
        return citation if citation.superseded_by in readable else dataclasses.replace(citation, superseded_by=None)

    sections = tuple(
        dataclasses.replace(
            section,
            lines=tuple(dataclasses.replace(line, citation=shown(line.citation)) for line in section.lines),
        )
        for section in composed.sections
    )
    reading = tuple(
        dataclasses.replace(first, places=tuple(shown(place) for place in first.places))
        for first in composed.reading_list
    )
    return dataclasses.replace(composed, sections=sections, reading_list=reading)
