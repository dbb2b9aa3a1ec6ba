"""A soak: many questions, some delivered twice, some of Slack's answers faults; every question is answered once."""

from __future__ import annotations

import argparse
import asyncio
import gc
import logging
import random
import sys
import tempfile
import time
import tracemalloc
from dataclasses import dataclass
from pathlib import Path

from slack_double_people import TableAssistant, answer
from slack_double_world import World, world

from bot.desk import Manners


@dataclass
class Outcome:
    """What came of a soak."""

    questions: int
    answers: int
    duplicates: int
    faults: int
    unanswered: int
    answered_twice: int
    seconds: float
    slowest_seconds: float
    memory_kilobytes: list[int]
    """What the bot holds after each tenth of the questions."""
    restarts: int

    @property
    def ok(self) -> bool:
        """Nothing lost, nothing doubled."""
        return self.answers == self.questions and not self.unanswered and not self.answered_twice


async def soak(
    home: Path, questions: int, seconds: float, duplicates: float = 0.1, faults: float = 0.05, restarts: int = 2
) -> Outcome:
    """Ask evenly over `seconds`, through Socket Mode and the request URL in turn, with restarts on the way."""
    chance = random.Random(11)
    asks = TableAssistant({f"question {n}": answer() for n in range(questions)})
    manners = Manners("https://guidance.example.org", questions_per_minute=questions)
    asked: dict[str, float] = {}
    memory, doubled, began = [], 0, time.monotonic()
    tracemalloc.start()
    async with world(home, asks, manners=manners, loops=4) as w:
        w.double.fault_rate = faults
        for number in range(questions):
            if restarts and number and number % max(1, questions // (restarts + 1)) == 0:
                await w.crash()
                await w.start_bot()
            make = w.mention if number % 3 == 0 else w.dm
            body = make(
                f"question {number}", user=f"U{number % 7}", channel=f"{'C' if number % 3 == 0 else 'D'}{number % 7}"
            )
            asked[body["event"]["ts"]] = time.monotonic()
            await w.send(body)
            if chance.random() < duplicates:
                doubled += 1
                again = chance.choice([body, w.event(body["event"])])
                await w.send(again, headers={"X-Slack-Retry-Num": "1"})
            _forget_bodies(w)
            if number % max(1, questions // 10) == 0:
                memory.append(_kilobytes())
            await asyncio.sleep(max(0.0, began + seconds * (number + 1) / questions - time.monotonic()))
        await w.quiet(120)
        answered: dict[str, int] = {}
        slowest = 0.0
        for post in w.double.posts():
            answered[post["thread_ts"]] = answered.get(post["thread_ts"], 0) + 1
            slowest = max(slowest, float(post["ts"]) - float(post["thread_ts"]))
        failed = sum(1 for post in w.double.posts() if post["text"].startswith("I could not"))
    tracemalloc.stop()
    return Outcome(
        questions, len(w.double.posts()) - failed, doubled, w.double.faults_by_chance, len(set(asked) - set(answered)),
        sum(count > 1 for count in answered.values()), round(time.monotonic() - began, 1), round(slowest, 2), memory,
        restarts,
    )  # fmt: skip


def _kilobytes() -> int:
    """What was allocated by the bot and Slack's libraries and is still held, in kilobytes."""
    gc.collect()
    ours = [tracemalloc.Filter(True, f"*/{package}/*") for package in ("bot", "slack_bolt", "slack_sdk", "sqlite3")]
    kept = tracemalloc.take_snapshot().filter_traces(ours)
    return sum(trace.size for trace in kept.traces) // 1024


def _forget_bodies(w: World) -> None:
    """What Slack and the others keep is not the bot's memory."""
    w.double.calls.clear()
    w.log.added.clear()
    w.asks.asked.clear()
    for message in w.double.messages.values():
        message.update(blocks=[], text=message.get("text", "")[:40])


def main() -> None:
    """`python tests/slack_soak.py`: ten minutes with 500 questions; exit status 1 if anything was lost or doubled."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--questions", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--restarts", type=int, default=2)
    chosen = parser.parse_args()
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as folder:
        outcome = asyncio.run(soak(Path(folder), chosen.questions, chosen.seconds, restarts=chosen.restarts))
    for name, value in vars(outcome).items():
        print(f"{name.replace('_', ' ')}: {value}")
    sys.exit(0 if outcome.ok else 1)


if __name__ == "__main__":
    main()
