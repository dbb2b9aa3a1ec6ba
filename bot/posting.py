"""Calls to Slack: every failure becomes one of four words (see `errors`), and each message finds a form Slack takes."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.blocks import classic
from bot.errors import BotError, Later, Refused, Revoked
from bot.splitting import Block, Message, shortened

log = logging.getLogger(__name__)

REVOKED = frozenset(
    {"invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive", "no_permission"}
)
BUSY = frozenset(
    {"ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable", "request_timeout"}
)
TOO_LONG = frozenset({"msg_too_long", "msg_blocks_too_long"})
BAD_BLOCKS = frozenset({"invalid_blocks", "invalid_blocks_format", "unsupported_block_type"})
EVENT_TYPE = "focal_point_answer"
QUIET = {"unfurl_links": False, "unfurl_media": False}
"""A link in an answer must not fetch or show anything by itself."""


class Poster:
    """The Web API as the bot uses it."""

    def __init__(self, client: AsyncWebClient) -> None:
        """The client must not retry by itself: a repeated post is a second message."""
        client.retry_handlers.clear()
        self.client = client

    async def call(self, method: Callable[..., Awaitable[Any]], **params: Any) -> dict[str, Any]:
        """One call. Raises Later, Refused or Revoked."""
        name = method.__name__.replace("_", ".")
        try:
            response = await method(**{key: value for key, value in params.items() if value is not None})
        except SlackApiError as error:
            raise _translated(name, error) from None
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise Later(f"{name}: {type(error).__name__}", unsure=True) from error
        data = response.data
        return data if isinstance(data, dict) else {}

    async def attempt(self, method: Callable[..., Awaitable[Any]], **params: Any) -> bool:
        """A call that nothing depends on; False if it failed."""
        try:
            await self.call(method, **params)
        except BotError as error:
            log.info("left undone: %s", error)
            return False
        return True

    async def post(self, channel: str, thread_ts: str | None, message: Message, key: str) -> str:
        """Post a message and give its ts; `key` lets `find` recognise it."""
        common = {"channel": channel, "thread_ts": thread_ts, "mrkdwn": False, **QUIET}
        metadata = {"event_type": EVENT_TYPE, "event_payload": {"key": key}}
        sent = await self._first_taken(self.client.chat_postMessage, message, {**common, "metadata": metadata})
        return str(sent["ts"])

    async def update(self, channel: str, ts: str, message: Message) -> None:
        """Put a message in the place of an earlier one."""
        await self._first_taken(self.client.chat_update, message, {"channel": channel, "ts": ts})

    async def show_privately(self, channel: str, user: str, thread_ts: str | None, message: Message) -> None:
        """Show a message to one member of a channel; it is gone after a reload."""
        common = {"channel": channel, "user": user, "thread_ts": thread_ts}
        await self._first_taken(self.client.chat_postEphemeral, message, common)

    async def find(self, channel: str, thread_ts: str, key: str) -> str | None:
        """The ts of a message posted under this key; None if there is none or Slack does not let us look."""
        try:
            found = await self.call(
                self.client.conversations_replies, channel=channel, ts=thread_ts, limit=200, include_all_metadata=True
            )
        except Refused:
            return None
        for message in found.get("messages", ()):
            if message.get("metadata", {}).get("event_payload", {}).get("key") == key:
                return str(message["ts"])
        return None

    async def respond(self, response_url: str, message: Message) -> None:
        """Show a message to the person of a command or click, by Slack's one-time address."""
        body = {"text": message.text, "blocks": message.blocks, "response_type": "ephemeral", "replace_original": False}
        timeout = aiohttp.ClientTimeout(total=15)
        try:
            async with aiohttp.request("POST", response_url, json={**body, **QUIET}, timeout=timeout) as response:
                status, answer = response.status, (await response.text())[:200]
                wait = response.headers.get("Retry-After")
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise Later(f"response_url: {type(error).__name__}", unsure=True) from error
        if status == 429 or status >= 500:
            raise Later(f"response_url: {status}", float(wait) if wait else None)
        if status != 200:
            raise Refused("response_url", answer or str(status))

    async def _first_taken(
        self, method: Callable[..., Awaitable[Any]], message: Message, params: dict[str, Any]
    ) -> dict[str, Any]:
        """The message in its full form, else with older blocks, else in words."""
        forms: Sequence[list[Block] | None] = (message.blocks, classic(message).blocks, None)
        for blocks in forms:
            try:
                return await self.call(method, **params, text=message.text, blocks=blocks)
            except Refused as refused:
                if refused.code not in BAD_BLOCKS or blocks is None:
                    raise
                log.error("Slack refused these blocks: %s", refused)
        raise AssertionError("the last form either succeeds or raises")


def halves(message: Message) -> list[Message]:
    """Two messages in the place of one that Slack found too long; shortened words where nothing can be parted."""
    if len(message.blocks) > 1:
        first, second = _cut(message.blocks)
        return [Message(message.text, first), Message("(continued)", second)]
    for block in message.blocks:
        parted = _part(block)
        if parted:
            return [Message(message.text, [half]) for half in parted]
    return [Message(shortened(message.text, 1_500), [])]


def _part(block: Block) -> list[Block]:
    """A container or rich text as two; empty if it is neither or cannot be parted."""
    for inner in ("child_blocks", "elements"):
        parts = block.get(inner, [])
        if len(parts) > 1:
            return [{**block, inner: half} for half in _cut(parts)]
        if len(parts) == 1 and inner == "elements":
            return [{**block, inner: [half]} for half in _part(parts[0])]
    return []


def _cut(parts: Sequence[Block]) -> list[list[Block]]:
    middle = len(parts) // 2
    return [list(parts[:middle]), list(parts[middle:])]


def _translated(method: str, error: SlackApiError) -> BotError:
    response = error.response
    status = getattr(response, "status_code", 0)
    data = getattr(response, "data", None)
    code = data.get("error", "unknown_error") if isinstance(data, dict) else "unreadable_answer"
    if status == 429 or code in ("ratelimited", "rate_limited"):
        headers = {key.lower(): value for key, value in getattr(response, "headers", {}).items()}
        return Later(f"{method}: 429", float(headers.get("retry-after", 1)))
    if status >= 500 or code in BUSY or code == "unreadable_answer":
        return Later(f"{method}: {status} {code}", unsure=True)
    return Revoked(f"{method}: {code}") if code in REVOKED else Refused(method, code)
