"""A message that grows while it is written. Slack drops a stream about five minutes after its start, so the whole text
is kept here, and whoever finishes can always put it in place with an update (python-slack-sdk #1859)."""

from __future__ import annotations

from bot.errors import BotError, Later, Refused, Revoked, Stopped
from bot.escaping import markdown
from bot.posting import Poster
from bot.splitting import BLOCKS_BYTES, Block, Message

BUFFER_CHARACTERS = 256
"""Few enough calls for Slack's limits, often enough for a reader (the SDK's own default)."""


class Stream:
    """One streamed message in a thread."""

    def __init__(self, poster: Poster, channel: str, thread_ts: str, team: str, user: str) -> None:
        """Nothing is sent before there is text: an empty stream leaves an empty message."""
        self._poster, self._channel, self._thread_ts = poster, channel, thread_ts
        self._team, self._user = team, user
        self._unsent = ""
        self._alive = True
        self.text = ""
        """Everything that was handed over."""
        self.ts: str | None = None
        """Set once the message exists."""

    async def append(self, text: str) -> None:
        """Add text. Raises Stopped if the person pressed stop; a dead stream only stops growing."""
        self.text += text
        self._unsent += text
        if len(self._unsent) >= BUFFER_CHARACTERS and len(self.text.encode()) <= BLOCKS_BYTES:
            await self._flush()

    async def _flush(self) -> None:
        if not self._alive or not self._unsent:
            return
        client, words = self._poster.client, markdown(self._unsent)
        try:
            if self.ts is None:
                started = await self._poster.call(
                    client.chat_startStream, channel=self._channel, thread_ts=self._thread_ts, markdown_text=words,
                    recipient_team_id=self._team, recipient_user_id=self._user,
                )  # fmt: skip
                self.ts = str(started["ts"])
            else:
                await self._poster.call(
                    client.chat_appendStream, channel=self._channel, ts=self.ts, markdown_text=words
                )
        except Revoked:
            raise
        except BotError as error:
            if isinstance(error, Refused) and error.code == "stopped_by_user":
                raise Stopped from error
            if not (isinstance(error, Later) and not error.unsure):
                self._alive = False
            return
        self._unsent = ""

    async def finish(self, message: Message, rest: list[Block], whole: str) -> bool:
        """Close the stream with the blocks that follow its text; False if the message has to be put in place instead.

        `whole` is the text that must stand there.
        """
        if self.ts is None:
            return False
        fits = self.text == whole and len(self.text.encode()) <= BLOCKS_BYTES
        if fits:
            await self._flush()
        return await close(self._poster, self._channel, self.ts, rest if fits and not self._unsent else None)


async def close(poster: Poster, channel: str, ts: str, blocks: list[Block] | None) -> bool:
    """End a stream; True if it now ends with these blocks. Raises Later if Slack may still take it for running."""
    try:
        await poster.call(poster.client.chat_stopStream, channel=channel, ts=ts, blocks=blocks)
    except Refused as refused:
        if refused.code == "stopped_by_user":
            raise Stopped from refused
        return False
    return blocks is not None
