"""What is measured: anything that answers and searches, and the assistant seen that way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from assistant.answers import Answer, Question
from assistant.assistant import Assistant
from knowledge.access import PUBLIC, Asker


@dataclass(frozen=True)
class Hit:
    """One retrieved passage, as a run records it."""

    passage_id: str
    document_id: str
    paragraph: str | None
    page: int | None
    text: str
    score: float


class Subject(Protocol):
    """A system under measurement; the assistant, a peer and the fakes of the tests alike."""

    @property
    def fingerprint(self) -> str:
        """Changes when the documents do."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """What the results depend on besides the documents."""

    def ask(self, question: Question) -> Answer:
        """The answer a user would get."""

    def search(self, question: Question, limit: int) -> Sequence[Hit]:
        """The first passages retrieved for the question, best first."""

    def documents(self) -> Mapping[str, str]:
        """sha256 of every document that can be cited, by id."""

    def passages(self, document_id: str) -> Sequence[tuple[str, str]]:
        """(id, text) of every passage of a document; empty for a document that is not loaded."""


class AssistantSubject:
    """The assistant on behalf of one asker."""

    def __init__(self, assistant: Assistant, settings: Mapping[str, Any], asker: Asker = PUBLIC) -> None:
        """`assistant` is open; who opened it closes it."""
        self._assistant = assistant
        self._asker = asker
        self.settings = settings
        self.fingerprint = assistant.fingerprint(asker)

    def ask(self, question: Question) -> Answer:
        """The answer a user would get."""
        return self._assistant.ask(question, self._asker)

    def search(self, question: Question, limit: int) -> list[Hit]:
        """The first passages retrieved for the question, best first."""
        return [
            Hit(r.passage.id, r.document.id, r.passage.paragraph, r.passage.page, r.passage.text, float(r.score))
            for r in self._assistant.search(question, self._asker, limit=limit)
        ]

    def documents(self) -> dict[str, str]:
        """sha256 of every document that can be cited, by id."""
        return {document.id: document.sha256 for document in self._assistant.register.documents(self._asker)}

    def passages(self, document_id: str) -> list[tuple[str, str]]:
        """(id, text) of every passage of a document."""
        return [(p.id, p.text) for p in self._assistant.register.passages(document_id, self._asker)]
