"""The web page's files: the chat page, the document reader's shell, and what they load. Static, nothing else."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse

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
    async def chat() -> FileResponse:
        return _file(folder, "index.html")

    @router.get("/documents/{document_id}")
    async def reader(document_id: str) -> FileResponse:
        # The same shell for every id: whether the document is there is for the API to say, to those who may know.
        return _file(folder, "reader.html")

    @router.get("/page/{name:path}")
    async def part(name: str) -> FileResponse:
        return _file(folder, name)

    return router


def _file(folder: Path, name: str) -> FileResponse:
    if "\x00" in name or "\\" in name or name.startswith("/") or ".." in name.split("/"):
        raise not_found()
    path = folder / name
    kind = KINDS.get(path.suffix)
    if kind is None or not path.is_file():
        raise not_found()
    return FileResponse(path, media_type=kind, headers={"Cache-Control": "no-cache"})
