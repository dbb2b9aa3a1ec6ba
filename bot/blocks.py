"""An answer as Slack messages. Pure: the same answer always gives the same blocks.

Words of answers, documents and people only ever stand in rich-text and plain-text fields, which Slack shows as they
are: there is no markup to escape from. Notification texts are escaped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from assistant.answers import Answer, Citation, Status
from assistant.citations import place
from bot.escaping import link, mrkdwn, plain
from bot.splitting import Block, Message, Piece, pack, paragraphs

MAX_QUOTE_WORDS = 60
STANDING = {
    "superseded": "superseded",
    "historical": "historical",
    "draft": "draft",
    "review_overdue": "review overdue",
}
WARNINGS = frozenset({"superseded", "draft", "review_overdue", "sources_disagree", "fallback", "withheld", "respelled"})
"""Kinds of notice that change what a reader may do with the answer; they stand above it."""
_BULLET = re.compile(r"[-•–]\s+(?=\S)")
"""What opens a line of a list; Slack draws its own, with a hanging indent."""
_MARKER = re.compile(r"\[(\d+)\]")


@dataclass(frozen=True)
class Offer:
    """A button under an answer."""

    action: str
    label: str
    confirm: str | None = None
    """A question to be answered before it counts."""


SHARE = Offer("share", "Share with the channel")
ASK_PRIVATELY = Offer("ask_privately", "Answer me privately")
HAND_OVER = Offer("hand_over", "Ask the focal point", "Your question and your name go to the focal point for guidance.")
START_BRIEFING = Offer("briefing", "Start the briefing")
NEXT_SECTION = Offer("briefing", "Next section")
ANSWER_AGAIN = Offer("answer_again", "Answer again")


def render(
    answer: Answer, base_url: str | None = None, offers: tuple[Offer, ...] = (), rated: bool = True
) -> list[Message]:
    """The messages that show an answer: what must be known first, the words, the sources, and what can be done."""
    return pack(_pieces(answer, base_url, offers, rated))


def _pieces(answer: Answer, base_url: str | None, offers: tuple[Offer, ...], rated: bool) -> Iterator[Piece]:
    links = {c.number: link(base_url, c.url) for c in answer.citations}
    if answer.classification != "unclassified":
        marking = answer.classification.replace("_", " ").upper()
        yield _block({"type": "context", "elements": [plain_text(marking)]}, marking)
    for notice in answer.notices:
        if notice.kind in WARNINGS:
            yield _alert("warning", notice.text)
    for paragraph in paragraphs(plain(answer.answer)):
        bullet = _BULLET.match(paragraph)
        words = paragraph[bullet.end() :] if bullet else paragraph
        yield Piece("item" if bullet else "paragraph", _linked(words, links), mrkdwn(paragraph))
    if answer.suggestions:
        near = "Nearest guidance: " + "; ".join(answer.suggestions)
        yield Piece("paragraph", [_text(plain(near))], mrkdwn(near))
    for notice in answer.notices:
        if notice.kind not in WARNINGS:
            yield _alert("info", notice.text)
    for citation in answer.citations:
        yield Piece(
            "source", _source(citation, links[citation.number]), mrkdwn(f"[{citation.number}] {_head(citation)}")
        )
    if rated and answer.status is not Status.NEEDS_CLARIFICATION:
        yield _block(feedback_buttons(answer.answer_id))
    if offers:
        yield _block(buttons(offers, answer.answer_id))


def _linked(paragraph: str, links: dict[int, str | None]) -> list[Block]:
    """A paragraph with its markers bold, and leading to their sources."""
    elements: list[Block] = []
    end = 0
    for match in _MARKER.finditer(paragraph):
        number = int(match[1])
        if number not in links:
            continue
        if match.start() > end:
            elements.append(_text(paragraph[end : match.start()]))
        elements.append(_to(links[number], match[0]))
        end = match.end()
    if end < len(paragraph) or not elements:
        # Slack refuses an element without text; a line without words still parts two paragraphs.
        elements.append(_text(paragraph[end:] or " "))
    return elements


def _source(citation: Citation, url: str | None) -> Block:
    """Where the words stand, how far they hold, and the words."""
    where = plain(place(citation))
    elements = [_text(f"[{citation.number}] ", bold=True), _to(url, where)]
    about = _about(citation)
    if about:
        elements.append(_text(plain(f" · {about}")))
    standing = _standing(citation)
    if standing:
        elements += [_text(" · "), _text(plain(standing), bold=True)]
    words = " ".join(plain(citation.quote).split()).split(" ")
    quote = " ".join(words[:MAX_QUOTE_WORDS]) + (" …" if len(words) > MAX_QUOTE_WORDS else "")
    return {
        "type": "rich_text",
        "elements": [
            {"type": "rich_text_section", "elements": elements},
            {"type": "rich_text_quote", "elements": [_text(f"“{quote}”")]},
        ],
    }


def _head(citation: Citation) -> str:
    return ", ".join(part for part in (place(citation), _about(citation), _standing(citation)) if part)


def _about(citation: Citation) -> str:
    """Title, where the symbol did not name it, and date."""
    return ", ".join(part for part in (citation.title if citation.symbol else "", citation.date or "") if part)


def _standing(citation: Citation) -> str:
    """In a word; a notice names the successor, to those who may know of it."""
    return STANDING.get(citation.standing, "")


def note(text: str, offers: tuple[Offer, ...] = (), value: str = "") -> Message:
    """A short word of the bot's own."""
    blocks: list[Block] = [
        {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [_text(plain(text))]}]}
    ]
    if offers:
        blocks.append(buttons(offers, value))
    return Message(mrkdwn(text), blocks)


def buttons(offers: tuple[Offer, ...], value: str) -> Block:
    """A row of buttons; the value comes back with the click."""
    return {"type": "actions", "elements": [_button(offer, value) for offer in offers]}


def _button(offer: Offer, value: str) -> Block:
    button: Block = {
        "type": "button",
        "action_id": offer.action,
        "text": plain_text(offer.label),
        "value": value,
    }
    if offer.confirm:
        button["confirm"] = {
            "title": plain_text(offer.label),
            "text": plain_text(offer.confirm),
            "confirm": plain_text("Send"),
            "deny": plain_text("Cancel"),
        }
    return button


def feedback_buttons(answer_id: str) -> Block:
    """Was it right? One click."""
    element = {"type": "feedback_buttons", "action_id": "feedback"}
    for side, verdict, label in (("positive", "up", "Helpful"), ("negative", "down", "Not helpful")):
        element[f"{side}_button"] = {  # type: ignore[assignment]
            "text": plain_text(label),
            "accessibility_label": f"Mark this answer as {label.lower()}",
            "value": f"{verdict}:{answer_id}",
        }
    return {"type": "context_actions", "elements": [element]}


def classic(message: Message) -> Message:
    """The same with the oldest blocks only, for a Slack that does not know the newer ones yet."""
    return Message(message.text, [old for block in message.blocks for old in _classic(block)])


def _classic(block: Block) -> list[Block]:
    if block["type"] == "container":
        return list(block["child_blocks"])
    if block["type"] == "alert":
        return [{"type": "context", "elements": [block["text"]]}]
    return [] if block["type"] == "context_actions" else [block]


def plain_text(text: str) -> dict[str, Any]:
    """A field that Slack shows as it is."""
    return {"type": "plain_text", "text": plain(text), "emoji": False}


def _alert(level: str, text: str) -> Piece:
    return _block({"type": "alert", "level": level, "text": plain_text(text)}, f"Note: {text}")


def _block(block: Block, words: str = "") -> Piece:
    return Piece("block", block, mrkdwn(words))


def _text(text: str, bold: bool = False) -> Block:
    element: Block = {"type": "text", "text": text}
    return {**element, "style": {"bold": True}} if bold else element


def _to(url: str | None, text: str) -> Block:
    return {"type": "link", "url": url, "text": text} if url else _text(text, bold=True)
