"""The Home tab and the suggested prompts: what the bot covers, how fresh it is, your role, your data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from bot.blocks import plain_text
from bot.ports import RoleCard
from bot.splitting import Block
from knowledge.documents import Document

MAX_OPTIONS = 100
"""A menu of Block Kit holds no more."""
MAX_PROMPTS = 4
PROMPTS = (
    ("What integration means", "What is an integrated mission?"),
    ("Who decides what", "Who has authority over whom in an integrated mission?"),
    ("Quick impact projects", "What is the guidance on quick impact projects?"),
    ("Humanitarian space", "How is humanitarian space protected in an integrated mission?"),
)
ROLE_PROMPTS = (
    ("My responsibilities", "What am I responsible for as {name}?"),
    ("My reporting lines", "Whom does the {name} report to?"),
    ("What I may decide", "What may the {name} decide alone?"),
    ("What to read first", "What should the {name} read first?"),
)


def prompts(role: RoleCard | None) -> list[dict[str, str]]:
    """At most four suggestions for the Messages tab."""
    chosen = ROLE_PROMPTS if role else PROMPTS
    name = role.name if role else ""
    return [{"title": title, "message": text.format(name=name)} for title, text in chosen[:MAX_PROMPTS]]


def home_view(
    documents: Sequence[Document], roles: Sequence[RoleCard], role: str | None, kept: int, keep_days: int
) -> dict[str, Any]:
    """The view for one person, who may read these documents."""
    blocks: list[Block] = [
        {"type": "header", "text": plain_text("Focal Point")},
        _words("Answers from the mission's own guidance, each with the paragraph it rests on."),
        {"type": "header", "text": plain_text("What I cover")},
        _words(covered(documents)),
    ]
    if roles:
        blocks += [
            {"type": "header", "text": plain_text("Your role")},
            _words("Questions with “I” and “my” are read as this role's. It changes nothing in what you may read."),
            {"type": "actions", "elements": [_role_menu(roles[:MAX_OPTIONS], role)]},
        ]
    blocks += [
        {"type": "header", "text": plain_text("Your questions")},
        _words(_kept(kept, keep_days)),
        {"type": "actions", "elements": [_forget_button()]},
    ]
    return {"type": "home", "blocks": blocks}


def covered(documents: Sequence[Document]) -> str:
    """How many documents of which kind, and how new the newest is."""
    if not documents:
        return "No documents have been loaded yet."
    counts = Counter(str(d.kind) for d in documents).most_common()
    kinds = ", ".join(f"{number} {kind}{'' if number == 1 else 's'}" for kind, number in counts)
    newest = max((d for d in documents if d.date), key=lambda d: d.date or "", default=None)
    dated = f"\nThe newest is of {newest.date}: {newest.symbol or newest.title}." if newest else ""
    old = sum(d.standing in ("superseded", "historical") for d in documents)
    past = f"\n{old} of them are superseded or historical; answers say so." if old else ""
    number = "1 document" if len(documents) == 1 else f"{len(documents)} documents"
    return f"{number} you may read here: {kinds}.{dated}{past}"


def _kept(kept: int, keep_days: int) -> str:
    number = (
        "No questions of yours are"
        if not kept
        else "1 question of yours is"
        if kept == 1
        else (f"{kept} questions of yours are")
    )
    return (
        f"{number} kept, for follow-ups and to find gaps in the guidance, and erased after {keep_days} days."
        " I read no channels and no files. Deleting a question in our conversation erases it, and my answer, at once."
    )


def _words(text: str) -> Block:
    return {"type": "section", "text": plain_text(text[:3000])}


def _role_menu(roles: Sequence[RoleCard], role: str | None) -> Block:
    options = {card.id: {"text": plain_text(card.name[:75]), "value": card.id} for card in roles}
    menu: Block = {
        "type": "static_select",
        "action_id": "choose_role",
        "placeholder": plain_text("Choose your role"),
        "options": list(options.values()),
    }
    return {**menu, "initial_option": options[role]} if role in options else menu


def _forget_button() -> Block:
    return {
        "type": "button",
        "action_id": "forget_me",
        "style": "danger",
        "text": plain_text("Delete my history"),
        "value": "forget",
        "confirm": {
            "title": plain_text("Delete my history"),
            "text": plain_text("Your questions, ratings and role are erased here. Messages in Slack stay."),
            "confirm": plain_text("Delete"),
            "deny": plain_text("Cancel"),
        },
    }
