"""What the bot needs from the rest of the house, as small as it gets; `app.build` puts the real ones in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from assistant.answers import Answer, Question
from knowledge.access import Asker
from knowledge.documents import Document


class Asks(Protocol):
    """The one main path, synchronous; called in a worker thread."""

    def ask(self, question: Question, asker: Asker) -> Answer:
        """Answer one question on behalf of an asker."""


Streams = Callable[[Question, Asker, Callable[[str], None]], Answer]
"""As `Asks.ask`, handing over checked text piece by piece on the way."""


class Log(Protocol):
    """The answer log: knowledge gaps are read from it."""

    def add(self, answer: Answer, person: str, asker: Asker, surface: str, conversation: str) -> None:
        """Keep an answer that was shown."""

    def feedback(self, answer_id: str, person: str, verdict: str, reason: str | None, comment: str | None) -> None:
        """Note what its asker thinks of an answer."""

    def forget(self, person: str, conversation: str | None = None) -> None:
        """Erase what a person, or one question of theirs, left."""


class NoLog:
    """Where nothing is to be kept."""

    def add(self, answer: Answer, person: str, asker: Asker, surface: str, conversation: str) -> None:
        """Keep nothing."""

    def feedback(self, answer_id: str, person: str, verdict: str, reason: str | None, comment: str | None) -> None:
        """Keep nothing."""

    def forget(self, person: str, conversation: str | None = None) -> None:
        """Nothing was kept."""


@dataclass(frozen=True)
class RoleCard:
    """A role somebody may hold."""

    id: str
    name: str


@dataclass(frozen=True)
class BriefingSection:
    """One section of a role briefing, in the shape of an answer: every line cited."""

    title: str
    answer: Answer


class Briefings(Protocol):
    """Roles and their briefings."""

    def roles(self) -> Sequence[RoleCard]:
        """Every role."""

    def newcomer(self, text: str) -> RoleCard | None:
        """The role that somebody says they have just taken up, or None."""

    def sections(self, role_id: str, asker: Asker) -> Sequence[BriefingSection]:
        """The briefing, composed from what the asker may read."""


class NoBriefings:
    """Where there are no roles."""

    def roles(self) -> Sequence[RoleCard]:
        """None."""
        return ()

    def newcomer(self, text: str) -> RoleCard | None:
        """Nobody."""
        return None

    def sections(self, role_id: str, asker: Asker) -> Sequence[BriefingSection]:
        """None."""
        return ()


class Shelf(Protocol):
    """What the Home tab tells of the loaded guidance."""

    def documents(self, asker: Asker) -> list[Document]:
        """The documents an asker may read."""
