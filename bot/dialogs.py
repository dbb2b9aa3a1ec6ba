"""The dialog that asks why an answer did not help."""

from __future__ import annotations

from typing import Any

from bot.blocks import plain_text

CALLBACK = "feedback_reason"
REASONS = {
    "wrong": "It is wrong",
    "incomplete": "Something is missing",
    "outdated": "The guidance is out of date",
    "off_topic": "It answers another question",
    "unclear": "I do not understand it",
    "source": "The source does not say this",
}


def reason_view(answer_id: str) -> dict[str, Any]:
    """The dialog for one answer."""
    options = [{"text": plain_text(label), "value": value} for value, label in REASONS.items()]
    return {
        "type": "modal",
        "callback_id": CALLBACK,
        "private_metadata": answer_id,
        "title": plain_text("What went wrong?"),
        "submit": plain_text("Send"),
        "close": plain_text("Skip"),
        "blocks": [
            {
                "type": "input",
                "block_id": "reason",
                "optional": True,
                "label": plain_text("Reason"),
                "element": {"type": "radio_buttons", "action_id": "reason", "options": options},
            },
            {
                "type": "input",
                "block_id": "comment",
                "optional": True,
                "label": plain_text("What should it have said?"),
                "element": {"type": "plain_text_input", "action_id": "comment", "multiline": True, "max_length": 1000},
            },
        ],
    }


def read_reason(view: dict[str, Any]) -> tuple[str, str | None, str | None]:
    """Answer id, reason and comment of a submitted dialog; a reason that is none of ours counts as none."""
    values = view.get("state", {}).get("values", {})
    chosen = (values.get("reason", {}).get("reason", {}).get("selected_option") or {}).get("value")
    comment = values.get("comment", {}).get("comment", {}).get("value")
    return view.get("private_metadata", ""), chosen if chosen in REASONS else None, comment or None
