"""Questions that went wrong become drafts of cases, for a person to complete."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol

from evals.scorers import REFUSALS, word_list


class LoggedQuestion(Protocol):
    """A row of the answer log, as far as a draft needs it."""

    @property
    def question(self) -> str:
        """As it was asked."""

    @property
    def history(self) -> Sequence[str]:
        """Earlier user turns."""

    @property
    def status(self) -> str:
        """How the answer ended."""

    @property
    def verdict(self) -> str | None:
        """The asker's "up" or "down"; None without feedback."""

    @property
    def reason(self) -> str | None:
        """Why, of the reasons offered."""

    @property
    def comment(self) -> str | None:
        """What the asker added."""

    @property
    def documents(self) -> Sequence[str]:
        """Ids of the documents cited."""


def draft_cases(
    rows: Iterable[LoggedQuestion], known: Iterable[tuple[str, Sequence[str]]] = ()
) -> list[dict[str, Any]]:
    """One draft for each question that got a thumbs-down or no answer, the most frequent first.

    `known` are questions that are cases already, with their earlier turns. A draft has no facts and no evidence, so it
    does not load as a case until a person adds them (or sets a status for a question that has no answer); its `note`
    says what happened.
    """
    seen = {_key(question, history) for question, history in known}
    drafts: dict[str, dict[str, Any]] = {}
    counts: dict[str, int] = {}
    for row in rows:
        key = _key(row.question, row.history)
        if key in seen or not (row.verdict == "down" or row.status in REFUSALS):
            continue
        counts[key] = counts.get(key, 0) + 1
        drafts.setdefault(key, _draft(row, key))
    return [{**drafts[key], "note": _note(drafts[key]["note"], n)} for key, n in _most_frequent(counts)]


def write_drafts(drafts: Sequence[dict[str, Any]], path: Path) -> None:
    """Write drafts as JSON Lines, one a line, to be completed and moved into a suite."""
    path.write_text("".join(json.dumps(draft, ensure_ascii=False) + "\n" for draft in drafts), encoding="utf-8")


def _draft(row: LoggedQuestion, key: str) -> dict[str, Any]:
    happened = "thumbs down" if row.verdict == "down" else row.status
    parts = [
        happened,
        row.reason or "",
        row.comment or "",
        f"cited {', '.join(row.documents)}" if row.documents else "",
    ]
    return {
        "id": f"draft-{hashlib.sha256(key.encode()).hexdigest()[:8]}",
        "type": "draft",
        "question": row.question,
        "history": list(row.history),
        "facts": [],
        "evidence": [],
        "note": "; ".join(part for part in parts if part),
    }


def _note(note: str, times: int) -> str:
    return f"{note} (asked {times} times)" if times > 1 else note


def _key(question: str, history: Sequence[str] = ()) -> str:
    return "\n".join(" ".join(word_list(text)) for text in (*history, question))


def _most_frequent(counts: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: -item[1])
