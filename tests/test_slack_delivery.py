"""Behaviours 1 and 10 of the Slack notes, section 4: exactly one answer, and surviving the platform."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from slack_double_people import TableAssistant, answer
from slack_double_rules import Fault
from slack_double_world import CHANNEL, DM, in_event_loop, world

Q = "who decides on quips?"


@in_event_loop
async def test_behaviour_01_exactly_one_answer(tmp_path: Path) -> None:
    async with world(tmp_path, TableAssistant({Q: answer()}, seconds=1.0)) as w:
        await w.start_bot()  # a second worker over the same file
        mention = w.mention(Q)
        also = w.event({**mention["event"], "type": "message", "channel_type": "channel"})
        retry = {"X-Slack-Retry-Num": "1", "X-Slack-Retry-Reason": "http_timeout"}
        started = time.monotonic()
        replies = await asyncio.gather(
            w.send(mention, to=0), w.send(mention, to=1, headers=retry), w.send(mention, to=0, headers=retry),
            w.send(also, to=1), w.send(w.event(mention["event"]), to=1),
        )  # fmt: skip
        assert time.monotonic() - started < 1.0
        assert [reply.status_code for reply in replies] == [200] * 5
        await w.until(lambda: w.double.posts())
        await w.quiet()
        await w.send(mention, headers={"X-Slack-Retry-Num": "3"})
        await asyncio.sleep(0.1)
        assert len(w.double.posts()) == 1
        assert len(w.asks.asked) == 1


@in_event_loop
async def test_a_restart_in_the_middle_of_an_answer_loses_and_doubles_nothing(tmp_path: Path) -> None:
    async with world(tmp_path, TableAssistant({Q: answer()}, seconds=0.4)) as w:
        await w.send(w.dm(Q))
        await w.until(lambda: w.asks.asked)
        await w.crash()
        assert not w.double.posts()
        await w.start_bot()
        await w.until(lambda: w.double.posts())
        await w.quiet()
        assert len(w.double.posts()) == 1


@in_event_loop
async def test_a_restart_between_posting_and_noting_it_posts_no_second_answer(tmp_path: Path) -> None:
    async with world(tmp_path, TableAssistant({Q: answer()})) as w:
        w.double.fail("chat.postMessage", Fault(500, done_all_the_same=True))
        await w.send(w.dm(Q))
        await w.quiet()
        assert len(w.double.posts(DM)) == 1
        assert w.double.called("conversations.replies")


@in_event_loop
async def test_a_graceful_stop_lets_the_running_answer_finish(tmp_path: Path) -> None:
    async with world(tmp_path, TableAssistant({Q: answer()}, seconds=0.2)) as w:
        await w.send(w.dm(Q))
        await w.until(lambda: w.asks.asked)
        await w.bot.close(5)
        w.bots.pop()
        assert len(w.double.posts()) == 1


@in_event_loop
async def test_behaviour_10_survives_the_platform(tmp_path: Path) -> None:
    async with world(tmp_path, TableAssistant({Q: answer()})) as w:
        busy = Fault(429, "ratelimited", retry_after=1)
        w.double.fail("chat.postMessage", busy, Fault(500), Fault(503))
        started = time.monotonic()
        await w.send(w.dm(Q))
        await w.until(lambda: w.double.posts())
        assert time.monotonic() - started >= 1  # Slack's own word on when to try again is kept
        await w.quiet()
        assert len(w.double.posts()) == 1

        unknown = await w.send(w.event({"type": "reaction_added", "user": "U2", "reaction": "eyes"}))
        limited = await w.send({"type": "app_rate_limited", "team_id": "T1", "minute_rate_limited": 1})
        assert (unknown.status_code, limited.status_code) == (200, 200)

        body = w.dm("another question")
        assert (await w.send(body, secret="forged")).status_code == 401
        assert (await w.send(body, at=time.time() - 301)).status_code == 401
        assert (await w.send(body, at=time.time() - 299)).status_code == 200
        assert (await w.send(body)).status_code == 200  # a replay within the window is let in, and has no effect
        await w.quiet()
        assert len(w.double.posts()) == 2


@in_event_loop
async def test_a_long_wait_named_by_slack_frees_the_worker_for_others(tmp_path: Path) -> None:
    async with world(tmp_path, TableAssistant({Q: answer()}), loops=1) as w:
        w.double.fail("chat.postMessage", Fault(429, "ratelimited", retry_after=40))
        await w.send(w.dm(Q))
        await w.until(lambda: w.double.called("chat.postMessage"))
        await w.send(w.mention(Q, user="U2"))
        await w.until(lambda: w.double.posts(CHANNEL))
        assert not w.double.posts(DM)
        await w.until(lambda: w.bot.desk.inbox.waiting()[0] == 1)  # kept for when its time comes
        w.bot.desk.database.run("UPDATE jobs SET not_before = 0")
        await w.until(lambda: w.double.posts(DM))


@in_event_loop
async def test_a_revoked_token_keeps_questions_until_it_is_renewed(tmp_path: Path) -> None:
    async with world(tmp_path, TableAssistant({Q: answer()})) as w:
        w.double.revoked = True
        await w.send(w.dm(Q))
        await w.until(lambda: w.bot.worker.revoked)
        health = await w.bot.health()
        assert not health.ok and "refuses the bot token" in health.detail
        await asyncio.sleep(0.2)
        assert len(w.asks.asked) <= 1  # no crash loop
        w.double.revoked = False
        w.bot.desk.database.run("UPDATE jobs SET not_before = 0")
        await w.until(lambda: w.double.posts())
        await w.quiet()
        assert (await w.bot.health()).ok
        assert len(w.double.posts()) == 1


@in_event_loop
async def test_questions_of_one_thread_are_answered_in_order(tmp_path: Path) -> None:
    async with world(tmp_path, TableAssistant(seconds=0.05)) as w:
        first = w.dm("one")
        ts = first["event"]["ts"]
        for body in (first, w.dm("two", thread_ts=ts), w.dm("three", thread_ts=ts)):
            await w.send(body)
        await w.quiet()
        assert [question.text for question, _ in w.asks.asked] == ["one", "two", "three"]


@in_event_loop
async def test_a_worker_that_was_taken_for_dead_says_nothing_more(tmp_path: Path) -> None:
    async with world(tmp_path, TableAssistant({Q: answer()}, seconds=0.3)) as w:
        await w.send(w.mention(Q))
        await w.until(lambda: w.asks.asked)
        inbox = w.bot.desk.inbox
        inbox._database.run("UPDATE jobs SET lease_until = 0")
        other = inbox.claim()  # another process
        assert other is not None
        await asyncio.sleep(0.6)
        assert not w.double.posts()
        inbox.finish(other)


@in_event_loop
async def test_a_process_that_stalled_does_not_take_over_from_itself(tmp_path: Path) -> None:
    async with world(tmp_path, TableAssistant({Q: answer()}, seconds=0.4)) as w:
        await w.send(w.mention(Q))
        await w.until(lambda: w.asks.asked)
        w.bot.desk.database.run("UPDATE jobs SET lease_until = 0")
        await w.quiet()
        assert len(w.double.posts()) == 1 and len(w.asks.asked) == 1
