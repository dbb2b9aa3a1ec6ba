"""Errors as `application/problem+json` (RFC 9457), one shape for every route."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from assistant.errors import AnswerLogError, AssistantError, QuestionError, Stopped
from knowledge.errors import KnowledgeError, UnknownDocument

log = logging.getLogger("focal.api")

MEDIA_TYPE = "application/problem+json"


class FieldError(BaseModel):
    """One thing that is wrong with a request."""

    field: str = Field(examples=["filters.since"])
    message: str = Field(examples=["String should match pattern '^\\d{4}(-\\d{2}){0,2}$'"])


class ProblemBody(BaseModel):
    """What went wrong and what to do about it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "about:blank",
                    "title": "Unprocessable Entity",
                    "status": 422,
                    "detail": "question: String should have at least 1 character",
                    "request_id": "5f2b8c1e9d3a4f60",
                    "errors": [{"field": "question", "message": "String should have at least 1 character"}],
                }
            ]
        }
    )
    type: str = "about:blank"
    title: str
    status: int
    detail: str
    request_id: str
    errors: list[FieldError] | None = None
    message: str | None = Field(None, description="`detail` again, where OpenAI clients look for it")


class Problem(Exception):
    """Ends a request with this status and detail."""

    def __init__(self, status: int, detail: str, headers: dict[str, str] | None = None, field: str = "") -> None:
        """`field` names the part of the request that is at fault."""
        super().__init__(detail)
        self.status, self.detail, self.headers, self.field = status, detail, headers or {}, field


def not_found() -> Problem:
    """The same for what is not there and for what may not be read."""
    return Problem(404, "there is nothing here by that name, or it may not be read with this key")


def problem(
    request_id: str,
    status: int,
    detail: str,
    headers: dict[str, str] | None = None,
    errors: Sequence[FieldError] = (),
    message: str | None = None,
) -> JSONResponse:
    """A problem as a response."""
    body = ProblemBody(
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        request_id=request_id,
        errors=list(errors) or None,
        message=message,
    )
    return JSONResponse(body.model_dump(exclude_none=True), status, headers, MEDIA_TYPE)


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI description of the problems a route may answer with; the common ones are added."""
    every = {400, 401, 403, 404, 405, 408, 413, 415, 422, 429, 500, 503} & {400, 401, 403, 422, 429, 503, *statuses}
    schema = {"$ref": "#/components/schemas/ProblemBody"}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": {MEDIA_TYPE: {"schema": schema}}}
        for status in sorted(every)
    }


def schemas() -> dict[str, Any]:
    """The problem's schema, for the description of the interface."""
    schema = ProblemBody.model_json_schema(ref_template="#/components/schemas/{model}")
    return {**schema.pop("$defs", {}), "ProblemBody": schema}


def install(app: FastAPI) -> None:
    """Translate every error of ours, of the framework, and the unforeseen."""

    def respond(
        request: Request, status: int, detail: str, headers: dict[str, str], errors: Sequence[FieldError] = ()
    ) -> Response:
        openai = request.scope["path"].startswith(("/v1/chat/", "/v1/models"))
        return problem(_id(request), status, detail, headers, errors, detail if openai else None)

    async def ours(request: Request, error: Exception) -> Response:
        assert isinstance(error, Problem)
        errors = [FieldError(field=error.field, message=error.detail)] if error.field else []
        return respond(request, error.status, error.detail, error.headers, errors)

    async def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        errors = [_field_error(e) for e in error.errors()][:20]
        detail = "; ".join(f"{e.field}: {e.message}" if e.field else e.message for e in errors[:3])
        return respond(request, 422, detail, {}, errors)

    async def framework(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        detail = not_found().detail if error.status_code == 404 else str(error.detail)
        return respond(request, error.status_code, detail, dict(error.headers or {}))

    async def others(request: Request, error: Exception) -> Response:
        status, detail = described(error, _id(request))
        errors = [FieldError(field="question", message=detail)] if isinstance(error, QuestionError) else []
        return respond(request, status, detail, {"Retry-After": "5"} if status == 503 else {}, errors)

    app.add_exception_handler(Problem, ours)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, framework)
    app.add_exception_handler(AssistantError, others)
    app.add_exception_handler(KnowledgeError, others)
    app.add_exception_handler(Exception, others)


def described(error: Exception, request_id: str = "") -> tuple[int, str]:
    """The status and the words for an error; what the caller need not know goes to the server's log."""
    if isinstance(error, Problem):
        return error.status, error.detail
    if isinstance(error, UnknownDocument):
        return 404, not_found().detail
    if isinstance(error, QuestionError):
        return 422, str(error)
    if isinstance(error, Stopped):
        return 503, "the request was given up"
    named = f"{type(error).__name__}: {error}"
    if isinstance(error, AssistantError | KnowledgeError):
        log.error("unavailable", extra={"error": named, "request_id": request_id})
        what = "the answer log" if isinstance(error, AnswerLogError) else "the index"
        return 503, f"{what} cannot be used just now; the server's log says why"
    # The message of an unforeseen error may hold the question, so only its kind and place are logged.
    log.error("unforeseen", extra={"error": type(error).__name__, "request_id": request_id, "where": _place(error)})
    return 500, "something unforeseen happened; the server's log says where"


def _id(request: Request) -> str:
    return str(request.scope.get("request_id", ""))


def _place(error: BaseException) -> list[str]:
    return [f"{Path(f.filename).name}:{f.lineno}" for f in traceback.extract_tb(error.__traceback__)[-6:]]


def _field_error(error: dict[str, Any]) -> FieldError:
    """The place without the leading "body" or "query"; never the value, which may not even be encodable."""
    place = [str(part) for part in error["loc"]]
    if error["type"] == "json_invalid":
        place = []
    elif len(place) > 1:
        place = place[1:]
    return FieldError(field=".".join(place), message=str(error["msg"]).encode("utf-8", "replace").decode())
