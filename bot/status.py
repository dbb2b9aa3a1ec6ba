"""The sign that somebody is at it: put up when an answer takes a while, kept up, and always taken down again."""

from __future__ import annotations

import asyncio

from bot import blocks
from bot.audience import Person, Place
from bot.delivery import Job
from bot.desk import Desk
from bot.errors import BotError
from bot.escaping import plain

STATUS = "is reading the guidance…"


class Sign:
    """The status of one question."""

    def __init__(self, desk: Desk, job: Job) -> None:
        """Nothing is shown yet; what an earlier try put up is known from the job's progress."""
        self._desk, self._job = desk, job

    async def keep_up(self) -> None:
        """Show that we are at it after a moment, and again before Slack takes it down; runs until cancelled."""
        manners, payload = self._desk.manners, self._job.payload
        await asyncio.sleep(manners.status_after_seconds)
        self._job.progress["sign"] = True
        self._desk.inbox.save(self._job)
        if payload.get("response_url"):
            await self._say_once()
            return
        await self._session("processing")
        while True:
            await self._status(STATUS)
            await asyncio.sleep(manners.status_every_seconds)

    async def take_down(self) -> None:
        """Leave nothing hanging."""
        if self._job.progress.get("sign") and not self._job.payload.get("response_url"):
            await self._status("")
            await self._session("active")

    async def _say_once(self) -> None:
        try:
            await self._desk.poster.respond(self._job.payload["response_url"], blocks.note("Reading the guidance…"))
        except BotError:
            return

    async def _status(self, status: str) -> None:
        poster, job = self._desk.poster, self._job
        await poster.attempt(
            poster.client.assistant_threads_setStatus,
            channel_id=job.channel, thread_ts=job.payload.get("thread_ts"), status=status,
        )  # fmt: skip

    async def _session(self, status: str) -> None:
        """The state that carries the stop button; its title names the conversation in the person's own list."""
        poster, job = self._desk.poster, self._job
        direct = job.payload.get("place") == Place.DIRECT
        await poster.attempt(
            poster.client.agents_sessions_setStatus,
            channel_id=job.channel,
            thread_ts=job.payload.get("thread_ts"),
            status=status,
            title=plain(job.payload.get("text", ""))[:200] if direct and status == "processing" else None,
            initiator_user_id=Person.of(job.person).user if status == "processing" else None,
        )
