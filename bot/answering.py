"""The main path: a question from Slack goes to the assistant, and its answer back to where it was asked."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import Any

from assistant import stopping
from assistant.answers import Answer, Question, Status
from assistant.errors import QuestionError
from bot import blocks, words
from bot.audience import Person, Place
from bot.blocks import Offer
from bot.delivery import Job
from bot.desk import Desk
from bot.intake import deleted_key
from bot.sending import Sender
from bot.sessions import Turn
from bot.splitting import Message
from bot.status import Sign
from bot.streaming import Stream
from knowledge.access import Asker

SURFACES = {
    Place.DIRECT: "slack_dm",
    Place.PRIVATE: "slack_dm",
    Place.CHANNEL: "slack_channel",
    Place.EXTERNAL: "slack_external",
}


class Answering:
    """Does the jobs of kind `question`."""

    def __init__(self, desk: Desk, sender: Sender) -> None:
        """`sender` posts the messages."""
        self._desk, self._sender = desk, sender

    async def question(self, job: Job) -> None:
        """Answer once, whatever happened to earlier tries of the same job."""
        if self._is_deleted(job):
            return
        sign = Sign(self._desk, job)
        if "messages" in job.progress:
            await self._sender.send(job)
        else:
            word = self._word_instead(job)
            if word is not None:
                await self._sender.say(job, word)
                return
            await self._answer(job, sign)
        await sign.take_down()
        if self._is_deleted(job):
            await remove_posts(self._desk, job.channel, job.message_ts)

    def _is_deleted(self, job: Job) -> bool:
        return bool(job.message_ts) and self._desk.inbox.knows(deleted_key(job.channel, job.message_ts))

    def _word_instead(self, job: Job) -> Message | None:
        """What is said without asking the assistant; None if it has to be asked."""
        limit = self._desk.manners.questions_per_minute
        asked = self._desk.inbox.asked_before(job, 60)
        if asked >= limit:
            return words.too_many(limit)
        text = job.payload["text"]
        if not text:
            return words.NO_WORDS if job.payload.get("has_files") else words.HELP
        if text.lower().strip(" ?!.") in words.GREETINGS:
            return words.HELP
        role = self._desk.briefings.newcomer(text)
        if role and "?" not in text and job.payload["place"] == Place.DIRECT:
            self._desk.sessions.choose_role(job.person, role.id)
            return words.welcome(role)
        return None

    async def _answer(self, job: Job, sign: Sign) -> None:
        desk, payload = self._desk, job.payload
        place = Place(payload["place"])
        asker = await desk.audience.asker(Person.of(job.person), place)
        thread_ts = payload.get("thread_ts") or ""
        history = desk.sessions.history(job.person, job.channel, thread_ts, asker) if thread_ts else ()
        question = Question(payload["text"], history, desk.sessions.role(job.person))
        stream = None
        if desk.streams and place is not Place.PRIVATE and thread_ts and "stream_ts" not in job.progress:
            stream = Stream(desk.poster, job.channel, thread_ts, payload["team"], Person.of(job.person).user)
        try:
            answer = await self._ask(job, question, asker, sign, stream)
        except QuestionError as error:
            await self._sender.say(job, blocks.note(words.sentence(str(error))))
            return
        self._remember(job, place, thread_ts, answer, asker)
        messages = blocks.render(answer, desk.manners.base_url, self._offers(answer, place, job))
        job.progress["messages"] = [vars(message) for message in messages]
        desk.inbox.save(job)
        await self._sender.send(job, stream, answer.answer)

    async def _ask(self, job: Job, question: Question, asker: Asker, sign: Sign, stream: Stream | None) -> Answer:
        """Ask in a thread; show that we are at it if it takes a while; stop it if the job is given up."""
        flag, loop = threading.Event(), asyncio.get_running_loop()
        pieces: asyncio.Queue[str] = asyncio.Queue()

        def emit(text: str) -> None:
            stopping.check()
            loop.call_soon_threadsafe(pieces.put_nowait, text)

        def work() -> Answer:
            with stopping.stoppable(flag):
                if stream and self._desk.streams:
                    return self._desk.streams(question, asker, emit)
                return self._desk.asks.ask(question, asker)

        asking = asyncio.ensure_future(asyncio.to_thread(work))
        # An answer that nobody waits for any more may still fail in its thread; that is no news.
        asking.add_done_callback(lambda done: done.cancelled() or done.exception())
        keeping = asyncio.create_task(sign.keep_up())
        try:
            while not asking.done():
                await self._show(job, stream, pieces, asking)
            while stream and not pieces.empty():
                await self._grow(job, stream, pieces.get_nowait())
            return asking.result()
        finally:
            flag.set()
            keeping.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await keeping

    async def _show(
        self, job: Job, stream: Stream | None, pieces: asyncio.Queue[str], asking: asyncio.Future[Answer]
    ) -> None:
        if stream is None:
            await asyncio.wait({asking})
            return
        getting = asyncio.ensure_future(pieces.get())
        either: set[asyncio.Future[Any]] = {asking, getting}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if getting.done():
            await self._grow(job, stream, getting.result())
        else:
            getting.cancel()

    async def _grow(self, job: Job, stream: Stream, text: str) -> None:
        await stream.append(text)
        if stream.ts and "stream_ts" not in job.progress:
            job.progress["stream_ts"] = stream.ts
            self._desk.inbox.save(job)
            self._desk.sessions.add_post(job.channel, stream.ts, job.message_ts, job.person)

    def _remember(self, job: Job, place: Place, thread_ts: str, answer: Answer, asker: Asker) -> None:
        cited = tuple(c.passage_id for c in answer.citations)
        turn = Turn(
            answer.answer_id, job.person, job.channel, thread_ts, job.message_ts, place, answer.question,
            answer.status, cited,
        )  # fmt: skip
        self._desk.sessions.remember(turn, asker)
        self._desk.log.add(answer, job.person, asker, SURFACES[place], conversation_of(job.channel, job.message_ts))

    def _offers(self, answer: Answer, place: Place, job: Job) -> tuple[Offer, ...]:
        offers: list[Offer] = []
        if answer.status in (Status.NOT_FOUND, Status.OUT_OF_SCOPE) and self._desk.audience.people().focal_point:
            offers.append(blocks.HAND_OVER)
        if place in (Place.CHANNEL, Place.EXTERNAL):
            offers.append(blocks.ASK_PRIVATELY)
        if place is Place.PRIVATE and answer.citations and not job.channel.startswith("D"):
            offers.append(blocks.SHARE)
        return tuple(offers)


def conversation_of(channel: str, message_ts: str) -> str:
    """The name of one question in the answer log: it can be erased by itself."""
    return f"slack:{channel}/{message_ts}"


async def remove_posts(desk: Desk, channel: str, question_ts: str) -> None:
    """Delete what we posted to a question, and what was kept of it."""
    for ts in desk.sessions.posts(channel, question_ts):
        await desk.poster.attempt(desk.poster.client.chat_delete, channel=channel, ts=ts)
        desk.sessions.drop_post(channel, ts)
    turn = desk.sessions.turn_at(channel, question_ts)
    if turn:
        desk.log.forget(turn.person, conversation_of(channel, question_ts))
    desk.sessions.forget_message(channel, question_ts)
