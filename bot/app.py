"""The Slack bot as `focal serve` runs it: built from an assistant and the settings, started, probed, closed."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import dataclass
from typing import Any

from slack_bolt.adapter.fastapi.async_handler import AsyncSlackRequestHandler
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_sdk.web.async_client import AsyncWebClient
from starlette.requests import Request
from starlette.responses import Response

from assistant.assistant import Assistant
from assistant.settings import Settings
from bot.audience import Audience
from bot.database import Database
from bot.delivery import LEASE_SECONDS, Inbox
from bot.desk import Desk, Identity, Manners
from bot.errors import BotError
from bot.handling import Handling
from bot.listeners import make_bolt
from bot.ports import Asks, Briefings, Log, NoBriefings, NoLog, Shelf, Streams
from bot.posting import Poster
from bot.sessions import Sessions
from bot.worker import Worker

log = logging.getLogger(__name__)

FILE_NAME = "slack.sqlite3"
EVENTS_PATH = "/slack/events"
IDENTITY_PAUSE_SECONDS = 10.0
LATE_SECONDS = 120.0
"""A question that waits longer makes the bot unwell."""


@dataclass(frozen=True)
class Health:
    """How the bot is."""

    ok: bool
    detail: str


class SlackBot:
    """A running bot: the worker, and Socket Mode where there is an app-level token."""

    def __init__(
        self, desk: Desk, worker: Worker, token: str, signing_secret: str | None, app_token: str | None
    ) -> None:
        """Nothing is opened yet but the desk."""
        self.desk, self.worker = desk, worker
        self.bolt = make_bolt(desk, worker.wake, token, signing_secret)
        self._requests = AsyncSlackRequestHandler(self.bolt)
        self._app_token = app_token
        self._socket: AsyncSocketModeHandler | None = None
        self._background: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begin to work. Slack being away delays nothing else: both connections are made in the background."""
        self._know(_remembered(self.desk.database))
        self.worker.start()
        self._background = [asyncio.create_task(self._introduce()), asyncio.create_task(self._expire())]
        if self._app_token:
            self._socket = AsyncSocketModeHandler(self.bolt, self._app_token)
            connecting = self._socket.connect_async()  # type: ignore[no-untyped-call]  # Bolt gives it no types
            self._background.append(asyncio.create_task(connecting))

    async def close(self, grace_seconds: float = 5.0) -> None:
        """Hear no more, let running answers finish for a while, close the file."""
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        if self._socket:
            with contextlib.suppress(Exception):
                await self._socket.close_async()  # type: ignore[no-untyped-call]  # Bolt gives it no types
        await self.worker.close(grace_seconds)
        self.desk.database.close()

    async def handle(self, request: Request) -> Response:
        """What Slack sends to the request URL: events, clicks and commands alike."""
        return await self._requests.handle(request)

    async def health(self) -> Health:
        """Whether questions are heard and answered."""
        waiting, oldest = self.desk.inbox.waiting()
        queue = f"{waiting} waiting" if waiting else "nothing waiting"
        if self.worker.revoked:
            return Health(False, f"Slack refuses the bot token; {queue}")
        if self.desk.identity.bot_user_id is None:
            return Health(False, f"Slack has not been reached yet; {queue}")
        if self._socket and not await self._socket.client.is_connected():
            return Health(False, f"not connected to Slack, trying again; {queue}")
        if oldest > LATE_SECONDS:
            return Health(False, f"{queue}, the oldest for {oldest:.0f} s")
        return Health(True, queue)

    async def _introduce(self) -> None:
        """Learn who we are, however long Slack takes to say it."""
        poster, database = self.desk.poster, self.desk.database
        while True:
            try:
                me = await poster.call(poster.client.auth_test)
                break
            except BotError as error:
                log.warning("Slack did not say who we are: %s", error)
                await asyncio.sleep(IDENTITY_PAUSE_SECONDS)
        for name in ("user_id", "bot_id", "team_id", "enterprise_id"):
            database.set_fact(name, me.get(name) or "")
        self._know(_remembered(database))

    def _know(self, me: Identity) -> None:
        self.desk.identity = me
        self.desk.audience.home_workspaces = frozenset(filter(None, (me.team, me.enterprise)))

    async def _expire(self) -> None:
        while True:
            self.desk.sessions.expire()
            await asyncio.sleep(3600)


def build(
    assistant: Assistant,
    settings: Settings,
    log: Log | None = None,
    briefings: Briefings | None = None,
    streams: Streams | None = None,
) -> SlackBot | None:
    """The bot over an open assistant; None where no bot token is set."""
    if settings.slack_bot_token is None:
        return None
    token = settings.slack_bot_token.get_secret_value()
    app_token, secret = settings.slack_app_token, settings.slack_signing_secret
    return assemble(
        assistant, assistant.register, settings, AsyncWebClient(token, base_url=settings.slack_api_url),
        log or NoLog(), briefings or NoBriefings(), streams, Manners(base_url=settings.public_url),
        secret.get_secret_value() if secret else None, app_token.get_secret_value() if app_token else None,
    )  # fmt: skip


def assemble(
    asks: Asks,
    shelf: Shelf,
    settings: Settings,
    client: AsyncWebClient,
    log: Log,
    briefings: Briefings,
    streams: Streams | None,
    manners: Manners,
    signing_secret: str | None,
    app_token: str | None,
    lease_seconds: float = LEASE_SECONDS,
    **worker: Any,
) -> SlackBot:
    """The bot from its parts; `worker` goes to `Worker`."""
    database = Database(settings.folder / FILE_NAME)
    poster = Poster(client)

    async def lookup(user: str) -> dict[str, Any]:
        found: dict[str, Any] = (await poster.call(client.users_info, user=user)).get("user") or {}
        return found

    inbox = Inbox(database, lease_seconds)
    desk = Desk(
        database, inbox, Sessions(database, settings.keep_days), Audience(settings.folder, lookup, settings.ceilings),
        poster, asks, shelf, streams, log, briefings, manners,
    )  # fmt: skip
    return SlackBot(desk, Worker(inbox, Handling(desk), **worker), client.token or "", signing_secret, app_token)


def _remembered(database: Database) -> Identity:
    """Who we were when Slack last said it."""
    names = ("user_id", "bot_id", "team_id", "enterprise_id")
    return Identity(*(database.fact(name) or None for name in names))
