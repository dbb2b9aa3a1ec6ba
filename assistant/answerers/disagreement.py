"""Where two documents say the same thing of different numbers or dates."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.answers import Notice
from assistant.citations import Claim, reference
from knowledge.question_kind import QuestionKind
from knowledge.words import numbers, stems

SAME = 0.6
"""Share of their words, numbers aside, that two sentences have in common from which they say the same thing."""


def disagreement(claims: Sequence[Claim], kind: QuestionKind) -> tuple[tuple[Claim, Claim], Notice] | None:
    """The first two claims of different documents that answer a question for a number or date differently, or None.

    Neither text is taken to be right: both are shown, with their dates and standing.
    """
    if kind not in (QuestionKind.NUMBER, QuestionKind.DATE):
        return None
    for position, one in enumerate(claims):
        for other in claims[position + 1 :]:
            if one.source.document.id != other.source.document.id and _differ(one.text, other.text):
                names = f"{reference(one.source.document)} and {reference(other.source.document)}"
                return (one, other), Notice("sources_disagree", f"{names} give different figures; both are shown.")
    return None


def _differ(one: str, other: str) -> bool:
    first, second = numbers(one), numbers(other)
    if not first or not second or first & second:
        return False
    words = [frozenset(word for word in stems(text) if not word[0].isdigit()) for text in (one, other)]
    return bool(words[0] & words[1]) and len(words[0] & words[1]) / len(words[0] | words[1]) >= SAME
