"""Knowledge gaps: questions the guidance could not answer, those that mean the same counted together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.answer_log import LoggedAnswer
from knowledge.embedding import Embedding

SAME = 0.7
"""Cosine from which two questions count as one; all-MiniLM paraphrases of one question lie mostly above it."""
MAX_EXAMPLES = 5


@dataclass(frozen=True)
class Gap:
    """Questions that ask for the same, most recent wording first."""

    questions: tuple[str, ...]
    times: int
    status: str
    last_asked: str
    """Date, ISO 8601."""
    complaints: int = 0
    """How many were answered and got a thumbs-down."""


def group(rows: Sequence[LoggedAnswer], embedding: Embedding) -> list[Gap]:
    """The gaps in `rows` (newest first), the most frequent first."""
    texts = list(dict.fromkeys(row.question for row in rows))
    if not texts:
        return []
    vectors = dict(zip(texts, embedding.encode(texts).texts, strict=True))
    groups: list[list[LoggedAnswer]] = []
    for row in rows:
        vector = vectors[row.question]
        for members in groups:
            if float(vectors[members[0].question] @ vector) >= SAME:
                members.append(row)
                break
        else:
            groups.append([row])
    return sorted((_gap(members) for members in groups), key=lambda gap: (-gap.times, gap.questions))


def _gap(members: Sequence[LoggedAnswer]) -> Gap:
    return Gap(
        questions=tuple(dict.fromkeys(row.question for row in members))[:MAX_EXAMPLES],
        times=len(members),
        status=members[0].status,
        last_asked=members[0].at[:10],
        complaints=sum(row.verdict == "down" for row in members),
    )
