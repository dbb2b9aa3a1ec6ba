"""What Slack sends, translated into deliveries; whatever was not addressed to us becomes None."""

from __future__ import annotations

from typing import Any

from bot.audience import Place
from bot.delivery import Delivery, event_keys, lane
from bot.escaping import question_text

Body = dict[str, Any]

ADDRESSED_SUBTYPES = (None, "file_share", "thread_broadcast")
"""Subtypes of a message that somebody wrote; joins, edits, topics and bot messages have others."""
_BOT_MARKS = ("bot_id", "bot_profile", "app_id")


def from_event(body: Body, bot_user_id: str | None) -> Delivery | None:
    """An Events API callback."""
    event = body.get("event") or {}
    make = _EVENTS.get(event.get("type", ""))
    return make(body, event, bot_user_id) if make else None


def _message(body: Body, event: Body, bot_user_id: str | None) -> Delivery | None:
    if event.get("channel_type") != "im":
        return None
    if event.get("subtype") == "message_changed":
        return _edited(body, event, bot_user_id)
    if event.get("subtype") == "message_deleted":
        return _deleted(body, event)
    return _asked(body, event, bot_user_id)


def _asked(body: Body, event: Body, bot_user_id: str | None) -> Delivery | None:
    if event.get("subtype") not in ADDRESSED_SUBTYPES or not _is_human(event, bot_user_id):
        return None
    channel, ts = event.get("channel", ""), event.get("ts", "")
    thread_ts = event.get("thread_ts") or ts
    return Delivery(
        "question",
        event_keys(body.get("event_id"), channel, ts),
        person_key(body, event["user"]),
        channel,
        ts,
        lane(channel, thread_ts),
        {
            "text": question_text(event.get("text", ""), bot_user_id),
            "place": _place(body, event),
            "thread_ts": thread_ts,
            "team": body.get("team_id") or event.get("team") or "",
            "has_files": bool(event.get("files")),
        },
    )


def _edited(body: Body, event: Body, bot_user_id: str | None) -> Delivery | None:
    """Only a change of the words by their author counts: unfurls and our own streaming change messages too."""
    message, previous = event.get("message") or {}, event.get("previous_message") or {}
    if not _is_human(message, bot_user_id) or message.get("text") == previous.get("text"):
        return None
    channel, ts = event.get("channel", ""), message.get("ts", "")
    thread_ts = message.get("thread_ts") or ts
    text = question_text(message.get("text", ""), bot_user_id)
    return Delivery(
        "edited", event_keys(body.get("event_id"), None, None), person_key(body, message["user"]), channel, ts,
        lane(channel, thread_ts), {"text": text, "thread_ts": thread_ts},
    )  # fmt: skip


def _deleted(body: Body, event: Body) -> Delivery:
    channel, ts = event.get("channel", ""), event.get("deleted_ts", "")
    return Delivery(
        "deleted", (*event_keys(body.get("event_id"), None, None), deleted_key(channel, ts)), "", channel, ts
    )


def deleted_key(channel: str, ts: str) -> str:
    """The key under which a message's deletion is known."""
    return f"deleted:{channel}/{ts}"


def _home_opened(body: Body, event: Body, bot_user_id: str | None) -> Delivery | None:
    kind = {"home": "home", "messages": "prompts"}.get(event.get("tab", ""))
    if kind is None:
        return None
    person = person_key(body, event.get("user", ""))
    return Delivery(kind, event_keys(body.get("event_id"), None, None), person, event.get("channel", ""))


def _uninstalled(body: Body, event: Body, bot_user_id: str | None) -> Delivery | None:
    if event["type"] == "tokens_revoked" and not (event.get("tokens") or {}).get("bot"):
        return None
    return Delivery("uninstalled", event_keys(body.get("event_id"), None, None))


_EVENTS = {
    "message": _message,
    "app_mention": _asked,
    "app_home_opened": _home_opened,
    "app_uninstalled": _uninstalled,
    "tokens_revoked": _uninstalled,
}


def from_command(body: Body) -> Delivery:
    """`/focal QUESTION`: a private answer wherever it is asked."""
    payload = {
        "text": question_text(body.get("text", ""), None),
        "place": Place.PRIVATE,
        "response_url": body.get("response_url"),
        "team": body.get("team_id") or "",
        "is_command": True,
    }
    key = f"command:{body.get('trigger_id')}"
    return Delivery("question", (key,), person_key(body, body["user_id"]), body.get("channel_id", ""), payload=payload)


def from_shortcut(body: Body) -> Delivery:
    """ "Check guidance" on a message: what does the guidance say to this? Answered privately."""
    message = body.get("message") or {}
    payload = {
        "text": question_text(message.get("text", ""), None)[:4000],
        "place": Place.PRIVATE,
        "response_url": body.get("response_url"),
        "team": (body.get("team") or {}).get("id", ""),
    }
    key = f"shortcut:{body.get('trigger_id')}"
    channel = (body.get("channel") or {}).get("id", "")
    return Delivery("question", (key,), person_key(body, body["user"]["id"]), channel, payload=payload)


def from_action(body: Body, kind: str, once: str | None = None) -> Delivery:
    """A click on a button of ours; `once` names what a second click must not do again."""
    action, user = body["actions"][0], body["user"]["id"]
    container = body.get("container") or {}
    payload = {
        "value": action.get("value", ""),
        "response_url": body.get("response_url"),
        "thread_ts": (body.get("message") or {}).get("thread_ts") or container.get("thread_ts"),
        "ephemeral": bool(container.get("is_ephemeral")),
        "team": (body.get("team") or {}).get("id", ""),
    }
    keys = (f"action:{action.get('action_ts')}/{user}", *((once,) if once else ()))
    channel = (body.get("channel") or {}).get("id") or container.get("channel_id", "")
    return Delivery(kind, keys, person_key(body, user), channel, payload=payload)


def person_key(body: Body, user: str) -> str:
    """`workspace/user`, by the enterprise where there is one: a person there has one id in all its workspaces."""
    enterprise = body.get("enterprise_id") or (body.get("enterprise") or {}).get("id")
    return f"{enterprise or body.get('team_id') or (body.get('team') or {}).get('id', '')}/{user}"


def _is_human(event: Body, bot_user_id: str | None) -> bool:
    if any(event.get(mark) for mark in _BOT_MARKS) or event.get("subtype") == "bot_message":
        return False
    return bool(event.get("user")) and event["user"] not in ("USLACKBOT", bot_user_id)


def _place(body: Body, event: Body) -> Place:
    if body.get("is_ext_shared_channel"):
        return Place.EXTERNAL
    return (
        Place.DIRECT if event.get("channel_type") == "im" or event.get("channel", "").startswith("D") else Place.CHANNEL
    )
