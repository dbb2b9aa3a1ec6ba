"""A real OpenAI-compatible server on loopback that does what a test tells it: answer, lie, stall, break off, babble."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Script = Callable[[dict[str, Any]], Any]
"""From what the model was given ({"question", "passages"}) to a reply: sentences, raw text, or a Behaviour."""


class Behaviour:
    """A way of failing. `kind`: status, slow, cut, endless, silent, refuse_connection."""

    def __init__(self, kind: str, value: Any = None, reply: Any = None) -> None:
        self.kind, self.value, self.reply = kind, value, reply


class ChatServer:
    """Answers POST /v1/chat/completions by `script`; keeps every request."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.requests: list[dict[str, Any]] = []
        self.broken_pipes = 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.requests.append(body)
                try:
                    outer._serve(self, body)
                except (BrokenPipeError, ConnectionResetError):
                    outer.broken_pipes += 1
                    self.close_connection = True

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.stopping = threading.Event()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    @contextmanager
    def running(self) -> Iterator[ChatServer]:
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.stopping.set()
            self._server.shutdown()
            self._server.server_close()
            thread.join()

    def _serve(self, handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        reply = self.script(given(body))
        behaviour = reply if isinstance(reply, Behaviour) else Behaviour("well", reply=reply)
        if behaviour.kind == "status":
            return _status(handler, int(behaviour.value))
        if behaviour.kind == "silent":
            self.stopping.wait(behaviour.value)
            return None
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream")
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        if behaviour.kind == "garbage":
            _chunk(handler, behaviour.value)
            return _chunk(handler, b"")
        _event(handler, {"role": "assistant", "content": ""})
        self._write(handler, behaviour)
        return None

    def _write(self, handler: BaseHTTPRequestHandler, behaviour: Behaviour) -> None:
        text = as_text(behaviour.reply)
        pieces = [text[i : i + 40] for i in range(0, len(text), 40)]
        if behaviour.kind == "cut":
            for piece in pieces[: len(pieces) // 2]:
                _event(handler, {"content": piece})
            handler.wfile.flush()
            handler.close_connection = True
            handler.connection.close()
            return
        for piece in pieces:
            _event(handler, {"content": piece})
            if behaviour.kind == "slow":
                self.stopping.wait(behaviour.value)
        while behaviour.kind == "endless" and not self.stopping.is_set():
            _event(handler, {"content": "and so on " * 20})
            time.sleep(0.001)
        _event(handler, {}, finish="stop")
        usage = {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}
        _event(handler, None, usage=usage)
        _chunk(handler, b"data: [DONE]\n\n")
        _chunk(handler, b"")


def given(body: dict[str, Any]) -> dict[str, Any]:
    """The JSON object that stands between the markers of the user message; {} where there is none."""
    user = body["messages"][-1]["content"]
    start, end = user.find("{"), user.rfind("}")
    found: dict[str, Any] = json.loads(user[start : end + 1]) if start >= 0 else {}
    return found


def as_text(reply: Any) -> str:
    """Sentences as the JSON they are asked for; text as it is."""
    return reply if isinstance(reply, str) else json.dumps({"sentences": reply}, ensure_ascii=False)


def sentence(text: str, *supports: tuple[str, str]) -> dict[str, Any]:
    return {"text": text, "supports": [{"passage": passage, "quote": quote} for passage, quote in supports]}


def _status(handler: BaseHTTPRequestHandler, status: int) -> None:
    body = json.dumps({"error": {"message": "scripted", "type": "scripted", "code": None}}).encode()
    handler.send_response(status)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def _event(
    handler: BaseHTTPRequestHandler,
    delta: dict[str, Any] | None,
    finish: str | None = None,
    usage: dict[str, int] | None = None,
) -> None:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}]
    event = {
        "id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "scripted", "choices": choices,
        "usage": usage,
    }  # fmt: skip
    _chunk(handler, b"data: " + json.dumps(event).encode() + b"\n\n")


def _chunk(handler: BaseHTTPRequestHandler, data: bytes) -> None:
    handler.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))
    handler.wfile.flush()
