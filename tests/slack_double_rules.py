"""What Slack refuses, as the double applies it. Each rule names the section of the Slack notes it comes from."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

TEXT = 40_000  # notes 2.3: longer text is cut, which for an answer is a loss
BLOCKS, VIEW_BLOCKS = 50, 100  # 2.3
SUM_CHARACTERS = 13_200  # 2.3: msg_blocks_too_long (bolt-js #2509)
STREAM_BYTES = 10_600  # 2.3: streamed message with blocks (openclaw #143882)
MARKDOWN = 12_000  # 2.3
ELEMENTS = {"context": 10, "actions": 25, "context_actions": 5}  # 2.3
PLAIN_LIMITS = {"header": 150, "section": 3_000}  # 2.3
ALERT_LEVELS = {"default", "info", "warning", "error", "success"}  # 1.4, slack-sdk AlertBlock
PROMPTS, LOADING_MESSAGES, SESSION_TITLE, METADATA = 4, 10, 200, 3_000  # 2.3

_LIVE_MRKDWN = re.compile(r"<(![^>]+|@[UW][^>]*|#C[^>]*|(?:https?|mailto|javascript)[^>]*)>")
_LIVE_MARKDOWN = re.compile(
    r"<![a-z]+[^>]*>|<@[UW][^>]*>|(?<!\\)\[[^\]]*(?<!\\)\]\([^)]*\)|(?:https?|javascript):[^\s\u2060]"
)


@dataclass
class Fault:
    """What becomes of the next call of a method."""

    status: int = 200
    error: str = ""
    retry_after: int | None = None
    done_all_the_same: bool = False


class Refusal(Exception):
    """Slack says no, in this word."""


def check_message(params: dict[str, Any]) -> None:
    """Refuse what `chat.postMessage`, `chat.update` and `chat.postEphemeral` refuse."""
    text, blocks = params.get("text") or "", params.get("blocks") or []
    if not text.strip():
        raise Refusal("no_text")  # 2.4: always send text with blocks
    if len(text) > TEXT:
        raise Refusal("msg_too_long")
    if params.get("link_names") or params.get("parse") == "full":
        raise Refusal("mentions_made_live")  # 2.4: never
    check_blocks(blocks)


def check_blocks(blocks: list[dict[str, Any]], most: int = BLOCKS) -> None:
    """Refuse blocks that break a limit of 2.3."""
    if len(blocks) > most:
        raise Refusal("invalid_blocks")
    for block in blocks:
        _check_block(block)
    if sum(len(words) for block in blocks for words in texts(block)) > SUM_CHARACTERS:
        raise Refusal("msg_blocks_too_long")


def _check_block(block: dict[str, Any]) -> None:
    kind = block["type"]
    _require(len(block.get("block_id", "")) <= 255)
    if kind in ELEMENTS:
        _require(0 < len(block["elements"]) <= ELEMENTS[kind])
        for element in block["elements"]:
            _check_element(element)
    elif kind in PLAIN_LIMITS:
        _check_text(block["text"], PLAIN_LIMITS[kind])
    elif kind == "alert":
        _require(block.get("level", "default") in ALERT_LEVELS)
        _check_text(block["text"], 3_000)
    elif kind == "container":
        _check_text(block["title"], 150)
        _require(0 < len(block["child_blocks"]) <= 10)
        for child in block["child_blocks"]:
            _require(child["type"] != "container")
            _check_block(child)
    elif kind == "markdown":
        _require(0 < len(block["text"]) <= MARKDOWN)
    elif kind == "rich_text":
        _require(bool(block["elements"]))
        for part in block["elements"]:
            inner = part["elements"] if part["type"] == "rich_text_list" else [part]
            _require(bool(inner))
            for section in inner:
                _require(section["type"] in ("rich_text_section", "rich_text_quote") and bool(section["elements"]))
                for element in section["elements"]:
                    _check_rich(element)
    elif kind == "input":
        _check_text(block["label"], 2_000)
    else:
        _require(kind in ("divider", "image", "table"))


def _check_rich(element: dict[str, Any]) -> None:
    _require(element["type"] in ("text", "link", "user"))
    if element["type"] == "text":
        _require(bool(element["text"]))
    if element["type"] == "link":
        _require(re.match(r"https?://[^\s<>|]+$", element["url"]) is not None)


def _check_element(element: dict[str, Any]) -> None:
    kind = element["type"]
    _require(len(element.get("action_id", "")) <= 255)
    if kind == "button":
        _check_text(element["text"], 75)
        _require(len(element.get("value", "")) <= 2_000)
    elif kind == "feedback_buttons":
        for side in ("positive_button", "negative_button"):
            _check_text(element[side]["text"], 75)
            _require(0 < len(element[side]["value"]) <= 2_000)
    elif kind == "static_select":
        _require(0 < len(element["options"]) <= 100)
        for option in element["options"]:
            _check_text(option["text"], 75)
        _require("initial_option" not in element or element["initial_option"] in element["options"])
    else:
        _require(kind in ("plain_text", "mrkdwn", "icon_button"))


def _check_text(text: dict[str, Any], most: int) -> None:
    _require(text["type"] in ("plain_text", "mrkdwn") and 0 < len(text["text"]) <= most)


def _require(holds: bool) -> None:
    if not holds:
        raise Refusal("invalid_blocks")


def check_view(view: dict[str, Any]) -> None:
    """Refuse views that break a limit of 2.3."""
    check_blocks(view["blocks"], VIEW_BLOCKS)
    _require(len(view.get("private_metadata", "")) <= METADATA)
    if view["type"] == "modal":
        for part in ("title", "submit", "close"):
            _check_text(view[part], 24)


def texts(block: Any) -> list[str]:
    """Every run of words in a block."""
    if isinstance(block, dict):
        own = [block["text"]] if isinstance(block.get("text"), str) else []
        return own + [words for key, value in block.items() if key != "text" or not own for words in texts(value)]
    return [words for part in block for words in texts(part)] if isinstance(block, list) else []


def size(message: dict[str, Any]) -> int:
    """UTF-8 bytes of a message's text and blocks."""
    blocks = json.dumps(message.get("blocks") or [], ensure_ascii=False)
    return len((message.get("text") or "").encode()) + len(blocks.encode())


def live(message: dict[str, Any]) -> list[str]:
    """Mentions and links that Slack would make of a message, except links that a rich text states as such (2.4)."""
    found = _LIVE_MRKDWN.findall(message.get("text") or "")
    found += _LIVE_MARKDOWN.findall(message.get("markdown_text") or "")
    return found + [words for block in message.get("blocks") or [] for words in _live_in(block)]


def _live_in(part: Any) -> list[str]:
    if isinstance(part, list):
        return [words for inner in part for words in _live_in(inner)]
    if not isinstance(part, dict):
        return []
    if part.get("type") == "mrkdwn":
        return _LIVE_MRKDWN.findall(part["text"])
    if part.get("type") == "markdown":
        return _LIVE_MARKDOWN.findall(part["text"])
    if part.get("type") in ("user", "usergroup", "broadcast", "channel"):
        return [json.dumps(part)]
    return [words for value in part.values() for words in _live_in(value)]
