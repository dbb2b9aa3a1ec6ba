"""Everything but answering: sharing, handing over, briefing, edits, deletions, the Home tab."""

from __future__ import annotations

import asyncio
import dataclasses

from assistant.answers import Question
from bot import blocks, home, words
from bot.answering import Answering, remove_posts
from bot.audience import Person, Place
from bot.delivery import Job
from bot.desk import Desk
from bot.errors import Refused
from bot.escaping import mrkdwn, plain
from bot.ports import RoleCard
from bot.sending import Sender
from bot.sessions import Turn
from bot.splitting import Block, Message


class Errands:
    """Does the jobs that are not questions; the names of the public methods are the kinds of job."""

    def __init__(self, desk: Desk, sender: Sender, answering: Answering) -> None:
        """`answering` does what a button asks again."""
        self._desk, self._sender, self._answering = desk, sender, answering

    async def ask_privately(self, job: Job) -> None:
        """Answer the question of a channel again, for whoever clicked, with their own rights."""
        await self._ask_again(job, self._desk.sessions.turn(job.payload["value"]), Place.PRIVATE)

    async def answer_again(self, job: Job) -> None:
        """Answer a question as its author changed it."""
        turn = self._desk.sessions.turn(job.payload["value"])
        job.payload.pop("response_url", None)
        await self._ask_again(job, turn, Place(turn.place) if turn else Place.DIRECT)

    async def _ask_again(self, job: Job, turn: Turn | None, place: Place) -> None:
        if turn is None:
            await self._sender.say(job, words.FORGOTTEN)
            return
        job.payload.update(text=turn.edited or turn.question, place=place)
        if place is not Place.PRIVATE:
            job.payload["thread_ts"] = turn.thread_ts
            # The new answer belongs to the changed question, and is deleted with it.
            job = dataclasses.replace(job, message_ts=turn.message_ts)
        await self._answering.question(job)

    async def share(self, job: Job) -> None:
        """Post a private answer in its channel, if everybody there may read what it rests on."""
        turn = self._desk.sessions.turn(job.payload["value"])
        if job.progress.get("is_word"):
            await self._sender.send(job)
            return
        if turn is None or turn.person != job.person:
            await self._sender.say(job, words.FORGOTTEN if turn is None else words.NOT_YOURS)
            return
        if "messages" not in job.progress:
            asker = await self._desk.audience.asker(Person.of(job.person), await self._place(job.channel))
            question = Question(turn.question, (), self._desk.sessions.role(job.person))
            answer = await asyncio.to_thread(self._desk.asks.ask, question, asker)
            if tuple(c.passage_id for c in answer.citations) != turn.cited:
                await self._sender.say(job, words.TOO_OPEN)
                return
            shared = blocks.render(answer, self._desk.manners.base_url, (blocks.ASK_PRIVATELY,), rated=False)
            shared[0].blocks.insert(0, _shared_by(Person.of(job.person).user, turn.question))
            shared[0].text = f"{mrkdwn(turn.question)}\n{shared[0].text}"
            job.progress["messages"] = [vars(message) for message in shared]
            self._desk.inbox.save(job)
        # What is shared is an ordinary message; only the words about it stay private.
        response_url = job.payload.pop("response_url", None)
        try:
            await self._sender.send(job)
            word = words.SHARED
        except Refused as refused:
            if refused.code not in ("not_in_channel", "channel_not_found"):
                raise
            word = words.NOT_A_MEMBER
            self._desk.inbox.allow_again(share_key(turn.answer_id))
        if response_url:
            await self._desk.poster.respond(response_url, word)

    async def _place(self, channel: str) -> Place:
        """Whether outsiders read along; a channel that Slack does not describe to us counts as one they read."""
        poster = self._desk.poster
        try:
            found = await poster.call(poster.client.conversations_info, channel=channel)
        except Refused:
            return Place.EXTERNAL
        about = found.get("channel", {})
        is_shared = about.get("is_ext_shared") or about.get("is_pending_ext_shared") or about.get("is_shared")
        return Place.EXTERNAL if is_shared else Place.CHANNEL

    async def hand_over(self, job: Job) -> None:
        """Give an unanswered question to the focal point, and note the gap."""
        turn, to = self._desk.sessions.turn(job.payload["value"]), self._desk.audience.people().focal_point
        if turn is None or to is None:
            await self._sender.say(job, words.FORGOTTEN if turn is None else words.NO_FOCAL_POINT)
            return
        if "handed" not in job.progress:
            message = _handed(Person.of(job.person).user, turn.question)
            job.progress["handed"] = await self._desk.poster.post(to, None, message, f"{job.id}-handed")
            self._desk.inbox.save(job)
        self._desk.log.feedback(turn.answer_id, turn.person, "down", "handed_over", None)
        await self._sender.say(job, words.handed_over("the focal point for guidance"))

    async def briefing(self, job: Job) -> None:
        """One section of a role's briefing, and the button for the next."""
        role_id, _, number = job.payload["value"].partition(":")
        position = int(number) if number.isdigit() else 0
        asker = await self._desk.audience.asker(Person.of(job.person), Place.DIRECT)
        sections = await asyncio.to_thread(self._desk.briefings.sections, role_id, asker)
        job.payload.pop("response_url", None)
        if position >= len(sections):
            await self._sender.say(job, words.BRIEFING_OVER if sections else words.NO_BRIEFING)
            return
        section = sections[position]
        messages = blocks.render(section.answer, self._desk.manners.base_url, rated=False)
        heading = f"{section.title} ({position + 1} of {len(sections)})"
        messages[0].blocks.insert(0, {"type": "header", "text": blocks.plain_text(heading[:150])})
        messages[0].text = f"{mrkdwn(heading)}\n{messages[0].text}"
        if position + 1 < len(sections):
            messages[-1].blocks.append(blocks.buttons((blocks.NEXT_SECTION,), f"{role_id}:{position + 1}"))
        job.progress.setdefault("messages", [vars(message) for message in messages])
        self._desk.inbox.save(job)
        await self._sender.send(job)

    async def edited(self, job: Job) -> None:
        """A question was changed after it was answered: offer, once, to answer it as it is now."""
        turn = self._desk.sessions.turn_at(job.channel, job.message_ts)
        if turn and turn.person == job.person and self._desk.sessions.note_edit(turn, job.payload["text"]):
            await self._sender.say(job, words.edited(turn.answer_id))

    async def deleted(self, job: Job) -> None:
        """A question was deleted: so is everything said to it and kept of it."""
        self._desk.inbox.request_stop(job.channel, None, job.message_ts)
        await remove_posts(self._desk, job.channel, job.message_ts)

    async def home(self, job: Job) -> None:
        """Show the Home tab as it is now."""
        person = Person.of(job.person)
        asker = await self._desk.audience.asker(person, Place.DIRECT)
        documents = await asyncio.to_thread(self._desk.shelf.documents, asker)
        sessions = self._desk.sessions
        view = home.home_view(
            documents, self._desk.briefings.roles(), sessions.role(job.person), sessions.count(job.person),
            sessions.keep_days,
        )  # fmt: skip
        poster = self._desk.poster
        await poster.call(poster.client.views_publish, user_id=person.user, view=view)

    async def prompts(self, job: Job) -> None:
        """Suggest what could be asked. Without a thread: with one, Slack drops them silently."""
        role = role_card(self._desk, job.person)
        poster = self._desk.poster
        await poster.call(
            poster.client.assistant_threads_setSuggestedPrompts, channel_id=job.channel, prompts=home.prompts(role)
        )

    async def uninstalled(self, job: Job) -> None:
        """The workspace took us out: nothing of it stays."""
        for person in self._desk.sessions.persons():
            self._desk.log.forget(person)
        self._desk.sessions.forget_all()


def share_key(answer_id: str) -> str:
    """One answer is shared once."""
    return f"share:{answer_id}"


def role_card(desk: Desk, person: str) -> RoleCard | None:
    """The role a person chose, if it still exists."""
    chosen = desk.sessions.role(person)
    return next((card for card in desk.briefings.roles() if card.id == chosen), None)


def _handed(user: str, question: str) -> Message:
    line = " asks, and the guidance does not answer:"
    return Message(
        f"A question the guidance does not answer: {mrkdwn(question)}",
        [_quoted([{"type": "user", "user_id": user}, {"type": "text", "text": line}], question)],
    )


def _shared_by(user: str, question: str) -> Block:
    return _quoted([{"type": "user", "user_id": user}, {"type": "text", "text": " shares an answer to:"}], question)


def _quoted(lead: list[Block], question: str) -> Block:
    quote = {"type": "rich_text_quote", "elements": [{"type": "text", "text": plain(question)[:1500] or " "}]}
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": lead}, quote]}
