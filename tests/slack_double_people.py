"""Those around the bot in its tests: an assistant that answers from a table, a log, roles, and a signed Slack."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from assistant import stopping
from assistant.answers import Answer, Citation, Notice, Question, Status
from bot.ports import BriefingSection, RoleCard
from knowledge.access import Asker
from knowledge.documents import Classification, Document

ANSWER = "The Special Representative decides on quick impact projects. [1] Civil affairs officers propose them. [2]"
SECRET = "Convoy Juliet moves at dawn."


def citation(number: int = 1, **changes: object) -> Citation:
    """A citation of a numbered paragraph."""
    values: dict[str, object] = {
        "number": number, "document_id": "s-2025-54", "symbol": "S/2025/54", "title": "Report on the mission",
        "date": "2025-02-03", "section": ("VI. Civil affairs",), "paragraph": str(22 + number), "page": 6,
        "quote": "The Special Representative decides on quick impact projects.", "passage_id": f"s-2025-54:{number}",
        "url": f"/documents/s-2025-54#p{22 + number}", "standing": "in_force", "superseded_by": None,
        "binding": "mandatory",
    }  # fmt: skip
    return Citation(**{**values, **changes})  # type: ignore[arg-type]


def answer(text: str = ANSWER, citations: Sequence[Citation] | None = None, **changes: object) -> Answer:
    """An answer with two citations."""
    cited = tuple(citations) if citations is not None else (citation(1), citation(2))
    values: dict[str, object] = {"status": Status.ANSWERED, "confidence": 0.8}
    return Answer(uuid.uuid4().hex, "", answer=text, citations=cited, **{**values, **changes})  # type: ignore[arg-type]


def not_found() -> Answer:
    """What anybody hears about what they may not read, and about what is not there."""
    return answer("The loaded guidance does not answer this.", (), status=Status.NOT_FOUND, suggestions=("S/2025/54",))


@dataclass
class TableAssistant:
    """Answers from a table; what the table does not hold is not found. Text under `secret` needs clearance."""

    table: dict[str, Answer] = field(default_factory=dict)
    seconds: float = 0.0
    failures: list[Exception] = field(default_factory=list)
    asked: list[tuple[Question, Asker]] = field(default_factory=list)
    ended: list[float] = field(default_factory=list)
    """When a question was given up, by the monotonic clock."""
    pieces: Callable[[str], list[str]] = str.split

    def ask(self, question: Question, asker: Asker) -> Answer:
        """As the assistant."""
        self.asked.append((question, asker))
        if self.failures:
            raise self.failures.pop(0)
        self._take_time()
        return self._find(question, asker)

    def stream(self, question: Question, asker: Asker, emit: Callable[[str], None]) -> Answer:
        """As the assistant, word by word."""
        self.asked.append((question, asker))
        found = self._find(question, asker)
        for piece in self.pieces(found.answer):
            self._take_time()
            try:
                emit(piece)
            except Exception:
                self.ended.append(time.monotonic())
                raise
        return found

    def _find(self, question: Question, asker: Asker) -> Answer:
        found = self.table.get(question.text) or not_found()
        if asker.clearance.rank < Classification(found.classification).rank:
            found = not_found()
        return Answer(**{**vars(found), "question": question.text, "answer_id": uuid.uuid4().hex})

    def _take_time(self) -> None:
        end = time.monotonic() + self.seconds
        while time.monotonic() < end:
            try:
                stopping.check()
            except Exception:
                self.ended.append(time.monotonic())
                raise
            time.sleep(0.005)

    def documents(self, asker: Asker) -> list[Document]:
        """The register's list."""
        return [Document("s-2025-54", "Report on the mission", "0" * 64, "a.pdf", "S/2025/54", date="2025-02-03")]


@dataclass
class ListLog:
    """An answer log in lists."""

    added: list[tuple[Answer, str, Asker, str, str]] = field(default_factory=list)
    verdicts: dict[tuple[str, str], tuple[str, str | None, str | None]] = field(default_factory=dict)
    forgotten: list[tuple[str, str | None]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, answer: Answer, person: str, asker: Asker, surface: str, conversation: str) -> None:
        self.added.append((answer, person, asker, surface, conversation))

    def feedback(self, answer_id: str, person: str, verdict: str, reason: str | None, comment: str | None) -> None:
        self.verdicts[answer_id, person] = (verdict, reason, comment)

    def forget(self, person: str, conversation: str | None = None) -> None:
        self.forgotten.append((person, conversation))


class TwoRoles:
    """Roles with a briefing of two sections."""

    def roles(self) -> Sequence[RoleCard]:
        return (RoleCard("dsrsg-rc-hc", "DSRSG/RC/HC"), RoleCard("srsg", "SRSG"))

    def newcomer(self, text: str) -> RoleCard | None:
        return self.roles()[0] if "appointed DSRSG" in text else None

    def sections(self, role_id: str, asker: Asker) -> Sequence[BriefingSection]:
        first = answer("You report to the SRSG. [1]", (citation(1),))
        return (BriefingSection("Reporting lines", first), BriefingSection("What to read first", answer()))


OLD_DOCUMENT = Notice("superseded", "S/2025/54 is superseded by S/2026/1; check what holds now.")
