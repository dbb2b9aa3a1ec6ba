"""`focal serve`: the one process that owns the index and answers over HTTP."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Protocol

import uvicorn
from fastapi import FastAPI
from starlette.routing import Router
from uvicorn.protocols.http.h11_impl import H11Protocol

from assistant.api import logs
from assistant.api.app import create_app, guarded
from assistant.api.guard import Hosts
from assistant.api.service import Service, open_service
from assistant.assistant import Assistant
from assistant.bootstrap import Home, assistant_for, open_home
from assistant.errors import ServerError
from assistant.keys import KeyStore
from assistant.loading import load_starter_notes
from assistant.oidc import MAPPING, read_mapping
from assistant.settings import Settings

log = logging.getLogger("focal.server")

HEADER_SECONDS = 15
"""For the first request of a connection to arrive."""
MAX_CONNECTIONS = 1000


class Companion(Protocol):
    """Another channel in the same process."""

    async def start(self, router: Router, service: Service) -> None:
        """Begin, once the service is open; may add routes of its own."""

    async def close(self, grace_seconds: float) -> None:
        """Let what runs finish for a while, then end."""


def serve(
    settings: Settings,
    host: str,
    port: int,
    make_assistant: Callable[[Home], Assistant] = assistant_for,
    companion: Companion | None = None,
) -> None:
    """Serve until told to stop, with a `companion` beside it over the same open index.

    Raises ServerError, or what opening FOCAL_HOME raises, if it cannot start.
    """
    loopback = is_loopback(host)
    check_may_listen(settings, host)
    bound = _bind(host, port)
    logs.configure()
    url = f"http://{'127.0.0.1' if host in ('0.0.0.0', '::') else _in_url(host)}:{bound.getsockname()[1]}"
    failure: list[Exception] = []

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async def opened() -> Service:
            service = await asyncio.to_thread(_open, settings, url, loopback, make_assistant)
            if companion is not None:
                await companion.start(app.router, service)
            return service

        loading = asyncio.ensure_future(opened())
        loading.add_done_callback(lambda done: _loaded(app, server, done, failure))
        yield
        await asyncio.wait({loading})
        if companion is not None:
            await companion.close(settings.shutdown_seconds)
        if app.state.service is not None:
            await asyncio.to_thread(app.state.service.close)
        log.info("stopped")

    hosts = Hosts.of([*settings.allowed_hosts.split(","), _in_url(host)])
    config = uvicorn.Config(
        guarded(create_app(lifespan=lifespan), hosts, settings.max_upload_megabytes),
        http=_PatientProtocol,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=MAX_CONNECTIONS,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=settings.shutdown_seconds,
    )
    server = uvicorn.Server(config)
    log.info("listening", extra={"url": url})
    try:
        server.run(sockets=[bound])
    finally:
        bound.close()
    if failure:
        raise failure[0]


def is_loopback(host: str) -> bool:
    """True if only this machine can call an address."""
    try:
        return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def check_may_listen(settings: Settings, host: str) -> None:
    """Raise ServerError unless the address is loopback or somebody can prove who they are."""
    read_mapping(settings.folder / MAPPING)
    if is_loopback(host) or settings.oidc_issuer or KeyStore(settings.folder / "keys.sqlite3").any_active():
        return
    raise ServerError(
        f"{host} can be reached from other machines and nobody could prove who they are: make a key with"
        " `focal keys add LABEL`, or set FOCAL_OIDC_ISSUER, or listen on 127.0.0.1"
    )


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host.strip("[]"), port), family=family, backlog=512)
    except OSError as error:
        raise ServerError(f"{host}:{port} cannot be listened on ({error.strerror}): choose another --port") from error


def _in_url(host: str) -> str:
    return f"[{host.strip('[]')}]" if ":" in host else host


def _open(settings: Settings, url: str, loopback: bool, make_assistant: Callable[[Home], Assistant]) -> Service:
    home = open_home(settings, "focal serve", log.info)
    try:
        if home.store.register.is_empty():
            log.info("the index is empty: taking in the starter notes")
            load_starter_notes(home)
        service = open_service(settings, home, make_assistant, loopback)
        service.is_ready()
    except BaseException:
        home.close()
        raise
    home.lock.announce(url)
    return service


def _loaded(app: FastAPI, server: uvicorn.Server, done: asyncio.Future[Service], failure: list[Exception]) -> None:
    error = done.exception()
    if error is None:
        app.state.service = done.result()
        log.info("ready")
    else:
        failure.append(error if isinstance(error, Exception) else ServerError(str(error)))
        server.should_exit = True


class _PatientProtocol(H11Protocol):
    """Closes a connection that does not come up with a request; the framework would wait for ever."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.loop.call_later(HEADER_SECONDS, self._close_if_silent)

    def _close_if_silent(self) -> None:
        if self.cycle is None and not self.transport.is_closing():
            self.transport.close()
