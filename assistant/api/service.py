"""Everything the routes use, opened once: the assistant, who may ask, the answer log, and bounded threads."""

from __future__ import annotations

import logging
import secrets
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from assistant.answer_log import AnswerLog
from assistant.api.limits import RateLimit
from assistant.api.work import Work
from assistant.assistant import Assistant
from assistant.bootstrap import Home
from assistant.keys import KeyStore
from assistant.oidc import MAPPING, OpenIdConnect
from assistant.settings import Settings

log = logging.getLogger("focal.api")

LOCAL_TOKEN = "server-token"
"""File in FOCAL_HOME by which the command line proves that it may read that folder."""
UPLOADS = "uploads"
"""Folder in FOCAL_HOME where uploaded files lie as long as their document is registered."""
INCOMING = "incoming-"
"""How the name of an upload begins that is not complete yet."""
PROBE_SECONDS = 2.0
"""How long a readiness probe's result stands."""


@dataclass
class Service:
    """One running server's parts."""

    settings: Settings
    home: Home
    assistant: Assistant
    keys: KeyStore
    oidc: OpenIdConnect | None
    answers: AnswerLog
    limit: RateLimit
    local_token: str
    anonymous: bool
    """True if somebody without a key is answered as the public asker."""
    asks: Work
    reads: Work
    writes: Work
    doors: Work
    _probed: tuple[float, bool] = (0.0, False)
    _probe_lock: threading.Lock = field(default_factory=threading.Lock)

    def is_ready(self) -> bool:
        """True if model, register and vector store answer just now; asks them at most every PROBE_SECONDS."""
        with self._probe_lock:
            at, ready = self._probed
            if time.monotonic() - at > PROBE_SECONDS or not at:
                ready = self._probe()
                self._probed = (time.monotonic(), ready)
            return ready

    def _probe(self) -> bool:
        try:
            store = self.home.store
            vector = store.embedding.encode(["ready"]).texts[0]
            for class_id in store.register.classes():
                store.index.search(class_id, vector, 1)
            return True
        except Exception:
            log.exception("not ready")
            return False

    def close(self) -> None:
        """Let running work end, then close everything."""
        for work in (self.asks, self.reads, self.writes, self.doors):
            work.close()
        self.answers.close()
        (self.settings.folder / LOCAL_TOKEN).unlink(missing_ok=True)
        self.home.close()


def open_service(
    settings: Settings, home: Home, make_assistant: Callable[[Home], Assistant], loopback: bool = True
) -> Service:
    """Open what the routes need over an open home; `loopback` says that only this machine can call."""
    folder = settings.folder
    for left in (folder / UPLOADS).glob(f"{INCOMING}*"):
        shutil.rmtree(left, ignore_errors=True)
    issuer = settings.oidc_issuer
    return Service(
        settings=settings,
        home=home,
        assistant=make_assistant(home),
        keys=KeyStore(folder / "keys.sqlite3"),
        oidc=OpenIdConnect(issuer, settings.oidc_audience, folder / MAPPING) if issuer else None,
        answers=AnswerLog(folder / "answers.sqlite3", settings.keep_days),
        limit=RateLimit(settings.requests_per_minute),
        local_token=_write_token(folder / LOCAL_TOKEN),
        anonymous=loopback and not settings.require_key,
        asks=Work("asks", settings.ask_threads, settings.max_waiting),
        reads=Work("reads", 4, 256),
        writes=Work("writes", 1, 4),
        doors=Work("doors", 2, 256),
    )


def _write_token(path: Path) -> str:
    token = f"local_{secrets.token_urlsafe(32)}"
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(token, encoding="ascii")
    return token
