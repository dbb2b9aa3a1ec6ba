"""`focal brief` and `focal roles`: a briefing in the format asked for, to a file or to the terminal."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from assistant.assistant import Assistant
from assistant.errors import QuestionError
from assistant.roles import render
from assistant.roles.briefing import Briefing, compose
from assistant.roles.roles import Role, find_role
from knowledge.access import PUBLIC


def _to_docx(briefing: Briefing) -> bytes:
    from assistant.roles.docx import to_docx

    return to_docx(briefing)


FORMATS: dict[str, Callable[[Briefing], str | bytes]] = {
    "text": render.to_text,
    "markdown": render.to_markdown,
    "html": render.to_html,
    "docx": _to_docx,
    "json": lambda briefing: json.dumps(briefing.as_dict(), ensure_ascii=False, indent=1),
}
"""Name of a format to what writes it."""


def brief(assistant: Assistant, name: str, roles: Mapping[str, Role], form: str, out: Path | None) -> str | None:
    """The briefing as text to print, or None when it was written to `out`, which is there whole or not at all.

    Raises QuestionError for an unknown role or format, and for DOCX without a file.
    """
    role = find_role(name, roles)
    check_format(form, out)
    return write(compose(role, assistant, PUBLIC), form, out)


def write(briefing: Briefing, form: str, out: Path | None) -> str | None:
    """A composed briefing as text to print, or None when it was written to `out`."""
    written = FORMATS[form](briefing)
    if out is None:
        return str(written)
    partial = out.with_name(out.name + ".partial")
    partial.write_bytes(written if isinstance(written, bytes) else written.encode())
    partial.replace(out)
    return None


def check_format(form: str, out: Path | None) -> None:
    """Raise QuestionError unless a briefing can be written that way."""
    if form not in FORMATS:
        raise QuestionError(f"--format {form}: use one of {', '.join(FORMATS)}")
    if form == "docx" and out is None:
        raise QuestionError("--format docx needs --out FILE")


def roles_text(roles: Mapping[str, Role]) -> str:
    """Every role on a line: id, short name, title."""
    width = max(len(role_id) for role_id in roles)
    return "\n".join(f"{role.id:<{width}}  {role.short}: {role.title}" for _, role in sorted(roles.items()))
