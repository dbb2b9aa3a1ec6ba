"""What is said when the guidance does not answer: plainly that it does not, and where the nearest guidance is."""

from __future__ import annotations

from assistant.answers import Question, Status
from assistant.citations import reference
from knowledge.retrieved import Retrieved

MAX_SUGGESTIONS = 3
NEAR = 0.25
"""Cosine below which a document is not near enough to be worth naming."""

_TEXTS = {
    Status.NOT_FOUND: "The loaded guidance does not answer this.",
    Status.OUT_OF_SCOPE: "This is outside what the loaded guidance covers.",
    Status.NEEDS_CLARIFICATION: "What does this refer to? Please name the role, mission, topic or document.",
}


def refusal(status: Status, retrieved: Retrieved, question: Question) -> tuple[str, tuple[str, ...]]:
    """The words of a refusal, and the nearest documents by reference; none for a question about something else."""
    text = _TEXTS[status]
    if status is not Status.NOT_FOUND:
        return text, ()
    near = dict.fromkeys(reference(p.document) for p in retrieved.passages if p.dense >= NEAR)
    return text, tuple(near)[:MAX_SUGGESTIONS]
