"""From the kind of a job to what is done about it, and the last word where that is not possible."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from bot import words
from bot.answering import Answering
from bot.delivery import Job
from bot.desk import Desk
from bot.errands import Errands
from bot.intake import deleted_key
from bot.sending import Sender
from bot.status import Sign

UNSPOKEN = frozenset({"edited", "deleted", "home", "prompts", "uninstalled"})
"""Nobody waits for a word about these."""


class Handling:
    """The worker's `Handler`."""

    def __init__(self, desk: Desk) -> None:
        """Everything is done with the desk's parts."""
        self._desk, self._sender = desk, Sender(desk)
        answering = Answering(desk, self._sender)
        errands = Errands(desk, self._sender, answering)
        self._do: dict[str, Callable[[Job], Awaitable[None]]] = {
            "question": answering.question,
            "ask_privately": errands.ask_privately,
            "answer_again": errands.answer_again,
            "share": errands.share,
            "hand_over": errands.hand_over,
            "briefing": errands.briefing,
            "edited": errands.edited,
            "deleted": errands.deleted,
            "home": errands.home,
            "prompts": errands.prompts,
            "uninstalled": errands.uninstalled,
        }

    async def handle(self, job: Job) -> None:
        """Do the job."""
        await self._do[job.kind](job)

    async def stopped(self, job: Job) -> None:
        """Say that it was stopped, unless the question itself is gone."""
        if not self._desk.inbox.knows(deleted_key(job.channel, job.message_ts)):
            await self._sender.last_word(job, words.STOPPED)
        await Sign(self._desk, job).take_down()

    async def give_up(self, job: Job) -> None:
        """Say plainly that it failed, with a reference."""
        if job.kind not in UNSPOKEN:
            await self._sender.last_word(job, words.failed(job.reference))
            await Sign(self._desk, job).take_down()
