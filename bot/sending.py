"""An answer goes out message by message, each noted before and after: a later worker goes on where one fell."""

from __future__ import annotations

from bot.audience import Person, Place
from bot.delivery import Job
from bot.desk import Desk
from bot.errors import Later, Refused
from bot.posting import TOO_LONG, halves
from bot.splitting import Message
from bot.streaming import Stream, close

MAX_RESPONSES = 4
"""A `response_url` works five times; one is kept for a last word."""


class Sender:
    """Sends the messages of a job."""

    def __init__(self, desk: Desk) -> None:
        """`desk` with the poster and the inbox."""
        self._desk = desk

    async def send(self, job: Job, stream: Stream | None = None, whole: str = "") -> None:
        """Post what `job.progress["messages"]` holds and is not posted yet.

        `stream` is a running one that already shows `whole`, the words of the answer.
        """
        if job.payload.get("response_url"):
            await self._respond(job)
            return
        if job.progress.get("stream_ts") and not job.progress.get("posted"):
            await self._finish_stream(job, stream, whole)
        while len(job.progress.setdefault("posted", [])) < len(job.progress["messages"]):
            await self._post_next(job)

    async def say(self, job: Job, message: Message) -> None:
        """Send one message of our own, as safely as an answer."""
        job.progress.update(messages=[vars(message)], is_word=True)
        self._desk.inbox.save(job)
        await self.send(job)

    async def last_word(self, job: Job, message: Message) -> None:
        """Send what is said instead of the rest; to the person directly where it was asked cannot be reached."""
        if not job.progress.get("cut_short"):
            posted = job.progress.setdefault("posted", [])
            kept = job.progress.get("messages", [])[: len(posted)]
            job.progress.update(messages=[*kept, vars(message)], cut_short=True)
            job.progress.pop("sending", None)
            self._desk.inbox.save(job)
        try:
            await self.send(job)
        except Refused:
            await self._desk.poster.post(Person.of(job.person).user, None, message, f"{job.id}-direct")

    async def _post_next(self, job: Job) -> None:
        progress, poster = job.progress, self._desk.poster
        position = len(progress["posted"])
        thread_ts, key = job.payload.get("thread_ts"), f"{job.id}-{position}"
        ts = None
        if progress.get("sending") == position and thread_ts:
            ts = await poster.find(job.channel, thread_ts, key)
        if ts is None:
            progress["sending"] = position
            self._desk.inbox.save(job)
            try:
                ts = await poster.post(job.channel, thread_ts, Message(**progress["messages"][position]), key)
            except Later as later:
                if not later.unsure:
                    del progress["sending"]
                    self._desk.inbox.save(job)
                raise
            except Refused as refused:
                if refused.code not in TOO_LONG:
                    raise
                self._part(job, position)
                return
        self._note(job, ts)

    def _part(self, job: Job, position: int) -> None:
        parts = halves(Message(**job.progress["messages"][position]))
        job.progress["messages"][position : position + 1] = [vars(part) for part in parts]
        self._desk.inbox.save(job)

    def _note(self, job: Job, ts: str) -> None:
        job.progress["posted"].append(ts)
        self._desk.inbox.save(job)
        if job.payload.get("place") != Place.PRIVATE:
            self._desk.sessions.add_post(job.channel, ts, job.message_ts, job.person)

    async def _finish_stream(self, job: Job, stream: Stream | None, whole: str) -> None:
        """Let the stream end with the sources, or put the whole first message in its place."""
        poster, ts = self._desk.poster, job.progress["stream_ts"]
        first = Message(**job.progress["messages"][0])
        job.progress["posted"] = []
        single = len(job.progress["messages"]) == 1
        rest = [block for block in first.blocks if block["type"] != "rich_text"]
        # A warning belongs above the words, where a stream cannot put it any more.
        warned = any(block["type"] == "alert" and block.get("level") == "warning" for block in rest)
        if not (stream and single and not warned and await stream.finish(first, rest, whole)):
            await close(poster, job.channel, ts, None)
            await poster.update(job.channel, ts, first)
        self._note(job, ts)

    async def _respond(self, job: Job) -> None:
        messages = job.progress["messages"]
        posted = job.progress.setdefault("posted", [])
        while len(posted) < min(len(messages), MAX_RESPONSES):
            message = Message(**messages[len(posted)])
            if len(posted) == MAX_RESPONSES - 1 and len(messages) > MAX_RESPONSES:
                message = Message(
                    "This answer is longer than Slack shows here. Ask me in a direct message for all of it."
                )
            await self._desk.poster.respond(job.payload["response_url"], message)
            posted.append("private")
            self._desk.inbox.save(job)
