"""A short soak, and Socket Mode: the same bot over a websocket, with reconnects and redelivery."""

from __future__ import annotations

import asyncio
from pathlib import Path

from slack_double_people import TableAssistant, answer
from slack_double_rules import Fault
from slack_double_world import DM, in_event_loop, world
from slack_soak import soak

Q = "who decides on quips?"


@in_event_loop
async def test_a_soak_with_duplicates_faults_and_restarts_loses_and_doubles_nothing(tmp_path: Path) -> None:
    outcome = await soak(tmp_path, questions=60, seconds=3)
    assert outcome.ok, outcome
    assert outcome.duplicates and outcome.faults


@in_event_loop
async def test_socket_mode_delivers_acknowledges_and_reconnects(tmp_path: Path) -> None:
    async with world(tmp_path, TableAssistant({Q: answer()}, seconds=0.5), socket=True) as w:
        assert await w.double.socket.send("events_api", w.dm(Q)) == 1
        unknown = w.event({"type": "reaction_added", "user": "U2", "reaction": "eyes"})
        assert await w.double.socket.send("events_api", unknown) == 1
        await w.double.socket.disconnect()
        await w.until(lambda: w.double.socket.connections_made == 2)
        assert await w.double.socket.send("events_api", w.dm(Q)) == 1
        await w.until(lambda: len(w.double.posts(DM)) == 2)
        assert (await w.bot.health()).ok


@in_event_loop
async def test_an_event_that_cannot_be_kept_is_not_acknowledged_and_comes_again(tmp_path: Path) -> None:
    async with world(tmp_path, TableAssistant({Q: answer()}), socket=True) as w:
        keep, broken = w.bot.desk.inbox.put, [OSError("disk full")]

        def put(delivery: object) -> bool:
            if broken:
                raise broken.pop()
            return keep(delivery)  # type: ignore[arg-type]

        w.bot.desk.inbox.put = put  # type: ignore[method-assign,assignment]
        assert await w.double.socket.send("events_api", w.dm(Q), wait_seconds=0.3) == 2
        await w.until(lambda: w.double.posts(DM))


@in_event_loop
async def test_slack_being_away_at_the_start_delays_only_slack(tmp_path: Path) -> None:
    async with world(tmp_path, TableAssistant({Q: answer()})) as w:
        await w.crash()
        w.double.fail("auth.test", Fault(500), Fault(500))
        await w.start_bot()  # who we are is remembered
        await w.send(w.dm(Q))
        await w.until(lambda: w.double.posts(DM))
        await asyncio.sleep(0)
