"""A strict double of Slack's Web API: it answers as Slack does, and refuses what Slack refuses.

The rules come from the Slack notes (sections in brackets), so that they are not merely what the bot believes.
"""

from __future__ import annotations

import json
import random
import time
from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from slack_double_rules import (
    LOADING_MESSAGES,
    MARKDOWN,
    PROMPTS,
    SESSION_TITLE,
    STREAM_BYTES,
    Fault,
    Refusal,
    check_blocks,
    check_message,
    check_view,
    size,
)  # fmt: skip
from slack_double_socket import SocketMode

TOKEN, APP_TOKEN = "xoxb-double", "xapp-double"
BOT_USER, BOT_ID, TEAM = "UBOT", "BBOT", "T1"
STREAM_SECONDS = 300  # [1.3] a stream dies about five minutes after its start
STATUS_SECONDS = 120  # [1.4]
TRIGGER_SECONDS = 3  # [1.6]
RESPONSES, RESPONSE_SECONDS = 5, 1800  # [1.6]


@dataclass
class SlackDouble:
    """One workspace."""

    users: dict[str, dict[str, Any]] = field(default_factory=dict)
    external: set[str] = field(default_factory=set)
    """Channels that other organisations read."""
    messages: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    ephemerals: list[dict[str, Any]] = field(default_factory=list)
    responses: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    views: list[dict[str, Any]] = field(default_factory=list)
    prompts: dict[str, list[Any]] = field(default_factory=dict)
    status: dict[tuple[str, str], tuple[str, float]] = field(default_factory=dict)
    sessions: dict[tuple[str, str], str] = field(default_factory=dict)
    triggers: dict[str, float] = field(default_factory=dict)
    faults: dict[str, deque[Fault]] = field(default_factory=lambda: defaultdict(deque))
    fault_rate: float = 0.0
    faults_by_chance: int = 0
    refusals: list[tuple[str, str]] = field(default_factory=list)
    revoked: bool = False
    scopes: str = "app_mentions:read,assistant:write,chat:write,commands,im:history,users:read"
    stop_subscribed: bool = True
    offset: float = 0.0
    url: str = ""
    random: random.Random = field(default_factory=lambda: random.Random(7))
    _last: float = 0.0

    async def __aenter__(self) -> SlackDouble:
        self.socket = SocketMode()
        app = web.Application(client_max_size=2**24)
        app.router.add_route("*", "/api/{method}", self._serve)
        app.router.add_post("/respond/{name}", self._respond)
        app.router.add_get("/link", self.socket.serve)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await (site := web.TCPSite(self._runner, "127.0.0.1", 0)).start()
        self.url = site.name
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.socket.close()
        await self._runner.cleanup()

    # What a test sets up and looks at

    def now(self) -> float:
        """Seconds since the epoch, by the double's own clock."""
        return time.time() + self.offset

    def ts(self) -> str:
        """A new message's timestamp."""
        self._last = max(self.now(), self._last + 0.00001)
        return f"{self._last:.5f}0"

    def fail(self, method: str, *faults: Fault) -> None:
        """The next calls of a method go wrong in this way."""
        self.faults[method] += faults

    def posts(self, channel: str | None = None) -> list[dict[str, Any]]:
        """The bot's messages as they now stand."""
        return [m for m in self.messages.values() if m["user"] == BOT_USER and channel in (None, m["channel"])]

    def called(self, method: str) -> list[dict[str, Any]]:
        """The parameters of every call of a method."""
        return [params for name, params in self.calls if name == method]

    def hanging(self) -> list[str]:
        """Statuses that users still see, and sessions still processing."""
        shown = [s for s, at in self.status.values() if s and self.now() - at < STATUS_SECONDS]
        return shown + [s for s in self.sessions.values() if s == "processing"]

    # The wire

    async def _serve(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        if request.content_type == "application/json":
            params = await request.json()
        else:
            params = {**request.query, **(await request.post())}
        given = request.headers.get("Authorization", "").removeprefix("Bearer ") or params.pop("token", "")
        if given != (APP_TOKEN if method == "apps.connections.open" else TOKEN) or self.revoked:
            return web.json_response({"ok": False, "error": "invalid_auth"})
        self.calls.append((method, params))
        fault = self.faults[method].popleft() if self.faults[method] else self._by_chance(method)
        if fault and not fault.done_all_the_same:
            return self._failed(fault)
        try:
            answer = getattr(self, "do_" + method.replace(".", "_"))(params)
        except Refusal as refusal:
            self.refusals.append((method, str(refusal)))
            return web.json_response({"ok": False, "error": str(refusal)})
        if fault:
            return self._failed(fault)
        return web.json_response({"ok": True, **(answer or {})}, headers={"X-OAuth-Scopes": self.scopes})

    def _by_chance(self, method: str) -> Fault | None:
        if not method.startswith("chat.") or self.random.random() >= self.fault_rate:
            return None
        self.faults_by_chance += 1
        return self.random.choice([Fault(500), Fault(429, "ratelimited", 1), Fault(503)])

    def _failed(self, fault: Fault) -> web.Response:
        headers = {"Retry-After": str(fault.retry_after)} if fault.retry_after is not None else {}
        return web.json_response(
            {"ok": False, "error": fault.error or "internal_error"}, status=fault.status, headers=headers
        )

    async def _respond(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        used = self.responses[name]
        if len(used) >= RESPONSES or self.now() - float(name.split("-")[0]) > RESPONSE_SECONDS:
            return web.Response(status=404, text="expired_url")
        body = await request.json()
        try:
            check_message(body)
        except Refusal as refusal:
            self.refusals.append(("response_url", str(refusal)))
            return web.Response(status=400, text=str(refusal))
        used.append(body)
        return web.Response(text="ok")

    # Methods

    def do_auth_test(self, params: dict[str, Any]) -> dict[str, Any]:
        return {"user_id": BOT_USER, "bot_id": BOT_ID, "team_id": TEAM, "url": "https://double.slack.com/"}

    def do_apps_connections_open(self, params: dict[str, Any]) -> dict[str, Any]:
        return {"url": self.url.replace("http", "ws") + "/link"}

    def do_users_info(self, params: dict[str, Any]) -> dict[str, Any]:
        if params["user"] not in self.users:
            raise Refusal("user_not_found")
        return {"user": {"id": params["user"], "team_id": TEAM, **self.users[params["user"]]}}

    def do_conversations_info(self, params: dict[str, Any]) -> dict[str, Any]:
        raise Refusal("missing_scope")  # least privilege: no channels:read [1.6]

    def do_conversations_replies(self, params: dict[str, Any]) -> dict[str, Any]:
        if not params["channel"].startswith("D"):
            raise Refusal("missing_scope")  # no channels:history [1.6]
        in_thread = [m for m in self.messages.values() if m["channel"] == params["channel"]]
        return {"messages": [m for m in in_thread if params["ts"] in (m["ts"], m.get("thread_ts"))]}

    def do_chat_postMessage(self, params: dict[str, Any]) -> dict[str, Any]:
        check_message(params)
        if params.get("unfurl_links") is not False or params.get("unfurl_media") is not False:
            raise Refusal("unfurls")  # [2.4]
        self._check_thread(params)
        return self._put(params)

    def do_chat_postEphemeral(self, params: dict[str, Any]) -> dict[str, Any]:
        check_message(params)
        self.ephemerals.append(params)
        return {"message_ts": self.ts()}

    def do_chat_update(self, params: dict[str, Any]) -> dict[str, Any]:
        check_message(params)
        message = self._own(params)
        message.update(text=params["text"], blocks=params.get("blocks") or [], markdown_text="")
        return {"ts": params["ts"]}

    def do_chat_delete(self, params: dict[str, Any]) -> None:
        self._own(params)
        del self.messages[params["channel"], params["ts"]]

    def do_chat_startStream(self, params: dict[str, Any]) -> dict[str, Any]:
        if not params["channel"].startswith("D") and not (
            params.get("recipient_user_id") and params.get("recipient_team_id")
        ):
            raise Refusal("missing_recipient_user_id")  # [1.3]
        self._check_thread(params)
        self._check_markdown(params)
        return self._put({"text": "", **params, "stream": "open", "started": self.now()})

    def do_chat_appendStream(self, params: dict[str, Any]) -> None:
        message = self._streaming(params)
        self._check_markdown(params)
        message["markdown_text"] += params["markdown_text"]

    def do_chat_stopStream(self, params: dict[str, Any]) -> None:
        message = self._streaming(params)
        blocks = params.get("blocks") or []
        check_blocks(json.loads(blocks) if isinstance(blocks, str) else blocks)
        message["markdown_text"] += params.get("markdown_text") or ""
        message.update(blocks=blocks, stream="closed")
        if blocks and len(message["markdown_text"].encode()) + size(message) > STREAM_BYTES:
            raise Refusal("msg_blocks_too_long")

    def do_assistant_threads_setStatus(self, params: dict[str, Any]) -> None:
        if len(params.get("loading_messages") or []) > LOADING_MESSAGES:
            raise Refusal("invalid_arguments")
        self.status[params["channel_id"], params["thread_ts"]] = (params["status"], self.now())

    def do_assistant_threads_setSuggestedPrompts(self, params: dict[str, Any]) -> None:
        if len(params["prompts"]) > PROMPTS:
            raise Refusal("invalid_arguments")
        if not params.get("thread_ts"):  # with one it silently does nothing [1.1, trap B]
            self.prompts[params["channel_id"]] = params["prompts"]

    def do_agents_sessions_setStatus(self, params: dict[str, Any]) -> dict[str, Any]:
        if params["status"] not in ("processing", "active", "suspended", "closed"):
            raise Refusal("invalid_arguments")  # [1.2]
        if len(params.get("title") or "") > SESSION_TITLE:
            raise Refusal("invalid_arguments")
        self.sessions[params["channel_id"], params["thread_ts"]] = params["status"]
        # Without the subscription the stop button does nothing [1.2].
        return {} if self.stop_subscribed else {"warning": "missing_agent_session_stopped_event_subscription"}

    def do_views_open(self, params: dict[str, Any]) -> dict[str, Any]:
        opened = self.triggers.pop(params["trigger_id"], None)
        if opened is None or self.now() - opened > TRIGGER_SECONDS:
            raise Refusal("expired_trigger_id")
        view = params["view"] if isinstance(params["view"], dict) else json.loads(params["view"])
        check_view(view)
        self.views.append(view)
        return {"view": view}

    def do_views_publish(self, params: dict[str, Any]) -> dict[str, Any]:
        view = params["view"] if isinstance(params["view"], dict) else json.loads(params["view"])
        check_view(view)
        self.views.append(view)
        return {"view": view}

    # What the methods share

    def _put(self, params: dict[str, Any]) -> dict[str, Any]:
        ts = self.ts()
        channel = params["channel"]
        message = {**params, "ts": ts, "user": BOT_USER, "bot_id": BOT_ID, "blocks": params.get("blocks") or []}
        self.messages[channel, ts] = message
        # A reply of the app takes the status down [1.4].
        self.status.pop((channel, params.get("thread_ts") or ""), None)
        return {"ts": ts, "channel": channel}

    def _check_thread(self, params: dict[str, Any]) -> None:
        thread_ts = params.get("thread_ts")
        root = self.messages.get((params["channel"], thread_ts)) if thread_ts else None
        if root and root.get("thread_ts") not in (None, thread_ts):
            raise Refusal("invalid_thread_ts")  # [2.5] never a reply's own ts

    def _check_markdown(self, params: dict[str, Any]) -> None:
        if not params.get("markdown_text") or len(params["markdown_text"]) > MARKDOWN:
            raise Refusal("invalid_arguments")

    def _own(self, params: dict[str, Any]) -> dict[str, Any]:
        message = self.messages.get((params["channel"], params["ts"]))
        if message is None or message["user"] != BOT_USER:
            raise Refusal("message_not_found")
        return message

    def _streaming(self, params: dict[str, Any]) -> dict[str, Any]:
        message = self._own(params)
        if message.get("stream") == "stopped":
            raise Refusal("stopped_by_user")  # [1.2]
        if message.get("stream") != "open" or self.now() - message["started"] > STREAM_SECONDS:
            raise Refusal("message_not_in_streaming_state")  # [1.3]
        return message
