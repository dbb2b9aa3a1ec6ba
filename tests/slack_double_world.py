"""A workspace, a bot and people in it: what the Slack tests are written with."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import itertools
import json
import time
import urllib.parse
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from slack_double import APP_TOKEN, BOT_USER, TEAM, TOKEN, SlackDouble
from slack_double_people import ListLog, TableAssistant, TwoRoles
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient

from assistant.settings import Settings
from bot.app import EVENTS_PATH, SlackBot, assemble
from bot.desk import Manners

SECRET = "signing-secret"
MEMBER, CLEARED, GUEST, STRANGER = "UMEMBER", "UCLEARED", "UGUEST", "USTRANGER"
DM, CHANNEL = "D1", "C1"
USERS: dict[str, dict[str, Any]] = {
    MEMBER: {},
    CLEARED: {},
    "U2": {},
    "U3": {},
    GUEST: {"is_restricted": True},
    STRANGER: {"is_stranger": True, "team_id": "T9"},
    "UUNMAPPED": {"team_id": "T9", "profile": {"email": "chief@mission.example"}},
}
PEOPLE = f"""
everyone: {{clearance: unclassified}}
people:
  {CLEARED}: {{clearance: confidential}}
  {GUEST}: {{clearance: confidential}}
focal_point: UFOCAL
"""
_numbers = itertools.count(1)


def in_event_loop(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Run an async test."""

    @functools.wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        asyncio.run(asyncio.wait_for(_awaited(test(*args, **kwargs)), 50))

    return run


async def _awaited(waiting: Awaitable[None]) -> None:
    await waiting


class World:
    """The double, the bot over one folder, and ways to write to it."""

    def __init__(self, double: SlackDouble, home: Path, asks: TableAssistant, options: dict[str, Any]) -> None:
        self.double, self.home, self.asks, self.options = double, home, asks, options
        self.log = ListLog()
        self.bots: list[SlackBot] = []
        self._clients: list[httpx.AsyncClient] = []

    @property
    def bot(self) -> SlackBot:
        return self.bots[-1]

    async def start_bot(self) -> SlackBot:
        """One more bot over the same file, behind a FastAPI application of its own."""
        options = dict(self.options)
        socket, stream = options.pop("socket", False), options.pop("stream", False)
        ceilings = {"slack_dm": "confidential"}
        settings = Settings(home=self.home, ceilings=ceilings, _env_file=None)  # type: ignore[call-arg]
        bot = assemble(
            self.asks, self.asks, settings, AsyncWebClient(TOKEN, base_url=f"{self.double.url}/api/"), self.log,
            TwoRoles(), self.asks.stream if stream else None,
            options.pop("manners", Manners("https://guidance.example.org", 10, 0.15)), SECRET,
            APP_TOKEN if socket else None, options.pop("lease_seconds", 0.6), poll_seconds=0.02, pace=0.02, **options,
        )  # fmt: skip
        web = FastAPI()
        web.add_route(EVENTS_PATH, bot.handle, methods=["POST"])
        self._clients.append(
            httpx.AsyncClient(transport=httpx.ASGITransport(app=web), base_url="https://focal.example")
        )
        await bot.start()
        self.bots.append(bot)
        await self.until(lambda: bot.desk.identity.bot_user_id is not None)
        return bot

    async def close(self) -> None:
        for bot in self.bots:
            with contextlib.suppress(Exception):
                await bot.close(0.5)
        for client in self._clients:
            await client.aclose()

    async def crash(self) -> None:
        """The process dies: nothing is tidied up."""
        bot, client = self.bots.pop(), self._clients.pop()
        await client.aclose()
        bot.worker._closing = True
        bot.desk.database.close()
        for task in [*bot._background, *bot.worker._tasks]:
            task.cancel()
        await asyncio.gather(*bot._background, *bot.worker._tasks, return_exceptions=True)

    # Slack to bot

    async def send(
        self, body: dict[str, Any], form: bool = False, at: float | None = None, **more: Any
    ) -> httpx.Response:
        """One signed request to the last bot, or to bot number `to`."""
        raw = (
            urllib.parse.urlencode({"payload": json.dumps(body)} if "type" in body else body)
            if form
            else json.dumps(body)
        )
        stamp = str(int(at if at is not None else time.time()))
        signature = SignatureVerifier(more.get("secret", SECRET)).generate_signature(timestamp=stamp, body=raw) or ""
        headers = {
            "Content-Type": "application/x-www-form-urlencoded" if form else "application/json",
            "X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": signature, **more.get("headers", {}),
        }  # fmt: skip
        return await self._clients[more.get("to", -1)].post(EVENTS_PATH, content=raw, headers=headers)

    def event(self, event: dict[str, Any], **outer: Any) -> dict[str, Any]:
        """The callback that carries an event."""
        number = next(_numbers)
        body = {
            "type": "event_callback",
            "team_id": TEAM,
            "api_app_id": "A1",
            "event_id": f"Ev{number}",
            "event": event,
        }
        return {**body, **outer}

    def dm(self, text: str, user: str = MEMBER, channel: str = DM, **event: Any) -> dict[str, Any]:
        """A direct message, as Slack stores and sends it."""
        message = {"type": "message", "channel_type": "im", "channel": channel, "user": user, "text": text}
        return self._written({**message, "ts": self.double.ts(), **event})

    def mention(self, text: str, user: str = MEMBER, channel: str = CHANNEL, **event: Any) -> dict[str, Any]:
        """A mention of the bot in a channel."""
        message = {"type": "app_mention", "channel": channel, "user": user, "text": f"<@{BOT_USER}> {text}"}
        outer = {"is_ext_shared_channel": True} if channel in self.double.external else {}
        return self._written({**message, "ts": self.double.ts(), **event}, **outer)

    def _written(self, event: dict[str, Any], **outer: Any) -> dict[str, Any]:
        self.double.messages[event["channel"], event["ts"]] = {"user": "U", **event}
        return self.event(event, **outer)

    def respond_url(self) -> str:
        """A fresh one-time address."""
        return f"{self.double.url}/respond/{self.double.now()}-{next(_numbers)}"

    def trigger(self) -> str:
        """A fresh trigger for a dialog."""
        name = f"trigger{next(_numbers)}"
        self.double.triggers[name] = self.double.now()
        return name

    async def command(self, text: str, user: str = MEMBER, channel: str = CHANNEL) -> str:
        """`/focal text`; gives the address to which the answer goes."""
        url = self.respond_url()
        body = {
            "command": "/focal", "text": text, "user_id": user, "team_id": TEAM, "channel_id": channel,
            "response_url": url, "trigger_id": self.trigger(),
        }  # fmt: skip
        assert (await self.send(body, form=True)).status_code == 200
        return url.rsplit("/", 1)[1]

    async def click(self, action: dict[str, Any], message: dict[str, Any], user: str = MEMBER, **more: Any) -> str:
        """A click on a button of a message; gives the address for private words."""
        url = self.respond_url()
        body = {
            "type": "block_actions", "user": {"id": user, "team_id": TEAM}, "team": {"id": TEAM}, "response_url": url,
            "channel": {"id": message.get("channel", CHANNEL)}, "trigger_id": self.trigger(), "message": message,
            "container": {"type": "message", "message_ts": message.get("ts", "")},
            "actions": [{"action_ts": self.double.ts(), "block_id": "b", **action}], **more,
        }  # fmt: skip
        assert (await self.send(body, form=True)).status_code == 200
        return url.rsplit("/", 1)[1]

    # Waiting

    async def until(self, holds: Callable[[], Any], seconds: float = 8.0) -> None:
        """Wait for something to become true."""
        end = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < end, f"did not come true in {seconds} s; refusals: {self.double.refusals}"
            await asyncio.sleep(0.01)

    async def quiet(self, seconds: float = 8.0) -> None:
        """Wait until the bot has nothing left to do."""
        await self.until(lambda: self.bot.desk.inbox.waiting()[0] == 0, seconds)

    async def said(self, name: str) -> str:
        """The first private words to an address."""
        await self.until(lambda: self.double.responses[name])
        return str(self.double.responses[name][-1]["text"])


@contextlib.asynccontextmanager
async def world(home: Path, asks: TableAssistant | None = None, **options: Any) -> AsyncIterator[World]:
    """A workspace with one bot; `options` go to the bot (`socket`, `stream`, `loops`, `manners`)."""
    home.mkdir(exist_ok=True)
    (home / "slack-people.yaml").write_text(PEOPLE, encoding="utf-8")
    async with SlackDouble(users=dict(USERS)) as double:
        around = World(double, home, asks or TableAssistant(), options)
        try:
            await around.start_bot()
            yield around
        finally:
            await around.close()


def button(message: dict[str, Any], action_id: str) -> dict[str, Any]:
    """The button of a message with this action."""
    for block in message["blocks"]:
        for element in block.get("elements", ()):
            if element.get("action_id") == action_id:
                return dict(element)
    raise AssertionError(f"no {action_id} in {json.dumps(message['blocks'])[:500]}")


def body_words(message: dict[str, Any]) -> str:
    """The words of an answer as a reader sees them, sources aside; list items with a dash."""
    words = []
    for block in message["blocks"]:
        for part in block["elements"] if block["type"] == "rich_text" else ():
            is_list = part["type"] == "rich_text_list"
            for section in part["elements"] if is_list else [part]:
                text = "".join(element["text"] for element in section["elements"])
                words.append("- " + text if is_list else text.replace("\n\n", "\n"))
    return "\n".join(words)
