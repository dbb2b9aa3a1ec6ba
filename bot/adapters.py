"""The answer log and the role briefings as the bot's ports ask for them."""

from __future__ import annotations

import dataclasses
import logging
import uuid
from collections.abc import Mapping, Sequence

from assistant import citations as checking
from assistant.answer_log import AnswerLog
from assistant.answers import Answer, Citation, Status
from assistant.assistant import Assistant
from assistant.errors import AnswerLogError
from assistant.identity import Identity, pseudonym
from assistant.roles.briefing import Briefing, Line, Section, compose
from assistant.roles.persona import role_named_in
from assistant.roles.render import line_text, reading_text
from assistant.roles.roles import Role
from bot.ports import BriefingSection, RoleCard
from knowledge.access import PUBLIC, Asker

log = logging.getLogger(__name__)


class LoggedAnswers:
    """The answer log, people standing in it under pseudonyms."""

    def __init__(self, answers: AnswerLog) -> None:
        """An open log."""
        self._answers = answers

    def add(self, answer: Answer, person: str, asker: Asker, surface: str, conversation: str) -> None:
        """Keep an answer that was shown; an answer in hand is worth more than its record."""
        try:
            self._answers.add(answer, _identity(person, asker), asker, surface, conversation)
        except AnswerLogError as error:
            log.error("answer not logged: %s", error)

    def feedback(self, answer_id: str, person: str, verdict: str, reason: str | None, comment: str | None) -> None:
        """Note what its asker thinks of an answer."""
        self._answers.feedback(answer_id, _identity(person, PUBLIC), verdict, reason, comment)

    def forget(self, person: str, conversation: str | None = None) -> None:
        """Erase what a person, or one question of theirs, left."""
        self._answers.forget(_identity(person, PUBLIC).pseudonym, conversation)


def _identity(person: str, asker: Asker) -> Identity:
    return Identity(asker, pseudonym("slack", person))


class RoleBriefings:
    """Briefings composed from the loaded documents, each section as an answer of its own."""

    def __init__(self, assistant: Assistant, roles: Mapping[str, Role]) -> None:
        """`roles` by id."""
        self._assistant, self._roles = assistant, roles

    def roles(self) -> Sequence[RoleCard]:
        """Every role, by name."""
        return sorted((_card(role) for role in self._roles.values()), key=lambda card: card.name)

    def newcomer(self, text: str) -> RoleCard | None:
        """The role that somebody says they have just taken up, or None."""
        role = role_named_in(text, self._roles)
        return _card(role) if role else None

    def sections(self, role_id: str, asker: Asker) -> Sequence[BriefingSection]:
        """The sections that have something to say, then what to read first."""
        role = self._roles.get(role_id)
        if role is None:
            return ()
        briefing = compose(role, self._assistant, asker)
        documents = {document.id: document for document in self._assistant.register.documents(asker)}
        found = []
        for section in briefing.sections:
            if section.lines:
                words, cited = _numbered(section)
                notices = tuple(checking.standing_notices(cited, documents))
                answer = _answer(section.title, words, cited, briefing)
                found.append(BriefingSection(section.title, dataclasses.replace(answer, notices=notices)))
        if briefing.reading_list:
            words = "\n".join(f"• {reading_text(entry)}" for entry in briefing.reading_list)
            title = "What to read first"
            found.append(BriefingSection(title, _answer(title, words, (), briefing)))
        return found


def _numbered(section: Section) -> tuple[str, tuple[Citation, ...]]:
    """A section's lines with their markers, numbered from 1 within the section."""
    numbers: dict[tuple[str, str], int] = {}
    cited: list[Citation] = []
    lines = []
    for line in section.lines:
        number = _number(line, numbers, cited)
        lines.append(f"• {line_text(line)} [{number}]")
    return "\n".join(lines), tuple(cited)


def _number(line: Line, numbers: dict[tuple[str, str], int], cited: list[Citation]) -> int:
    key = (line.citation.passage_id, line.citation.quote)
    if key not in numbers:
        numbers[key] = len(numbers) + 1
        cited.append(dataclasses.replace(line.citation, number=numbers[key]))
    return numbers[key]


def _answer(title: str, words: str, cited: tuple[Citation, ...], briefing: Briefing) -> Answer:
    return Answer(
        uuid.uuid4().hex, title, Status.ANSWERED, words, cited, confidence=1.0, documents=briefing.documents,
        classification=briefing.classification,
    )  # fmt: skip


def _card(role: Role) -> RoleCard:
    return RoleCard(role.id, role.short)
