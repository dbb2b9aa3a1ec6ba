"""What every errand of the bot uses, opened once; `app.build` puts it together."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.audience import Audience
from bot.database import Database
from bot.delivery import Inbox
from bot.ports import Asks, Briefings, Log, NoBriefings, NoLog, Shelf, Streams
from bot.posting import Poster
from bot.sessions import Sessions


@dataclass(frozen=True)
class Manners:
    """Figures that say how the bot behaves."""

    base_url: str | None = None
    """Where the documents' pages are reached; None leaves sources without links."""
    questions_per_minute: int = 10
    status_after_seconds: float = 0.7
    """An answer that is there sooner needs no status."""
    status_every_seconds: float = 90.0
    """Slack takes a status down after two minutes."""


@dataclass(frozen=True)
class Identity:
    """Who we are in Slack, by `auth.test`."""

    bot_user_id: str | None = None
    bot_id: str | None = None
    team: str | None = None
    enterprise: str | None = None


@dataclass
class Desk:
    """The parts of a running bot."""

    database: Database
    inbox: Inbox
    sessions: Sessions
    audience: Audience
    poster: Poster
    asks: Asks
    shelf: Shelf
    streams: Streams | None = None
    log: Log = field(default_factory=NoLog)
    briefings: Briefings = field(default_factory=NoBriefings)
    manners: Manners = field(default_factory=Manners)
    identity: Identity = field(default_factory=Identity)
