"""Who is asking and what may be said where: the mapping file, the workspace's word on a person, and the place.

Clearance follows the workspace's own identity (`T…/U…`), never an email address or a name: a profile's address may be
set by the person, and guests have one too. Whatever cannot be established counts as nothing known.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from assistant.surfaces import DEFAULT_CEILINGS, Ceilings, Surface, lowered
from bot.errors import BotError, Refused
from knowledge.access import PUBLIC, Asker
from knowledge.documents import Classification

log = logging.getLogger(__name__)

FILE_NAME = "slack-people.yaml"
MEMBER_SECONDS = 60.0
"""How long the workspace's word on a person is believed."""
TEMPLATE = """\
# Who may read what through Slack. Saved changes count from the next question on; `focal doctor` checks this file.
# Find a person's id in Slack: open the profile, the three dots, "Copy member ID". The workspace id (T...) stands in
# the address bar of Slack in a browser. An email address is no proof of who somebody is and is not used here.

workspaces: []         # further workspace or enterprise ids whose full members are staff, beside the bot's own

everyone:              # what every full member of the workspace may read; channels get exactly this, and no more
  clearance: unclassified

people: {}             # those who may read more, in direct messages and private answers only
#  U0123456789:
#    clearance: confidential
#    groups: [security]

focal_point:           # member or channel id to which unanswered questions can be handed, such as U0123456789
"""


class Grant(BaseModel):
    """A level and groups."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    clearance: Classification = Classification.UNCLASSIFIED
    groups: frozenset[str] = frozenset()

    def asker(self) -> Asker:
        """The asker it makes."""
        return Asker(self.clearance, self.groups)


class PeopleFile(BaseModel):
    """The mapping file as the guidance manager writes it."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    workspaces: tuple[str, ...] = ()
    everyone: Grant = Grant()
    people: dict[str, Grant] = Field(default_factory=dict)
    focal_point: str | None = Field(default=None, pattern=r"^[UWCG][A-Z0-9]+$")


class Place(StrEnum):
    """Where an answer is read."""

    DIRECT = "direct"
    """Direct message, by the asker alone."""
    PRIVATE = "private"
    """Shown to the asker alone, in the middle of a channel."""
    CHANNEL = "channel"
    EXTERNAL = "external"
    """A channel that people of other organisations read."""


@dataclass(frozen=True)
class Person:
    """A Slack user as Slack names them."""

    team: str
    user: str

    @property
    def key(self) -> str:
        """The name under which the bot keeps things."""
        return f"{self.team}/{self.user}"

    @staticmethod
    def of(key: str) -> Person:
        """The person of a key."""
        team, _, user = key.partition("/")
        return Person(team, user)


Lookup = Callable[[str], Awaitable[dict[str, Any]]]
"""A user id to Slack's `users.info`."""


class Audience:
    """Reads the mapping file when it changes, and asks Slack who somebody is."""

    def __init__(
        self,
        folder: Path,
        lookup: Lookup,
        ceilings: Ceilings = DEFAULT_CEILINGS,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`folder` is FOCAL_HOME; a commented file is written there if there is none."""
        self.path = folder / FILE_NAME
        self._lookup, self._ceilings, self._now = lookup, ceilings, now
        self._read: tuple[tuple[int, int], PeopleFile] | None = None
        self._members: dict[str, tuple[float, bool]] = {}
        self.home_workspaces: frozenset[str] = frozenset()
        """Ids of the workspace, and enterprise, in which the bot is installed."""
        if not self.path.exists():
            folder.mkdir(parents=True, exist_ok=True)
            self.path.write_text(TEMPLATE, encoding="utf-8")

    async def asker(self, person: Person, place: Place) -> Asker:
        """On whose behalf a question counts that this person asks in this place.

        Raises Later while Slack cannot say who it is: half an answer would pass for a whole one.
        """
        people = self.people()
        if place is Place.EXTERNAL or not await self._is_member(person, people):
            return PUBLIC
        if place is Place.CHANNEL:
            return lowered(people.everyone.asker(), Surface.SLACK_CHANNEL, self._ceilings)
        grant = people.people.get(person.user, people.everyone)
        return lowered(grant.asker(), Surface.SLACK_DM, self._ceilings)

    def people(self) -> PeopleFile:
        """The mapping as it stands now; one that cannot be used grants nobody anything."""
        try:
            stat = self.path.stat()
            stamp = (stat.st_mtime_ns, stat.st_size)
            if self._read is None or self._read[0] != stamp:
                self._read = (stamp, read_people(self.path))
            return self._read[1]
        except (OSError, PeopleFileError) as error:
            log.error("%s; until then everybody reads unclassified documents only", error)
            return PeopleFile()

    async def _is_member(self, person: Person, people: PeopleFile) -> bool:
        known = self._members.get(person.key)
        if known and self._now() - known[0] < MEMBER_SECONDS:
            return known[1]
        try:
            profile = await self._lookup(person.user)
        except Refused as error:
            log.warning("%s could not be looked up: %s", person.key, error)
            return False
        member = is_full_member(profile, self.home_workspaces | frozenset(people.workspaces))
        if len(self._members) > 10_000:
            self._members.clear()
        self._members[person.key] = (self._now(), member)
        return member


class PeopleFileError(BotError):
    """The mapping file cannot be used."""


def read_people(path: Path) -> PeopleFile:
    """The mapping file. Raises PeopleFileError naming the line or field."""
    try:
        return PeopleFile.model_validate(_pruned(yaml.safe_load(path.read_text(encoding="utf-8")) or {}))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise PeopleFileError(f"{path}: is not YAML: {' '.join(str(error).split())}") from None
    except ValidationError as error:
        first = error.errors()[0]
        raise PeopleFileError(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None


def _pruned(body: Any) -> Any:
    """Keys without a value count as left out."""
    return {key: value for key, value in body.items() if value is not None} if isinstance(body, dict) else body


def is_full_member(profile: dict[str, Any], workspaces: frozenset[str]) -> bool:
    """True for a person of one of the workspaces who is no guest, stranger, bot or leaver."""
    barred = ("deleted", "is_bot", "is_app_user", "is_restricted", "is_ultra_restricted", "is_stranger")
    enterprise = profile.get("enterprise_user") or {}
    belongs = {profile.get("team_id"), enterprise.get("enterprise_id"), *enterprise.get("teams", ())}
    return not any(profile.get(flag) for flag in barred) and not workspaces.isdisjoint(belongs - {None})
