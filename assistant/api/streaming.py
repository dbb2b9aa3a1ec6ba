"""Answers as server-sent events; the first is on its way before retrieval has begun."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any, TypeVar

from fastapi.responses import StreamingResponse

from assistant.api.problems import described
from assistant.api.work import Work

PING_SECONDS = 10
PING = b": still working\n\n"
T = TypeVar("T")
_PIECE = re.compile(r"(?:\S+\s*){1,6}")


def event(name: str, data: dict[str, Any]) -> bytes:
    """One server-sent event."""
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n".encode()


def pieces(text: str) -> list[str]:
    """A text in pieces of a few words that joined give it back."""
    found = _PIECE.findall(text)
    lead = text[: len(text) - sum(map(len, found))]
    return [lead + found[0], *found[1:]] if found else [text]


def start(work: Work, function: Callable[[], T]) -> tuple[asyncio.Future[T], threading.Event]:
    """Admit the work now, while a refusal can still be a status code. Raises Problem 503."""
    flag = threading.Event()
    return asyncio.wrap_future(work.submit(function, flag)), flag


async def answer_events(
    future: asyncio.Future[dict[str, Any]], flag: threading.Event, request_id: str
) -> AsyncIterator[bytes]:
    """`status`, then `delta`s and `answer`, or `error`. Closing the iterator tells the work to stop."""
    try:
        yield event("status", {"stage": "searching"})
        async for _ in waiting(future):
            yield PING
        body = future.result()
        for piece in pieces(body["answer"]):
            yield event("delta", {"text": piece})
        yield event("answer", body)
    except Exception as error:
        status, detail = described(error)
        yield event("error", {"status": status, "detail": detail, "request_id": request_id})
    finally:
        flag.set()


async def waiting(future: asyncio.Future[Any]) -> AsyncIterator[None]:
    """Yield every PING_SECONDS until the future is done, whatever becomes of it."""
    while not (await asyncio.wait({future}, timeout=PING_SECONDS))[0]:
        yield


class Events(StreamingResponse):
    """A stream of events; a client that leaves closes it."""

    media_type = "text/event-stream"

    def __init__(self, content: AsyncIterator[bytes]) -> None:
        """`content` yields whole events."""
        # Without this a proxy may hold events back until it has a buffer full.
        super().__init__(content, headers={"X-Accel-Buffering": "no", "Cache-Control": "no-store"})
