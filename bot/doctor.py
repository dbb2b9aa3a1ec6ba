"""The Slack part of `focal doctor`: tokens, scopes, the way in, the stop button, and who may read what."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from assistant.doctor import Check
from assistant.errors import SettingsError
from assistant.settings import Settings, load
from bot.audience import FILE_NAME, PeopleFileError, read_people
from bot.errors import BotError, Refused, Revoked
from bot.posting import Poster

MANIFEST = Path(__file__).with_name("manifest.json")
STOP_WARNING = "missing_agent_session_stopped_event_subscription"


def checks() -> Iterator[Check]:
    """Every check in turn; nothing is looked at where Slack is not set up."""
    with contextlib.suppress(SettingsError):  # told by the assistant's own checks
        yield from checks_of(load())


def checks_of(settings: Settings) -> Iterator[Check]:
    """As `checks`, for given settings."""
    if settings.slack_bot_token is None:
        if settings.slack_app_token or settings.slack_signing_secret:
            yield Check("slack", False, "FOCAL_SLACK_BOT_TOKEN is not set, so the bot does not start")
        return
    yield from asyncio.run(_collected(settings))
    yield _people(settings)


def manifest() -> dict[str, Any]:
    """The app's manifest, as it is pasted into Slack."""
    found: dict[str, Any] = json.loads(MANIFEST.read_text(encoding="utf-8"))
    return found


async def _collected(settings: Settings) -> list[Check]:
    return [check async for check in _asked(settings)]


async def _asked(settings: Settings) -> AsyncIterator[Check]:
    token = settings.slack_bot_token.get_secret_value() if settings.slack_bot_token else ""
    poster = Poster(AsyncWebClient(token, base_url=settings.slack_api_url, timeout=10))
    if not token.startswith("xoxb-"):
        yield Check("slack token", False, "FOCAL_SLACK_BOT_TOKEN must be the bot token, which begins with xoxb-")
        return
    try:
        response = await poster.client.auth_test()
    except Exception as error:
        yield Check("slack token", False, _reason(error))
        return
    yield Check(
        "slack token", True, f"{response.get('user', 'bot')} in {response.get('team', response.get('team_id'))}"
    )
    yield _scopes(str(response.headers.get("x-oauth-scopes", response.headers.get("X-OAuth-Scopes", ""))))
    yield await _way_in(settings, poster)
    yield await _stop_button(poster, str(response.get("user_id")))


def _scopes(granted: str) -> Check:
    wanted = set(manifest()["oauth_config"]["scopes"]["bot"])
    missing = sorted(wanted - {scope.strip() for scope in granted.split(",")})
    if missing:
        return Check("slack scopes", False, f"missing {', '.join(missing)}: add them and install the app again")
    return Check("slack scopes", True, f"all {len(wanted)} granted")


async def _way_in(settings: Settings, poster: Poster) -> Check:
    """Socket Mode if there is an app-level token, else the request URL."""
    if settings.slack_app_token is None:
        if settings.slack_signing_secret is None:
            return Check(
                "slack events",
                False,
                "set FOCAL_SLACK_APP_TOKEN (Socket Mode) or FOCAL_SLACK_SIGNING_SECRET (request URL)",
            )
        return Check("slack events", True, "by request URL; in Slack it must end in /slack/events and be verified")
    app_token = settings.slack_app_token.get_secret_value()
    if not app_token.startswith("xapp-"):
        return Check("slack events", False, "FOCAL_SLACK_APP_TOKEN must be an app-level token, which begins with xapp-")
    try:
        await poster.call(poster.client.apps_connections_open, app_token=app_token)
    except Revoked:
        return Check("slack events", False, "Slack refuses FOCAL_SLACK_APP_TOKEN: make one with connections:write")
    except Refused as error:
        return Check("slack events", False, f"Socket Mode: {error.code}; switch Socket Mode on in the app's settings")
    except BotError as error:
        return Check("slack events", False, str(error))
    return Check("slack events", True, "Socket Mode opens")


async def _stop_button(poster: Poster, user_id: str) -> Check:
    """Slack says itself if the event behind the stop button is not subscribed to."""
    try:
        found = await poster.call(
            poster.client.agents_sessions_setStatus, channel_id=user_id, status="active", thread_ts="0000000000.000000"
        )
    except BotError:
        return Check("slack stop button", True, "not checked: there is no conversation to try it in")
    warnings = str(found.get("warning", "")) + str(found.get("response_metadata", ""))
    if STOP_WARNING in warnings:
        return Check("slack stop button", False, "subscribe the app to agent_session_stopped, or stopping does nothing")
    return Check("slack stop button", True, "subscribed")


def _people(settings: Settings) -> Check:
    path = settings.folder / FILE_NAME
    if not path.exists():
        return Check("slack people", True, f"{path} is written at the first start; until then all read unclassified")
    try:
        people = read_people(path)
    except (PeopleFileError, OSError) as error:
        return Check("slack people", False, f"{error}; until this is mended all read unclassified documents only")
    named = "the focal point is named" if people.focal_point else "no focal_point is named to take unanswered questions"
    return Check("slack people", True, f"{len(people.people)} with rights of their own; {named}")


def _reason(error: Exception) -> str:
    response = getattr(error, "response", None)
    code = response.get("error") if response is not None else type(error).__name__
    return f"Slack says {code}: check FOCAL_SLACK_BOT_TOKEN, and that Slack can be reached"
