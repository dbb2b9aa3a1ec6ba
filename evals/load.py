"""`make load`: a real server driven from this process with asks, searches and reader pages; prints a table.

python -m evals.load [--seconds 10] [--answers 10000]
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

QUESTIONS = (
    "Who does the DSRSG/RC/HC report to?",
    "What is humanitarian space?",
    "What are the three dilemmas of integration?",
    "How does a QIP differ from a hearts and minds project?",
    "What is the JMAC?",
    "two feet model OCHA",
    "What is the gestation period of an elephant?",
)
DOCUMENTS = ("three-dilemmas", "role-srsg", "humanitarian-space", "no-such-document")
CLIENTS = (1, 8, 32)
OVERLOAD_CLIENTS = 320
"""Ten times the most that is expected."""


@dataclass
class Tally:
    """What came back."""

    seconds: list[float] = field(default_factory=list)
    """Of admitted requests."""
    statuses: Counter[int] = field(default_factory=Counter)
    elapsed: float = 0.0

    def percentile(self, share: float) -> float:
        """Milliseconds within which this share of the admitted requests were answered."""
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000 if ordered else float("nan")

    def row(self, name: str) -> str:
        """A line of the table."""
        rate = len(self.seconds) / self.elapsed if self.elapsed else 0
        times = "  ".join(f"{self.percentile(share):8.1f}" for share in (0.5, 0.95, 0.99))
        statuses = ", ".join(f"{status}: {count}" for status, count in sorted(self.statuses.items()))
        return f"{name:<14}{rate:8.1f}  {times}  {statuses}"


def requests() -> Iterator[tuple[str, str, dict[str, Any] | None]]:
    """Six asks to three searches to one reader page, for ever."""
    questions, documents = itertools.cycle(QUESTIONS), itertools.cycle(DOCUMENTS)
    for number in itertools.count():
        if number % 10 < 6:
            yield "POST", "/v1/ask", {"question": next(questions)}
        elif number % 10 < 9:
            yield "GET", f"/v1/search?q={next(questions)}", None
        else:
            yield "GET", f"/v1/documents/{next(documents)}/passages", None


async def drive(url: str, clients: int, seconds: float, answers: int | None = None) -> Tally:
    """Keep this many clients busy for a time, or until so many requests were answered."""
    tally, work = Tally(), requests()
    started = time.perf_counter()

    async def client() -> None:
        # A connection of its own: a shared pool of hundreds would itself be the bottleneck.
        async with httpx.AsyncClient(base_url=url, timeout=60, verify=False, trust_env=False) as http:
            while (time.perf_counter() - started < seconds) if answers is None else (len(tally.seconds) < answers):
                method, path, body = next(work)
                sent = time.perf_counter()
                response = await http.request(method, path, json=body)
                tally.statuses[response.status_code] += 1
                if response.status_code == 503:
                    await asyncio.sleep(float(response.headers["retry-after"]))
                else:
                    tally.seconds.append(time.perf_counter() - sent)

    await asyncio.gather(*(client() for _ in range(clients)))
    tally.elapsed = time.perf_counter() - started
    return tally


@contextmanager
def server(home: Path) -> Iterator[tuple[str, int]]:
    """`focal serve` over the starter notes; gives its URL and process id."""
    environment = {**os.environ, "FOCAL_HOME": str(home), "FOCAL_REQUESTS_PER_MINUTE": "0"}
    command = [sys.executable, "-m", "assistant.cli", "serve", "--port", "0"]
    with (home / "server.log").open("w") as log:
        process = subprocess.Popen(command, env=environment, stderr=log)
    try:
        yield _wait_until_ready(home / "server.log", process), process.pid
    finally:
        process.terminate()
        process.wait(60)


def _wait_until_ready(log: Path, process: subprocess.Popen[bytes]) -> str:
    url = ""
    for _ in range(1200):
        lines = [line for line in log.read_text().splitlines() if line.startswith("{")]
        for line in lines:
            record = json.loads(line)
            url = str(record.get("url", url))
            if record["message"] == "ready":
                return url
        if process.poll() is not None:
            break
        time.sleep(0.1)
    raise SystemExit(f"the server did not become ready:\n{log.read_text()[-2000:]}")


def memory_megabytes(pid: int) -> float:
    """Resident memory of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def main() -> None:
    """Run the load and print what came of it; exit 1 if anything but 200, 404 and 503 came back."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10, help="for each number of clients")
    parser.add_argument("--answers", type=int, default=10_000, help="after which memory is compared")
    parser.add_argument("--home", type=Path, help="FOCAL_HOME to serve; a new one otherwise")
    chosen = parser.parse_args()
    seen: Counter[int] = Counter()
    with tempfile.TemporaryDirectory() as scratch, server(chosen.home or Path(scratch)) as (url, pid):
        seen += asyncio.run(drive(url, 1, 0, 100)).statuses
        before = memory_megabytes(pid)
        print(f"{'clients':<14}{'req/s':>8}  {'p50 ms':>8}  {'p95 ms':>8}  {'p99 ms':>8}  statuses")
        for clients in (*CLIENTS, OVERLOAD_CLIENTS):
            tally = asyncio.run(drive(url, clients, chosen.seconds))
            seen += tally.statuses
            print(tally.row(str(clients)), flush=True)
        rest = max(0, chosen.answers - seen[200])
        seen += asyncio.run(drive(url, 8, 0, rest)).statuses if rest else Counter()
        after = memory_megabytes(pid)
        print(f"memory: {before:.0f} MB after 100 requests, {after:.0f} MB after {seen.total()}")
    if set(seen) - {200, 404, 503}:
        raise SystemExit(f"unexpected answers: {dict(seen)}")


if __name__ == "__main__":
    main()
