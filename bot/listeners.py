"""Bolt's listeners: they translate what Slack sends, keep it, and acknowledge. Nothing is answered here."""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot import dialogs, words
from bot.delivery import Delivery
from bot.desk import Desk
from bot.errands import share_key
from bot.errors import BotError
from bot.intake import Body, from_action, from_command, from_event, from_shortcut, person_key

log = logging.getLogger(__name__)

ANY = re.compile(".*")
Ack = Callable[..., Awaitable[Any]]
Next = Callable[[], Awaitable[Any]]
ONCE: dict[str, Callable[[Body], str | None]] = {
    "share": lambda body: share_key(_value(body)),
    "hand_over": lambda body: f"hand_over:{_value(body)}",
    "briefing": lambda body: f"briefing:{_value(body)}/{_message_ts(body)}",
    "answer_again": lambda body: f"answer_again:{_value(body)}/{_message_ts(body)}",
    "ask_privately": lambda body: None,
}
"""Buttons whose click becomes a job of the same name, to what a second click must not do again."""


def make_bolt(desk: Desk, wake: Callable[[], None], token: str, signing_secret: str | None) -> AsyncApp:
    """The Bolt app. Nothing here calls Slack: who we are is known from the desk."""

    async def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
        me = desk.identity
        return AuthorizeResult(
            enterprise_id=enterprise_id, team_id=team_id, bot_token=token, bot_id=me.bot_id, bot_user_id=me.bot_user_id
        )

    app = AsyncApp(
        name="focal-point",
        client=AsyncWebClient(base_url=desk.poster.client.base_url),
        authorize=authorize,
        before_authorize=_rate_limit_notice,
        # Without a secret no signature can match, so nothing comes in over HTTP.
        signing_secret=signing_secret or secrets.token_hex(32),
    )
    keeper = _Keeper(desk, wake)
    # One listener for every event: an event without one is answered 404, and redelivered.
    app.event(ANY, middleware=[keeper.event])(_acknowledged)
    app.command(ANY)(keeper.command)
    app.shortcut("check_guidance")(keeper.shortcut)
    app.action("feedback")(keeper.feedback)
    app.action("choose_role")(keeper.choose_role)
    app.action("forget_me")(keeper.forget_me)
    for kind in ONCE:
        app.action(kind)(keeper.button)
    app.view(dialogs.CALLBACK)(keeper.reason)
    for kind_of_listener in (app.action, app.shortcut, app.view, app.view_closed, app.options):
        kind_of_listener(ANY)(_just_ack)
    return app


async def _rate_limit_notice(body: Body, next_: Next) -> BoltResponse | None:
    """`app_rate_limited` is no event callback: no listener can match it."""
    if body.get("type") == "app_rate_limited":
        log.error("Slack drops events of this app: more than 30,000 came within an hour")
        return BoltResponse(status=200)
    await next_()
    return None


async def _acknowledged() -> None:
    """Bolt has acknowledged the event before this runs; the middleware kept it before that."""


async def _just_ack(ack: Ack) -> None:
    await ack()


class _Keeper:
    def __init__(self, desk: Desk, wake: Callable[[], None]) -> None:
        self._desk, self._wake = desk, wake

    async def event(self, body: Body, next_: Next) -> None:
        """Keep an event before it is acknowledged; a failure here makes Slack send it again."""
        event = body.get("event") or {}
        if self._is_ours(body):
            if event.get("type") == "agent_session_stopped":
                self._desk.inbox.request_stop(event.get("channel", ""), event.get("thread_ts"))
            self._keep(from_event(body, self._desk.identity.bot_user_id))
        await next_()

    async def command(self, ack: Ack, body: Body) -> None:
        self._keep(from_command(body))
        await ack()

    async def shortcut(self, ack: Ack, body: Body) -> None:
        self._keep(from_shortcut(body))
        await ack()

    async def button(self, ack: Ack, body: Body) -> None:
        kind = body["actions"][0]["action_id"]
        self._keep(from_action(body, kind, ONCE[kind](body)))
        await ack()

    async def choose_role(self, ack: Ack, body: Body) -> None:
        chosen = (body["actions"][0].get("selected_option") or {}).get("value")
        self._desk.sessions.choose_role(person_key(body, body["user"]["id"]), chosen)
        self._keep(from_action(body, "home"))
        await ack()

    async def forget_me(self, ack: Ack, body: Body) -> None:
        person = person_key(body, body["user"]["id"])
        self._desk.log.forget(person)
        self._desk.sessions.forget_person(person)
        self._desk.inbox.forget(person)
        self._keep(from_action(body, "home"))
        await ack()

    async def feedback(self, ack: Ack, body: Body) -> None:
        """Note the verdict, then ask why or say thanks; the trigger for a dialog lives three seconds, so at once."""
        person, poster = person_key(body, body["user"]["id"]), self._desk.poster
        verdict, _, answer_id = _value(body).partition(":")
        turn = self._desk.sessions.turn(answer_id)
        is_theirs = turn is not None and turn.person == person
        if is_theirs:
            self._desk.log.feedback(answer_id, person, verdict, None, None)
        await ack()
        if is_theirs and verdict == "down":
            opened = poster.attempt(
                poster.client.views_open, trigger_id=body.get("trigger_id"), view=dialogs.reason_view(answer_id)
            )
            if await opened:
                return
        try:
            if body.get("response_url"):
                await poster.respond(body["response_url"], words.THANKS if is_theirs else words.NOT_YOURS)
        except BotError as error:
            log.info("no thanks said: %s", error)

    async def reason(self, ack: Ack, body: Body, view: dict[str, Any]) -> None:
        answer_id, reason, comment = dialogs.read_reason(view)
        self._desk.log.feedback(answer_id, person_key(body, body["user"]["id"]), "down", reason, comment)
        await ack()

    def _keep(self, delivery: Delivery | None) -> None:
        if delivery is not None and self._desk.inbox.put(delivery):
            self._wake()

    def _is_ours(self, body: Body) -> bool:
        """False for an event of a workspace in which we were not installed."""
        ours = self._desk.audience.home_workspaces | set(self._desk.audience.people().workspaces)
        is_known = not ours or body.get("team_id") in ours or body.get("enterprise_id") in ours
        if not is_known:
            log.warning("an event of the workspace %s was left aside", body.get("team_id"))
        return is_known


def _value(body: Body) -> str:
    return str(body["actions"][0].get("value", ""))


def _message_ts(body: Body) -> str:
    return str((body.get("container") or {}).get("message_ts", ""))
