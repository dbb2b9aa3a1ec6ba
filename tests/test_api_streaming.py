import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from assistant import stopping
from assistant.bootstrap import Home, assistant_for
from assistant.errors import Stopped
from tests.fakes_api import Slow, open_world, serving

ASK = {"question": "With how many armed vehicles does every convoy leave the compound?"}
EVENTS = {"Accept": "text/event-stream"}


def events(lines: Iterator[str]) -> Iterator[tuple[str, dict]]:  # type: ignore[type-arg]
    name = ""
    for line in lines:
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))


def test_the_first_event_comes_before_retrieval_and_the_pieces_make_the_answer(tmp_path: Path) -> None:
    gate = threading.Event()
    with (
        open_world(tmp_path, make_assistant=lambda home: Slow(assistant_for(home), lambda: gate.wait(10))) as service,
        serving(service) as url,
        httpx.stream("POST", f"{url}/v1/ask", json=ASK, headers=EVENTS, timeout=10) as response,
    ):
        assert response.headers["content-type"].startswith("text/event-stream")
        stream = events(response.iter_lines())
        assert next(stream) == ("status", {"stage": "searching"})
        gate.set()
        rest = list(stream)
        answer = rest[-1][1]
        assert [name for name, _ in rest] == ["delta"] * (len(rest) - 1) + ["answer"]
        assert "".join(data["text"] for _, data in rest[:-1]) == answer["answer"]
        assert answer["citations"]


class Steps:
    """Work in steps of 20 ms that heeds the stop flag, as an answerer that streams does."""

    def __init__(self) -> None:
        self.started, self.stopped = threading.Event(), threading.Event()
        self.stopped_at = 0.0

    def __call__(self) -> None:
        self.started.set()
        try:
            for _ in range(500):
                time.sleep(0.02)
                stopping.check()
        except Stopped:
            self.stopped_at = time.monotonic()
            self.stopped.set()
            raise


@pytest.mark.parametrize("accept", ["text/event-stream", "application/json"])
def test_work_stops_within_a_second_after_the_client_left(tmp_path: Path, accept: str) -> None:
    steps = Steps()
    with (
        open_world(tmp_path, make_assistant=lambda home: Slow(assistant_for(home), steps)) as service,
        serving(service) as url,
    ):

        def leave() -> None:
            with pytest.raises(httpx.ReadTimeout):
                httpx.post(f"{url}/v1/ask", json=ASK, headers={"Accept": accept}, timeout=0.4)

        leave()
        left = time.monotonic()
        assert steps.started.is_set() and steps.stopped.wait(2)
        assert steps.stopped_at - left < 1
        deadline = time.monotonic() + 2
        while service.asks.admitted and time.monotonic() < deadline:
            time.sleep(0.01)
        assert service.asks.admitted == 0
        assert service.answers.rows() == []


def test_what_does_not_fit_is_turned_away_at_once_and_the_rest_is_answered(tmp_path: Path) -> None:
    gate = threading.Event()

    def slow(home: Home) -> Slow:
        return Slow(assistant_for(home), lambda: gate.wait(10))

    with (
        open_world(tmp_path, make_assistant=slow, ask_threads=1, max_waiting=2) as service,
        serving(service) as url,
        ThreadPoolExecutor(12) as pool,
    ):
        asked = [pool.submit(httpx.post, f"{url}/v1/ask", json=ASK, timeout=20) for _ in range(12)]
        deadline = time.monotonic() + 10
        while sum(f.done() for f in asked) < 9 and time.monotonic() < deadline:
            time.sleep(0.01)
        refused = [f.result() for f in asked if f.done()]
        assert [r.status_code for r in refused] == [503] * 9
        assert all(int(r.headers["retry-after"]) >= 1 for r in refused)
        assert httpx.get(f"{url}/healthz").status_code == 200
        assert httpx.get(f"{url}/v1/documents").status_code == 200
        overloaded = httpx.post(f"{url}/v1/ask", json=ASK, headers=EVENTS)
        assert overloaded.status_code == 503
        gate.set()
        assert sorted(f.result().status_code for f in asked) == [200] * 3 + [503] * 9


def test_an_unforeseen_error_in_a_stream_is_an_event_without_its_message(tmp_path: Path) -> None:
    def fail() -> None:
        raise RuntimeError("CANARY")

    with (
        open_world(tmp_path, make_assistant=lambda home: Slow(assistant_for(home), fail)) as service,
        serving(service) as url,
    ):
        text = httpx.post(f"{url}/v1/ask", json=ASK, headers=EVENTS).text
        assert "event: error" in text and '"status": 500' in text and "CANARY" not in text
        plain = httpx.post(f"{url}/v1/ask", json=ASK)
        assert plain.status_code == 500 and "CANARY" not in plain.text
        assert plain.headers["content-type"] == "application/problem+json" and plain.headers["x-request-id"]


SERVER = """
import sys, time
from pathlib import Path
from assistant.api import server
from assistant.bootstrap import assistant_for
from tests.fakes_api import Slow, make_home, settings_for

folder = Path(sys.argv[1])
server.open_home = lambda settings, *_: make_home(settings.folder)
try:
    slow = lambda home: Slow(assistant_for(home), lambda: time.sleep(1))
    server.serve(settings_for(folder), "127.0.0.1", int(sys.argv[2]), slow)
except Exception as error:
    sys.exit(f"{type(error).__name__}: {error}")
"""


def start_server(folder: Path, port: int = 0) -> tuple[subprocess.Popen[str], str]:
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(folder), str(port)],
        cwd=Path(__file__).parent.parent, text=True, stderr=subprocess.PIPE, env={**os.environ, "LC_ALL": "C"},
    )  # fmt: skip
    url = ""
    assert process.stderr is not None
    for line in process.stderr:
        if not line.startswith("{"):
            raise AssertionError(line)
        record = json.loads(line)
        url = record.get("url", url)
        if record["message"] == "ready":
            return process, url
    raise AssertionError("the server ended before it was ready")


def test_sigterm_lets_running_answers_finish_and_a_killed_server_leaves_nothing_in_the_way(tmp_path: Path) -> None:
    process, url = start_server(tmp_path)
    try:
        with ThreadPoolExecutor(2) as pool:
            plain = pool.submit(httpx.post, f"{url}/v1/ask", json=ASK, timeout=10)
            streamed = pool.submit(httpx.post, f"{url}/v1/ask", json=ASK, headers=EVENTS, timeout=10)
            time.sleep(0.4)
            process.send_signal(signal.SIGTERM)
            assert plain.result().json()["status"] == "answered"
            assert "event: answer" in streamed.result().text
        process.wait(10)
        process.communicate()
        process, url = start_server(tmp_path)
        process.kill()
        process.communicate()
        process, url = start_server(tmp_path)
        assert httpx.get(f"{url}/readyz").status_code == 200
    finally:
        process.kill()
        process.communicate()
