"""Text crosses into and out of Slack here: nothing a document or a person wrote may become markup, link or mention."""

from __future__ import annotations

import html
import re
import unicodedata
from urllib.parse import quote, urlsplit

_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_MARKDOWN = re.compile(r"([\\`*_~\[\]#|!])")
_LINE_START = re.compile(r"^(\s*)([-+]|\d+[.)])(?=\s)", re.MULTILINE)
_SCHEME = re.compile(r"\b([A-Za-z][A-Za-z0-9+.-]{1,20}):(?=\S)")
_REFERENCE = re.compile(r"<([^<>]*)>")
_JOINER = "\u2060"
"""Word joiner: has no width, and keeps a client from making a link of a bare address."""


def plain(text: str) -> str:
    """Text for a field that Slack does not parse (rich text, plain text): without characters that hide or reorder."""
    return _UNSEEN.sub("", text)


def mrkdwn(text: str) -> str:
    """Text for a field in Slack's own dialect, such as the notification text."""
    return plain(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def markdown(text: str) -> str:
    """Text for a field in standard Markdown, such as a stream."""
    marked = _MARKDOWN.sub(r"\\\1", mrkdwn(text))
    return _LINE_START.sub(lambda m: f"{m[1]}{_escaped_bullet(m[2])}", _SCHEME.sub(rf"\1:{_JOINER}", marked))


def _escaped_bullet(mark: str) -> str:
    return f"{mark[:-1]}\\{mark[-1]}"


def link(base_url: str | None, path: str) -> str | None:
    """A link that opens whatever stands in the path (spaces, brackets, `|`, `&`); None without an http(s) base."""
    if not base_url or urlsplit(base_url).scheme not in ("http", "https") or not path.startswith("/"):
        return None
    return base_url.rstrip("/") + quote(path, safe="/#%-._~")


def question_text(text: str, bot_user_id: str | None) -> str:
    """What somebody asked, in words: without the mention of us, references replaced by what a reader sees."""
    words = _REFERENCE.sub(lambda m: _seen(m[1], bot_user_id), text)
    return " ".join(unicodedata.normalize("NFC", plain(html.unescape(words))).split())


def _seen(reference: str, bot_user_id: str | None) -> str:
    target, _, label = reference.partition("|")
    if target.startswith("@"):
        return "" if bot_user_id and target[1:] == bot_user_id else f"@{label}" if label else "somebody"
    if target.startswith("#"):
        return f"#{label}" if label else "a channel"
    if target.startswith("!"):
        return label
    return label or target
