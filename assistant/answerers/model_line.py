"""The line to a chat model: LangChain behind it, a deadline, a length limit and a breaker on it."""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Generator
from concurrent.futures import CancelledError
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from assistant.answerers.breaker import Breaker
from assistant.errors import SettingsError

log = logging.getLogger(__name__)

MAX_CHARACTERS = 30_000
"""Of one reply; an answer of 150 words with its quotes has about 3,000."""
MAX_TOKENS = 3_000


class ModelFailure(Exception):
    """The model gave nothing usable; the message completes "the chat model ..."."""


@dataclass(frozen=True)
class Usage:
    """Tokens of one reply, and what they cost where prices are set."""

    input_tokens: int
    output_tokens: int
    cost: float | None = None


@dataclass(frozen=True)
class Prices:
    """Price of a million tokens, in whatever currency the operator counts in."""

    input: float
    output: float


class ModelLine:
    """Asks one chat model, `provider:model`, and gives its reply piece by piece."""

    def __init__(
        self,
        name: str,
        base_url: str | None = None,
        api_key: str | None = None,
        timeout_seconds: float = 20.0,
        prices: Prices | None = None,
        response_format: bool = True,
        breaker: Breaker | None = None,
    ) -> None:
        """Loads LangChain and the provider's package. Raises SettingsError if either is missing or the name is none.

        `response_format`: ask OpenAI-compatible servers for JSON of a given schema; some local servers refuse that.
        """
        self.name, self.timeout_seconds, self.prices = name, timeout_seconds, prices
        self._breaker = breaker or Breaker()
        self._model = _connect(name, base_url, api_key, timeout_seconds)
        self._structured = response_format and name.startswith(("openai:", "azure_openai:"))
        # One loop for the life of the line: pooled connections belong to the loop that opened them.
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="chat-model", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop the loop; a reply under way ends as a failure."""
        if self._loop.is_running():
            asyncio.run_coroutine_threadsafe(_cancel_all(), self._loop).result(timeout=2)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(timeout=2)
        if not self._loop.is_running():
            self._loop.close()

    def ask(self, system: str, user: str, seconds: float | None = None) -> str:
        """The whole reply. Raises ModelFailure."""
        return "".join(piece for piece in self.stream(system, user, seconds) if isinstance(piece, str))

    def stream(
        self, system: str, user: str, seconds: float | None = None, schema: dict[str, Any] | None = None
    ) -> Generator[str | Usage, None, None]:
        """Pieces of the reply, then its usage if the server told. Raises ModelFailure within the time allowed.

        Closing the iterator ends the request at once.
        """
        if not self._breaker.allows():
            raise ModelFailure("failed repeatedly and is left alone for a minute")
        limit = min(seconds or self.timeout_seconds, self.timeout_seconds)
        pieces: queue.Queue[str | Usage | BaseException | None] = queue.Queue()
        work = asyncio.run_coroutine_threadsafe(self._pump(system, user, limit, schema, pieces), self._loop)
        ended = time.monotonic() + limit
        characters = 0
        try:
            while True:
                piece = _next(pieces, ended)
                if piece is None:
                    self._breaker.succeeded()
                    return
                if isinstance(piece, BaseException):
                    raise ModelFailure(_reason(piece)) from piece
                if isinstance(piece, str):
                    characters += len(piece)
                    if characters > MAX_CHARACTERS:
                        raise ModelFailure("did not come to an end")
                yield piece
        except ModelFailure as failure:
            self._breaker.failed()
            log.warning("the chat model %s %s", self.name, failure)
            raise
        finally:
            work.cancel()

    async def _pump(
        self,
        system: str,
        user: str,
        limit: float,
        schema: dict[str, Any] | None,
        pieces: queue.Queue[str | Usage | BaseException | None],
    ) -> None:
        from langchain_core.messages import HumanMessage, SystemMessage
        from langsmith import tracing_context

        options = {"response_format": schema} if schema and self._structured else {}
        usage: Any = None
        finish = ""
        try:
            # Text sent to a model goes nowhere else, whatever the environment says of tracing.
            with tracing_context(enabled=False):
                async with asyncio.timeout(limit):
                    messages = [SystemMessage(system), HumanMessage(user)]
                    async with aclosing(self._model.astream(messages, **options)) as chunks:
                        async for chunk in chunks:
                            usage = chunk.usage_metadata or usage
                            finish = str(chunk.response_metadata.get("finish_reason") or finish)
                            pieces.put(str(chunk.text))
            if finish == "length":
                raise ModelFailure("did not come to an end")
            if usage:
                pieces.put(self._count(int(usage["input_tokens"]), int(usage["output_tokens"])))
            pieces.put(None)
        except BaseException as error:  # every end must reach the reader, cancellation too
            pieces.put(error)
            if isinstance(error, asyncio.CancelledError):
                raise

    def _count(self, input_tokens: int, output_tokens: int) -> Usage:
        cost = None
        if self.prices is not None:
            cost = (input_tokens * self.prices.input + output_tokens * self.prices.output) / 1_000_000
        shown = "" if cost is None else f", about {cost:.4f}"
        log.info("the chat model %s read %d and wrote %d tokens%s", self.name, input_tokens, output_tokens, shown)
        return Usage(input_tokens, output_tokens, cost)


async def _cancel_all() -> None:
    running = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)


def _next(pieces: queue.Queue[str | Usage | BaseException | None], ended: float) -> str | Usage | BaseException | None:
    try:
        return pieces.get(timeout=max(0.0, ended - time.monotonic()) + 0.25)
    except queue.Empty:
        return TimeoutError()


def _connect(name: str, base_url: str | None, api_key: str | None, timeout_seconds: float) -> Any:
    """The LangChain model. Only OpenAI-compatible and Anthropic models share the options for time and retries."""
    provider, _, model = name.partition(":")
    if not provider or not model:
        raise SettingsError(f"FOCAL_CHAT_MODEL: write provider:model, such as openai:gpt-5-mini (got {name!r})")
    options: dict[str, Any] = {}
    if base_url:
        options["base_url"] = base_url
    if api_key or (base_url and provider == "openai"):
        options["api_key"] = api_key or "none"  # the client insists on one; local servers do not look
    if provider in ("openai", "azure_openai", "anthropic"):
        options |= {"timeout": timeout_seconds, "max_retries": 0, "max_tokens": MAX_TOKENS}
    if provider == "openai":
        # Its own time limit for each chunk can swallow a cancellation (asyncio.wait_for before Python 3.12).
        options |= {"stream_usage": True, "use_responses_api": False, "stream_chunk_timeout": 0}
    try:
        from langchain.chat_models import init_chat_model

        return init_chat_model(model, model_provider=provider, **options)
    except ImportError as error:
        package = getattr(error, "name", None) or f"langchain-{provider}"
        raise SettingsError(
            f"FOCAL_CHAT_MODEL={name} needs {package.replace('_', '-')}: pip install 'focal-point[{provider}]'"
        ) from error
    except Exception as error:  # each provider has its own errors for a missing key or an unknown option
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise SettingsError(f"FOCAL_CHAT_MODEL={name}: {first}") from error


def _reason(error: BaseException) -> str:
    """What happened, in words for the reader; never the text of a foreign error, which may hold the prompt."""
    if isinstance(error, ModelFailure):
        return str(error)
    if isinstance(error, TimeoutError) or "Timeout" in type(error).__name__:
        return "did not answer in time"
    if isinstance(error, (CancelledError, asyncio.CancelledError)):
        return "was stopped"
    status = getattr(error, "status_code", None)
    if status == 429:
        return "has no capacity now"
    if status in (401, 403):
        return "refused our key"
    if isinstance(status, int):
        return f"answered with error {status}"
    if "Connect" in type(error).__name__:
        return "cannot be reached"
    return "gave an answer that cannot be used"
