"""The worker takes jobs from the inbox one by one, keeps their lease alive, and decides what a failure means."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import Callable
from typing import Protocol

from bot.delivery import Inbox, Job
from bot.errors import Later, Refused, Revoked, Stopped, TakenOver

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 3
"""For failures of our own making; a busy Slack gets `MAX_DELAYS`."""
MAX_DELAYS = 12
"""With the pauses below about half an hour, which outlasts a `response_url`."""
PAUSES = (1, 2, 5, 10, 30, 60, 120, 300)
"""Seconds before each further try."""
REVOKED_PAUSE_SECONDS = 60.0
TIDY_SECONDS = 3600.0


class Handler(Protocol):
    """Does jobs, and says the last word when one cannot be done."""

    async def handle(self, job: Job) -> None:
        """Do the job, going on from its progress. Raises Later, Refused, Revoked, Stopped or anything else."""

    async def stopped(self, job: Job) -> None:
        """The person gave it up: say so, and leave nothing hanging."""

    async def give_up(self, job: Job) -> None:
        """It cannot be done: say so plainly, with the job's reference."""


class Worker:
    """Several loops over one inbox."""

    def __init__(
        self, inbox: Inbox, handler: Handler, loops: int = 4, poll_seconds: float = 0.2, pace: float = 1.0
    ) -> None:
        """`pace` shortens the pauses between tries, for rehearsals."""
        self._inbox, self._handler, self._loops, self._pace = inbox, handler, loops, pace
        self._poll_seconds = poll_seconds
        self._running: set[int] = set()
        self._tasks: list[asyncio.Task[None]] = []
        self._closing = False
        self._woken = asyncio.Event()
        self.revoked = False
        """True while Slack refuses our token."""

    def start(self) -> None:
        """Begin; jobs left by an earlier process are taken up when their lease has run out."""
        self._tasks = [asyncio.create_task(self._loop()) for _ in range(self._loops)]
        self._tasks.append(asyncio.create_task(self._every(TIDY_SECONDS, self._inbox.tidy)))

    def wake(self) -> None:
        """There is something new."""
        self._woken.set()

    async def close(self, grace_seconds: float = 5.0) -> None:
        """Let running jobs finish for a while; what is still unfinished goes back into the queue."""
        self._closing = True
        self._woken.set()
        self._tasks.pop().cancel()
        _, pending = await asyncio.wait(self._tasks, timeout=grace_seconds)
        for task in pending:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _loop(self) -> None:
        while not self._closing:
            try:
                job = self._inbox.claim(self._running)
                if job is None:
                    self._woken.clear()
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self._woken.wait(), self._poll_seconds)
                    continue
                self._running.add(job.id)
                try:
                    await self._work(job)
                finally:
                    self._running.discard(job.id)
            except Exception:
                # A full disk or a locked file must not end the loop: nothing else would answer.
                log.exception("the delivery queue could not be used")
                await asyncio.sleep(1)

    async def _work(self, job: Job) -> None:
        ending = job.progress.get("ending")
        if ending is None and self._inbox.is_stopped(job):
            self._end(job, "stopped")
            return
        do = {None: self._handler.handle, "stopped": self._handler.stopped, "failed": self._handler.give_up}[ending]
        task = asyncio.ensure_future(do(job))
        try:
            stopped = await self._watch(job, task, heed_stop=ending is None)
        except asyncio.CancelledError:
            await _cancel(task)
            # Should the file be gone already, the lease runs out and another worker takes over.
            with contextlib.suppress(sqlite3.Error):
                self._inbox.requeue(job, 0, job.attempts - 1)
            raise
        if stopped:
            self._end(job, "stopped")
        elif not task.cancelled():
            self._settle(job, task.exception(), ending)

    async def _watch(self, job: Job, task: asyncio.Future[None], heed_stop: bool) -> bool:
        """Wait for the task and renew its lease; True if it was ended because the person pressed stop."""
        clock = asyncio.get_running_loop().time
        renewed = clock()
        while not task.done():
            await asyncio.wait({task}, timeout=self._poll_seconds)
            if task.done():
                break
            if heed_stop and self._inbox.is_stopped(job):
                await _cancel(task)
                return task.cancelled()
            if clock() - renewed > self._inbox.lease_seconds / 3:
                renewed = clock()
                if not self._inbox.renew(job):
                    await _cancel(task)
        return False

    def _settle(self, job: Job, error: BaseException | None, ending: str | None) -> None:
        """What a job's outcome means: done, again later, or the last word."""
        if isinstance(error, TakenOver):
            return
        if isinstance(error, Revoked):
            if not self.revoked:
                log.error("Slack refuses the bot token: renew FOCAL_SLACK_BOT_TOKEN; questions are kept until then")
            self.revoked = True
            self._inbox.requeue(job, REVOKED_PAUSE_SECONDS * self._pace, job.attempts - 1)
            return
        self.revoked = False
        if error is None:
            self._inbox.finish(job, ending or "done")
        elif isinstance(error, Stopped):
            self._end(job, "stopped")
        elif isinstance(error, Later) and job.attempts < MAX_DELAYS:
            log.warning("job %s: %s", job.reference, error)
            self._inbox.requeue(job, self._pause(job) if error.seconds is None else error.seconds, job.attempts)
        elif not isinstance(error, (Later, Refused)) and job.attempts < MAX_ATTEMPTS:
            log.error("job %s (%s) failed on try %d", job.reference, job.kind, job.attempts, exc_info=error)
            self._inbox.requeue(job, self._pause(job), job.attempts)
        elif ending is None:
            log.error("job %s (%s) is given up: %s", job.reference, job.kind, error)
            self._end(job, "failed")
        else:
            log.error("job %s: not even its last word could be said: %s", job.reference, error)
            self._inbox.finish(job, "silent")

    def _end(self, job: Job, ending: str) -> None:
        """Queue the job's last word, with its own tries."""
        job.progress["ending"] = ending
        with contextlib.suppress(TakenOver):
            self._inbox.save(job)
            self._inbox.requeue(job, 0, attempts=0)

    def _pause(self, job: Job) -> float:
        return PAUSES[min(job.attempts, len(PAUSES)) - 1] * self._pace

    async def _every(self, seconds: float, do: Callable[[], None]) -> None:
        while True:
            do()
            await asyncio.sleep(seconds)


async def _cancel(task: asyncio.Future[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
