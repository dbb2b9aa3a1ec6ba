"""OpenAI-compatible routes, so that existing chat front ends and the `openai` client work unchanged."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from assistant.answers import Citation
from assistant.api.asking import Ask, answer, while_connected
from assistant.api.doors import TheCaller, TheService
from assistant.api.models import MAX_QUESTION, MAX_TURNS, Text
from assistant.api.problems import Problem, described, responses
from assistant.api.streaming import PING, Events, pieces, start, waiting
from assistant.citations import place

router = APIRouter(tags=["openai"])

MODEL = "focal-point"
_CREATED = 1735689600
_CITED = re.compile(r"\[\d+\]")
_CITATIONS = TypeAdapter(tuple[Citation, ...])


_SOME_QUESTION: dict[str, Any] = {
    "type": "object",
    "properties": {
        "role": {"const": "user"},
        "content": {"type": "string", "pattern": r"\S", "maxLength": MAX_QUESTION},
    },
    "required": ["role", "content"],
}


class Part(BaseModel):
    """A part of a message; only text is read."""

    type: str = Field(max_length=50)
    text: Text | None = Field(default=None, max_length=MAX_QUESTION)


class Message(BaseModel):
    """A turn of the conversation. System messages do not change what the assistant does."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: Annotated[Text, Field(max_length=20_000)] | Annotated[list[Part], Field(max_length=50)] | None = None

    @property
    def words(self) -> str:
        """The text of the message."""
        if isinstance(self.content, list):
            return " ".join(part.text for part in self.content if part.text)
        return self.content or ""


class StreamOptions(BaseModel):
    """How a stream ends."""

    include_usage: bool | None = False


class CompletionBody(BaseModel):
    """A chat completion request; settings that only a language model has are accepted and have no effect."""

    model_config = ConfigDict(
        extra="ignore",
        json_schema_extra={
            "examples": [
                {
                    "model": MODEL,
                    "messages": [{"role": "user", "content": "Who chairs the humanitarian country team?"}],
                }
            ]
        },
    )
    model: str = Field(default=MODEL, max_length=200)
    messages: list[Message] = Field(min_length=1, max_length=200, json_schema_extra={"contains": _SOME_QUESTION})
    stream: bool | None = False
    stream_options: StreamOptions | None = None


class CompletionMessage(BaseModel):
    """The assistant's turn."""

    role: Literal["assistant"] = "assistant"
    content: str


class Choice(BaseModel):
    """The one answer."""

    index: int = 0
    message: CompletionMessage
    finish_reason: Literal["stop"] = "stop"


class Usage(BaseModel):
    """Words, since no model's tokens are spent."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class Completion(BaseModel):
    """A chat completion; `citations` and `focal` are ours."""

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str = MODEL
    choices: list[Choice]
    usage: Usage
    citations: list[dict[str, Any]] = Field(description="As in the answer of `/v1/ask`")
    focal: dict[str, Any] = Field(description="The answer as `/v1/ask` gives it")


class Model(BaseModel):
    """A model, as OpenAI clients list them."""

    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: str


class Models(BaseModel):
    """The one model."""

    object: Literal["list"] = "list"
    data: list[Model]


_OK: dict[str, Any] = {
    "description": "The completion; with `stream` the same as `chat.completion.chunk` events",
    "content": {"text/event-stream": {"example": "data: {…}\n\ndata: [DONE]\n\n"}},
}


@router.get("/v1/models", response_model=Models, responses=responses(), summary="The one model")
async def models(service: TheService, caller: TheCaller) -> Models:
    """What to name as `model`; any other name is answered just the same."""
    return Models(data=[Model(id=MODEL, created=_CREATED, owned_by=MODEL)])


@router.post(
    "/v1/chat/completions", response_model=Completion, responses={200: _OK, **responses(413)}, summary="Chat completion"
)
async def chat_completions(
    request: Request, service: TheService, caller: TheCaller, body: Annotated[CompletionBody, Body()]
) -> Response:
    """Answer the last user message; earlier ones are its context. Sources stand below the text and in `citations`."""
    asked = to_ask(body.messages)
    if body.stream:
        future, flag = start(service.asks, lambda: answer(service, caller, asked))
        usage = bool(body.stream_options and body.stream_options.include_usage)
        return Events(_chunks(future, flag, usage))
    found = await while_connected(request, service.asks.run(lambda: answer(service, caller, asked)))
    return JSONResponse(_completion(found).model_dump())


def to_ask(messages: list[Message]) -> Ask:
    """The question and the earlier turns; a turn that was answered without any citation was refused, and is left out.

    Raises Problem 422 if no user message has words in it, or the last that has is too long.
    """
    turns = [m for m in messages if m.role in ("user", "assistant")]
    users = [i for i, m in enumerate(turns) if m.role == "user" and m.words.strip()]
    if not users:
        raise Problem(422, "there is no user message with words in it", field="messages")
    question = turns[users[-1]].words
    if len(question) > MAX_QUESTION:
        raise Problem(422, f"the question is longer than {MAX_QUESTION} characters", field="messages")
    history = []
    for i in users[:-1]:
        reply = turns[i + 1].words if i + 1 < len(turns) and turns[i + 1].role == "assistant" else "[1]"
        if _CITED.search(reply):
            history.append(turns[i].words[:MAX_QUESTION])
    return Ask(question, tuple(history[-MAX_TURNS:]))


def text_with_sources(found: dict[str, Any]) -> str:
    """The answer with its sources and notices below, as plain text."""
    lines = [found["answer"]]
    cited = _CITATIONS.validate_python(found["citations"])
    if cited:
        lines += ["", "Sources:"]
        for citation in cited:
            standing = "" if citation.standing in ("in_force", "unknown") else f" ({citation.standing})"
            lines.append(f"[{citation.number}] {place(citation)}{standing}")
    lines += [f"\nNote: {notice['text']}" for notice in found["notices"]]
    if found["suggestions"]:
        lines.append("\nNearest guidance: " + "; ".join(found["suggestions"]))
    return "\n".join(lines)


def _usage(found: dict[str, Any], text: str) -> Usage:
    asked, said = len(found["question"].split()), len(text.split())
    return Usage(prompt_tokens=asked, completion_tokens=said, total_tokens=asked + said)


def _completion(found: dict[str, Any]) -> Completion:
    text = text_with_sources(found)
    return Completion(
        id=f"chatcmpl-{found['answer_id']}",
        created=int(time.time()),
        choices=[Choice(message=CompletionMessage(content=text))],
        usage=_usage(found, text),
        citations=list(found["citations"]),
        focal=found,
    )


async def _chunks(future: asyncio.Future[dict[str, Any]], flag: Any, with_usage: bool) -> AsyncIterator[bytes]:
    base: dict[str, Any] = {"object": "chat.completion.chunk", "created": int(time.time()), "model": MODEL}

    def chunk(delta: dict[str, Any], finish: str | None = None, **extra: Any) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return _data({**base, "choices": [choice], **extra})

    try:
        base["id"] = "chatcmpl-pending"
        yield chunk({"role": "assistant", "content": ""})
        async for _ in waiting(future):
            yield PING
        found = future.result()
        base["id"] = f"chatcmpl-{found['answer_id']}"
        text = text_with_sources(found)
        for piece in pieces(text):
            yield chunk({"content": piece})
        yield chunk({}, "stop", citations=found["citations"], focal=found)
        if with_usage:
            yield _data({**base, "choices": [], "usage": _usage(found, text).model_dump()})
        yield b"data: [DONE]\n\n"
    except Exception as error:
        status, detail = described(error)
        yield _data({"error": {"message": detail, "code": status, "type": "server_error"}})
    finally:
        flag.set()


def _data(value: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(value, ensure_ascii=False)}\n\n".encode()
