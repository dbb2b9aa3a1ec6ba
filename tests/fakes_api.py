"""A small FOCAL_HOME with invented documents, an embedding made of word counts, and a server in a thread."""

from __future__ import annotations

import hashlib
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np
import uvicorn

from assistant.answers import Question
from assistant.api.app import create_app, guarded
from assistant.api.guard import Guard, Hosts
from assistant.api.service import Service, open_service
from assistant.assistant import Assistant
from assistant.bootstrap import Home, assistant_for
from assistant.settings import Settings
from knowledge.crossencoder import Text
from knowledge.documents import Block, Classification, Metadata, Reading, Standing
from knowledge.embedding import DIMENSIONS, NO_WORDS, Encoded, Span
from knowledge.index import VectorIndex
from knowledge.ingestion import Outcome, Store, ingest
from knowledge.lock import HomeLock
from knowledge.register import Register
from knowledge.vectors import Vectors

CONVOY = (
    "Every convoy leaves the compound with two armed vehicles, a medic and a radio operator on board.",
    "The convoy commander reports every departure to the joint operations centre by radio.",
)
TEAM = (
    "The humanitarian coordinator chairs the humanitarian country team in the mission area.",
    "The deputy special representative reports to the head of mission on all matters of coordination.",
)
SECRET = (
    "Informant Zebulon meets the convoy commander at the northern bridge on the first Monday of each month.",
    "Zebulon is paid from the contingency budget and known to the head of mission only.",
)


class WordEmbedding:
    """Counts of hashed words: texts that share words are near each other, and nothing has to be loaded."""

    name = "words/1"

    def encode(self, texts: Sequence[str], spans: Sequence[Sequence[Span]] | None = None) -> Encoded:
        vectors = _vectors(texts)
        per_span = [_vectors([text[a:b] for a, b in s]) for text, s in zip(texts, spans or [], strict=False)]
        per_span = per_span or [np.zeros((0, DIMENSIONS), np.float32)] * len(texts)
        return Encoded(vectors, per_span, [NO_WORDS] * len(texts))

    def token_lengths(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) + 2 for text in texts]

    def is_word(self, word: str) -> bool:
        return True


class WordCrossEncoder:
    """A sentence that holds all of the question's words answers, one that holds none does not."""

    def scores(self, question: str, texts: Sequence[Text]) -> list[tuple[float, ...]]:
        asked = set(re.findall(r"\w{3,}", question.lower()))
        return [
            tuple(12 * len(asked & set(re.findall(r"\w{3,}", t.text[a:b].lower()))) / max(len(asked), 1) - 6
                  for a, b in t.sentences)
            for t in texts
        ]  # fmt: skip


def _vectors(texts: Sequence[str]) -> Vectors:
    vectors = np.zeros((len(texts), DIMENSIONS), np.float32)
    for row, text in enumerate(texts):
        for word in re.findall(r"\w{3,}", text.lower()):
            digest = hashlib.sha256(word.encode()).digest()
            vectors[row, int.from_bytes(digest[:2], "big") % DIMENSIONS] += 1
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.divide(vectors, np.maximum(norms, 1e-9), dtype=np.float32)


class LineReader:
    """Each line of a file is a numbered paragraph."""

    def read_all(self, paths: Sequence[Path]) -> Iterator[tuple[Path, Reading]]:
        for path in paths:
            lines = path.read_text(encoding="utf-8").splitlines()
            blocks = tuple(Block("paragraph", line, number=str(n)) for n, line in enumerate(lines, 1))
            yield path, Reading(Metadata(title=path.stem.title()), blocks)


@dataclass(frozen=True)
class Paper:
    """A document of the test's world."""

    id: str
    lines: tuple[str, ...]
    level: Classification = Classification.UNCLASSIFIED
    audience: tuple[str, ...] = ()
    standing: Standing = Standing.IN_FORCE
    superseded_by: str | None = None


PUBLIC_PAPERS = (Paper("convoy-rules", CONVOY), Paper("team-handbook", TEAM))


def settings_for(folder: Path, **changes: object) -> Settings:
    values: dict[str, object] = {
        "home": folder, "highest_classification": "confidential", "requests_per_minute": 0, **changes,
    }  # fmt: skip
    return Settings(_env_file=None, **values)  # type: ignore[arg-type,call-arg]


def make_home(folder: Path, papers: Sequence[Paper] = PUBLIC_PAPERS, **changes: object) -> Home:
    """An open FOCAL_HOME holding these papers."""
    settings = settings_for(folder, **changes)
    lock = HomeLock(folder, "test")
    store = Store(Register(folder / "register.sqlite3"), VectorIndex(folder / "chroma"), WordEmbedding())
    store.register.set_meta("embedding", store.embedding.name)
    home = Home(settings, store, WordCrossEncoder(), lock)
    for paper in papers:
        take_in(home, paper)
    return home


def take_in(home: Home, paper: Paper) -> Outcome:
    source = home.settings.folder.parent / "sources" / f"{paper.id}.txt"
    source.parent.mkdir(exist_ok=True)
    source.write_text("\n".join(paper.lines), encoding="utf-8")
    manifest = Metadata(
        id=paper.id, standing=paper.standing, audience=paper.audience, superseded_by=paper.superseded_by
    )
    outcomes = ingest(
        home.store, LineReader(), [source], lambda _: manifest, paper.level, highest=Classification.CONFIDENTIAL
    )
    return next(iter(outcomes))


class Slow(Assistant):
    """An assistant that waits before it looks anything up, and knows how often it was stopped."""

    def __init__(self, inner: Assistant, wait: Callable[[], None]) -> None:
        self.register, self.retriever, self._inner, self._wait = inner.register, inner.retriever, inner, wait

    def ask_with_passages(self, question: Question, asker):  # type: ignore[no-untyped-def]
        self._wait()
        return self._inner.ask_with_passages(question, asker)


@contextmanager
def open_world(
    folder: Path,
    papers: Sequence[Paper] = PUBLIC_PAPERS,
    make_assistant: Callable[[Home], Assistant] = assistant_for,
    loopback: bool = True,
    **changes: object,
) -> Iterator[Service]:
    """A service over a home of its own."""
    home = make_home(folder / "home", papers, **changes)
    service = open_service(home.settings, home, make_assistant, loopback)
    try:
        yield service
    finally:
        service.close()


def application(service: Service, page: Path | None = None) -> Guard:
    app = create_app(service, page=page) if page else create_app(service)
    return guarded(app, Hosts.of(["focal.test"]), service.settings.max_upload_megabytes)


@contextmanager
def serving(service: Service) -> Iterator[str]:
    """The service on a free port of this machine; gives its URL."""
    config = uvicorn.Config(application(service), port=0, log_config=None, lifespan="off", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 10
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(10)


class Direct:
    """Calls the application without a socket; one call, one response."""

    def __init__(self, service: Service, key: str | None = None, page: Path | None = None) -> None:
        # Making the application takes longer than most tests' requests, so a service keeps its own.
        made = vars(service).setdefault("made_for_tests", {})
        self._app = made.get(page) or made.setdefault(page, application(service, page))
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}

    def __call__(self, method: str, path: str, **arguments) -> httpx.Response:  # type: ignore[no-untyped-def]
        import asyncio

        headers = {**self._headers, **arguments.pop("headers", {})}

        async def call() -> httpx.Response:
            transport = httpx.ASGITransport(app=self._app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://focal.test") as client:
                return await client.request(method, path, headers=headers, **arguments)

        return asyncio.run(call())

    def ask(self, question: str, **more) -> dict:  # type: ignore[no-untyped-def,type-arg]
        response = self("POST", "/v1/ask", json={"question": question, **more})
        assert response.status_code == 200, response.text
        return response.json()  # type: ignore[no-any-return]
