"""What every request passes first: name, host, origin, size and pace of the body; and what every response carries."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass

from fastapi import HTTPException
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant.api import metrics
from assistant.api.problems import problem

log = logging.getLogger("focal.access")

MAX_BODY = 256 * 1024
BODY_SECONDS = 20
"""Between two parts of a body."""
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
METHODS = SAFE | {"POST", "PUT", "PATCH", "DELETE"}
"""Methods that are counted by name; a caller may make up others."""
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self';"
    " connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True)
class Hosts:
    """Names by which the server may be called; by a foreign one somebody else's page calls through a browser."""

    names: frozenset[str]

    @classmethod
    def of(cls, names: Iterable[str]) -> Hosts:
        """Loopback names and these."""
        return cls(frozenset({"localhost", "127.0.0.1", "[::1]"} | {n.strip().lower() for n in names if n.strip()}))

    def admit(self, host: str) -> bool:
        """True if a Host header names this server, whatever the port."""
        name = host.lower()
        bare = name.partition("]")[0] + "]" if name.startswith("[") else name.partition(":")[0]
        return bare in self.names


class Guard:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp, hosts: Hosts, max_upload: int) -> None:
        """`max_upload`: bytes that `POST /v1/documents` takes."""
        self._app, self._hosts, self._max_upload = app, hosts, max_upload

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass on; log and count either way."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = scope["request_id"] = secrets.token_hex(8)
        started = time.perf_counter()
        sent = {"status": 0}

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                sent["status"] = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = request_id
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        refusal = self._refusal(scope)
        try:
            if refusal:
                await problem(request_id, *refusal)(scope, receive, send_with_headers)
            else:
                await self._app(scope, self._bounded(scope, receive), send_with_headers)
        except Exception:
            # Already answered with 500 and logged by the application's own handler.
            if not sent["status"]:
                raise
        finally:
            self._note(scope, request_id, sent["status"], time.perf_counter() - started)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        headers = Headers(scope=scope)
        if len(headers.getlist("host")) != 1 or not self._hosts.admit(headers["host"]):
            return 400, "this server is not called by that name; FOCAL_ALLOWED_HOSTS lists the names it takes"
        if scope["method"] not in SAFE:
            origin = headers.get("origin")
            foreign = origin is not None and origin.partition("://")[2] != headers["host"]
            if foreign or headers.get("sec-fetch-site") in ("cross-site", "same-site"):
                return 403, "calls from pages of another site are not taken"
        length = headers.get("content-length", "0")
        if length.isdigit() and int(length) > self._limit(scope):
            return 413, f"the body has {length} bytes; the limit is {self._limit(scope)}"
        return None

    def _limit(self, scope: Scope) -> int:
        return self._max_upload if (scope["method"], scope["path"]) == ("POST", "/v1/documents") else MAX_BODY

    def _bounded(self, scope: Scope, receive: Receive) -> Receive:
        limit = self._limit(scope)
        taken, complete = 0, False

        async def bounded() -> Message:
            nonlocal taken, complete
            if complete:
                return await receive()
            try:
                message = await asyncio.wait_for(receive(), BODY_SECONDS)
            except TimeoutError:
                raise HTTPException(408, "the body came too slowly", {"Connection": "close"}) from None
            if message["type"] == "http.request":
                taken += len(message.get("body", b""))
                complete = not message.get("more_body", False)
                if taken > limit:
                    raise HTTPException(413, f"the limit is {limit} bytes", {"Connection": "close"})
            return message

        return bounded

    def _note(self, scope: Scope, request_id: str, status: int, seconds: float) -> None:
        # The route's template, not the path: ids and questions stay out of logs and labels.
        route = getattr(scope.get("route"), "path", "none")
        method = scope["method"] if scope["method"] in METHODS else "other"
        metrics.REQUESTS.labels(route, method, str(status)).inc()
        metrics.SECONDS.labels(route).observe(seconds)
        extra = {
            "request_id": request_id, "method": method, "route": route, "status": status,
            "ms": round(seconds * 1000, 1), "asker": scope.get("asker"),
        }  # fmt: skip
        log.info("request", extra=extra)
