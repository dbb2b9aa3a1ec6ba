"""The application: every router, the errors, and one guard around it all."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from assistant.api import (
    ask,
    completions,
    feedback,
    glossary,
    health,
    managing,
    operating,
    page_files,
    problems,
    reading,
    roles,
)
from assistant.api.guard import Guard, Hosts
from assistant.api.service import Service

DESCRIPTION = (
    "Answers from a mission's own guidance, each statement with the paragraph it rests on. Send an API key or a token"
    " as `Authorization: Bearer …`; without one, where that is allowed, unclassified documents are read. What may not"
    " be read is treated as if it were not there."
)


def create_app(
    service: Service | None = None,
    lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]] | None = None,
    page: Path = page_files.FOLDER,
) -> FastAPI:
    """The application over an opened service, or over one that `lifespan` puts into `app.state.service` later."""
    app = FastAPI(
        title="Focal Point",
        version="1",
        description=DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        separate_input_output_schemas=False,
    )
    app.state.service = service
    problems.install(app)
    for module in (ask, reading, glossary, roles, managing, feedback, completions, health, operating):
        app.include_router(module.router)
    app.include_router(page_files.make_router(page))
    described = app.openapi

    def openapi() -> dict[str, Any]:
        schema = described()
        schema["components"].setdefault("schemas", {}).update(problems.schemas())
        return schema

    app.openapi = openapi  # type: ignore[method-assign]  # the framework's own way to extend the description
    return app


def guarded(app: FastAPI, hosts: Hosts, max_upload_megabytes: int) -> Guard:
    """The application as it is served."""
    return Guard(app, hosts, max_upload_megabytes * 2**20)
