"""The web page's files: the chat page, the document reader's shell, and what they load. Static, nothing else."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, Response
from starlette.staticfiles import NotModifiedResponse

from assistant.api.problems import not_found

FOLDER = Path(__file__).resolve().parent / "page"
KINDS = {
    ".css": "text/css",
    ".html": "text/html",
    ".ico": "image/x-icon",
    ".js": "text/javascript",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
"""What may be served, by suffix."""


def make_router(folder: Path = FOLDER) -> APIRouter:
    """Routes over the page's folder."""
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    async def chat(request: Request) -> Response:
        return _file(request, folder, "index.html")

    @router.get("/documents/{document_id}")
    async def reader(request: Request, document_id: str) -> Response:
        # The same shell for every id: whether the document is there is for the API to say, to those who may know.
        return _file(request, folder, "reader.html")

    @router.get("/page/{name:path}")
    async def part(request: Request, name: str) -> Response:
        return _file(request, folder, name)

    return router


def _file(request: Request, folder: Path, name: str) -> Response:
    """A file of the page; what the browser has already is not sent again, which counts on a slow link."""
    if "\x00" in name or "\\" in name or name.startswith("/") or ".." in name.split("/"):
        raise not_found()
    path = folder / name
    kind = KINDS.get(path.suffix)
    if kind is None or not path.is_file():
        raise not_found()
    found = FileResponse(path, stat_result=path.stat(), media_type=kind, headers={"Cache-Control": "no-cache"})
    held = request.headers.get("if-none-match")
    return NotModifiedResponse(found.headers) if held == found.headers["etag"] else found
