"""`focal set`: field=value pairs checked against what a document may hold."""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.bootstrap import Home
from assistant.errors import SettingsError
from knowledge.documents import Binding, Classification, Kind, Standing

_CHOICES = {"standing": Standing, "kind": Kind, "binding": Binding, "classification": Classification}
_DATES = {"date", "review_due"}
_TEXTS = {"symbol", "title", "short_title", "publisher", "organ", "superseded_by", "language"}
_REQUIRED = {"title", "language", *_CHOICES}


def parse_changes(pairs: Sequence[str], home: Home) -> dict[str, object]:
    """Field to new value. Raises SettingsError naming the field and what it accepts."""
    changes: dict[str, object] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise SettingsError(f"{pair!r}: write field=value")
        changes[name] = _value(name, value.strip())
    successor = changes.get("superseded_by")
    if successor and successor not in {d.id for d in home.store.register.all_documents()}:
        raise SettingsError(
            f"superseded_by={successor}: there is no such document; `focal documents` lists what there is"
        )
    return changes


def _value(name: str, value: str) -> object:
    if name in _CHOICES and value not in list(_CHOICES[name]):
        raise SettingsError(f"{name}={value}: use one of {', '.join(_CHOICES[name])}")
    if name in _DATES and value and not re.fullmatch(r"\d{4}(?:-\d{2}){0,2}", value):
        raise SettingsError(f"{name}={value}: write YYYY, YYYY-MM or YYYY-MM-DD")
    if name == "audience":
        return [group.strip() for group in value.split(",") if group.strip()]
    if name not in _DATES | _TEXTS | _CHOICES.keys():
        known = sorted(_DATES | _TEXTS | _CHOICES.keys() | {"audience"})
        raise SettingsError(f"{name}: no such field; use one of {', '.join(known)}")
    if not value and name in _REQUIRED:
        raise SettingsError(f"{name} cannot be empty")
    return value or None
