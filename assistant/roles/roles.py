"""Roles as data: what a role is called, which hats it wears, and the questions whose answers make its briefing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from assistant.errors import QuestionError, SettingsError

FOLDER = Path(__file__).resolve().parent
SECTIONS = "sections.yaml"
"""The sections every role has unless its own file says otherwise."""


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Ask(_Data):
    """One question, and what a line that answers it must hold."""

    ask: str = Field(min_length=3)
    """`{role}` stands for the way the role is named in questions."""
    about: tuple[str, ...] = ()
    """Names of which one must stand in the line; empty: the role's own."""
    words: tuple[str, ...] = ()
    """Words or phrases of which one must stand in the line, any ending; empty: none is needed."""
    subject: bool = False
    """True if a name must stand just before one of the words ("the deputy should ...")."""
    label: str = ""
    """Shown before the lines that answer it."""


class SectionPlan(_Data):
    """A section of a briefing and the questions that fill it."""

    id: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    title: str = Field(min_length=1)
    asks: tuple[Ask, ...] = ()
    lines: int = Field(4, ge=1, le=20)
    """Most lines shown."""
    side_by_side: bool = False
    """Shows what each document says, one after the other, each with its date and standing."""


class Hat(_Data):
    """One of the functions that the holder of a role carries, with its reporting lines."""

    name: str = Field(min_length=1)
    names: tuple[str, ...] = ()
    primary: Ask | None = None
    secondary: Ask | None = None
    dotted: Ask | None = None

    @property
    def forms(self) -> tuple[str, ...]:
        """Every way of naming it."""
        return (self.name, *self.names)

    def reporting(self) -> Iterable[tuple[str, Ask]]:
        """Kind of line and its question, for those that are asked about."""
        for kind, ask in (("primary", self.primary), ("secondary", self.secondary), ("dotted", self.dotted)):
            if ask is not None:
                yield kind, ask


class _Sections(_Data):
    hats: SectionPlan
    sections: tuple[SectionPlan, ...]


class Role(_Data):
    """A post in or beside a mission."""

    id: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    short: str = Field(min_length=1)
    """How the role is named in headings and lists."""
    title: str = Field(min_length=1)
    called: str = Field(min_length=1)
    """How the role is named in questions, close to the words documents use."""
    abbreviations: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    """Names of other roles that hold one of this role's own ("DSRSG for political affairs")."""
    hats: tuple[Hat, ...] = ()
    without: tuple[str, ...] = ()
    """Ids of the common sections that this role does not have."""
    sections: tuple[SectionPlan, ...] = ()
    """Its own sections; one with the id of a common section stands in its place."""
    hats_section: SectionPlan | None = None

    @cached_property
    def forms(self) -> Forms:
        """The names by which a text speaks of the role, hats included."""
        names = (self.title, *self.abbreviations, *self.names, *(form for hat in self.hats for form in hat.forms))
        return Forms(names, self.excluded)

    @cached_property
    def own_forms(self) -> Forms:
        """As `forms` without the hats' names."""
        return Forms((self.short, self.title, *self.abbreviations, *self.names), self.excluded)


MASK = "§§"
"""Stands for a name of the role where only the words around it matter."""


@dataclass(frozen=True)
class Forms:
    """Names to look for in a text: abbreviations as written, names in any case, spacing and hyphens."""

    names: tuple[str, ...]
    excluded: tuple[str, ...] = ()

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return _any_of(self.names)

    @cached_property
    def _others(self) -> re.Pattern[str]:
        return _any_of(self.excluded)

    def stand_in(self, text: str) -> bool:
        """True if one of the names stands in a text as a word of its own, outside the excluded ones."""
        return self.longest_in(text) > 0

    def longest_in(self, text: str) -> int:
        """Length of the longest name that stands in a text; 0 if none does."""
        rest = self._others.sub(" # ", text) if self.excluded else text
        return max((len(match[0]) for match in self._pattern.finditer(rest)), default=0)

    def masked_in(self, text: str) -> str:
        """The text with MASK for each name, so that a word in a name is not taken for what is said of it."""
        return self._pattern.sub(MASK, text)


def _any_of(names: Iterable[str]) -> re.Pattern[str]:
    """Longest first, since alternatives are tried in order; a deputy or assistant is another post."""
    parts = [_spelled(name) for name in sorted(set(names), key=len, reverse=True)]
    return re.compile(
        rf"(?<![\w/])(?<!(?i:deputy)[ -])(?<!(?i:assistant) )(?:{'|'.join(parts) or '(?!)'})(?:['’]s|s|es)?(?!\w)"
    )


def _spelled(name: str) -> str:
    """An abbreviation matches as written, a name in lower case also at a sentence's start, others in any case.

    A space, hyphen or slash matches each other.
    """
    body = r"[\s/-]\s?".join(re.escape(part) for part in re.split(r"[\s/-]+", name))
    if not re.search(r"[a-z]{2}", name):
        return body
    return f"(?i:{body[0]}){body[1:]}" if name.islower() else f"(?i:{body})"


def load_roles(home: Path | None = None) -> dict[str, Role]:
    """Every role by id: those of the package, and those of `home/roles`, which win over them.

    Raises SettingsError naming the file and the field.
    """
    common = _read(FOLDER / SECTIONS, _Sections)
    roles: dict[str, Role] = {}
    own = home / "roles" if home else None
    for folder in filter(None, (FOLDER, own if own and own.is_dir() else None)):
        for path in sorted(folder.glob("*.yaml")):
            if path.name != SECTIONS:
                role = _read(path, Role)
                roles[role.id] = _complete(role, common)
    return roles


def find_role(name: str, roles: Mapping[str, Role]) -> Role:
    """The role of an id, abbreviation or name. Raises QuestionError listing the roles."""
    wanted = _plain(name)
    for role in roles.values():
        if wanted in {_plain(form) for form in (role.id, role.short, role.title, *role.abbreviations, *role.names)}:
            return role
    raise QuestionError(f"there is no role {name!r}; use one of {', '.join(sorted(roles))}")


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "-", name.lower()).strip("-")


_T = TypeVar("_T", bound=_Data)


def _read(path: Path, shape: type[_T]) -> _T:
    try:
        return shape.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: is not YAML: {' '.join(str(error).split())}") from None
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "the file"
        raise SettingsError(f"{path}: {field}: {first['msg']}") from None


def _complete(role: Role, common: _Sections) -> Role:
    """The role with the common sections that it does not replace or leave out, in their order, then its own."""
    own = {section.id: section for section in role.sections}
    shared = [own.pop(s.id, s) for s in common.sections if s.id not in role.without]
    return role.model_copy(
        update={"sections": (*shared, *own.values()), "hats_section": role.hats_section or common.hats}
    )
