"""The only place that picks implementations: settings go in, a ready assistant or store comes out."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from threadpoolctl import threadpool_limits

from assistant.answerers.extractive import ExtractiveAnswerer
from assistant.assistant import Assistant
from assistant.roles.roles import Role, load_roles
from assistant.settings import Settings
from knowledge.crossencoder import CrossEncoder, OnnxCrossEncoder
from knowledge.embedding import open_embedding
from knowledge.index import VectorIndex
from knowledge.ingestion import Store, check_embedding, settle
from knowledge.lock import HomeLock
from knowledge.register import Register
from knowledge.retrieval import Retriever, Weights

if TYPE_CHECKING:
    from assistant.answerers.model_line import ModelLine

NOTES = Path(__file__).resolve().parent.parent / "knowledge" / "notes"

RETRIEVAL = {"fused": Weights(), "dense": Weights(dense=1.0), "keyword": Weights(dense=0.0)}
"""Setting FOCAL_RETRIEVAL to weights."""

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Home:
    """Everything open under FOCAL_HOME, held by this process alone."""

    settings: Settings
    store: Store
    cross_encoder: CrossEncoder
    lock: HomeLock

    def close(self) -> None:
        """Close both stores and give the lock back."""
        self.store.index.close()
        self.store.register.close()
        self.lock.release()


def open_home(
    settings: Settings, command: str = "focal", progress: Progress = lambda line: None, damaged: bool = False
) -> Home:
    """Take the lock and open register, index and embedding.

    `damaged` empties the vector store and skips the checks that a repair is there to satisfy. Raises IndexLocked,
    IndexMismatch, IndexDamaged or ModelError, each with what to do.
    """
    # BLAS's threads wait busily after each product, for longer than ours take, on the cores that the models need.
    threadpool_limits(1, user_api="blas")
    folder = settings.folder
    with ExitStack() as opened:
        lock = HomeLock(folder, command)
        opened.callback(lock.release)
        register = Register(folder / "register.sqlite3")
        opened.callback(register.close)
        if damaged:  # every vector is written again from the register, so a store that cannot be opened is no loss
            shutil.rmtree(folder / "chroma", ignore_errors=True)
        index = VectorIndex(folder / "chroma")
        opened.callback(index.close)
        store = Store(register, index, open_embedding(settings.embedding, folder, progress))
        cross_encoder = OnnxCrossEncoder(folder, progress)
        if not damaged:
            check_embedding(register, store.embedding)
            settle(store)
        opened.pop_all()
    return Home(settings, store, cross_encoder, lock)


def assistant_for(home: Home, retrieval: str | None = None) -> Assistant:
    """An assistant over an open home; closing it leaves the home open."""
    weights = dataclasses.replace(RETRIEVAL[retrieval or home.settings.retrieval])
    retriever = Retriever(home.store.register, home.store.index, home.store.embedding, home.cross_encoder, weights)
    return ANSWERERS["chat-model" if home.settings.chat_model else "extractive"](home, retriever)


def _extractive(home: Home, retriever: Retriever) -> Assistant:
    return Assistant(
        home.store.register, retriever, ExtractiveAnswerer(home.settings.max_words), roles=_roles(home.settings)
    )


def _chat_model(home: Home, retriever: Retriever) -> Assistant:
    from assistant.answerers.chat_model import ChatModelAnswerer
    from assistant.answerers.rewriting import ModelAssistant, Rewriter

    settings = home.settings
    line = chat_line(settings)
    extractive = ExtractiveAnswerer(settings.max_words)
    answerer = ChatModelAnswerer(line, extractive, settings.max_words, settings.chat_max_classification)
    return ModelAssistant(
        home.store.register,
        retriever,
        answerer,
        line.close,
        roles=_roles(settings),
        rewriter=Rewriter(line),
        max_classification=settings.chat_max_classification,
    )


def _roles(settings: Settings) -> Callable[[], Mapping[str, Role]]:
    """The roles of the package and of FOCAL_HOME, read when first asked for."""
    return cache(lambda: load_roles(settings.folder))


def chat_line(settings: Settings) -> ModelLine:
    """The line to the set chat model. Raises SettingsError if none is set or its provider's package is missing."""
    from assistant.answerers.model_line import ModelLine, Prices

    read, written, key = settings.chat_input_price, settings.chat_output_price, settings.chat_api_key
    return ModelLine(
        settings.chat_model or "",
        settings.chat_base_url,
        key.get_secret_value() if key else None,
        settings.chat_timeout_seconds,
        Prices(read, written) if read is not None and written is not None else None,
        settings.chat_json_schema,
    )


ANSWERERS: dict[str, Callable[[Home, Retriever], Assistant]] = {"extractive": _extractive, "chat-model": _chat_model}
"""What words the answers; the chat model where FOCAL_CHAT_MODEL is set."""


@contextmanager
def build(settings: Settings, retrieval: str | None = None, command: str = "focal") -> Iterator[Assistant]:
    """Open FOCAL_HOME and give an assistant over it; both are closed at the end."""
    home = open_home(settings, command)
    try:
        yield assistant_for(home, retrieval)
    finally:
        home.close()
