"""What the command line does with keys and the answer log; both may be used while a server runs."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict

from assistant import gaps
from assistant.answer_log import AnswerLog
from assistant.answers import Answer
from assistant.errors import AnswerLogError, SettingsError
from assistant.identity import OPERATOR
from assistant.keys import Key, KeyStore
from assistant.settings import Settings
from assistant.surfaces import Surface
from assistant.terminal import safe
from knowledge.access import Asker
from knowledge.documents import Classification
from knowledge.embedding import open_embedding


def key_store(settings: Settings) -> KeyStore:
    """The keys of FOCAL_HOME."""
    return KeyStore(settings.folder / "keys.sqlite3")


def answer_log(settings: Settings) -> AnswerLog:
    """The answer log of FOCAL_HOME."""
    return AnswerLog(settings.folder / "answers.sqlite3", settings.keep_days)


def add_key(
    settings: Settings, label: str, clearance: str, groups: Sequence[str], manager: bool, days: int | None
) -> tuple[Key, str]:
    """A new key and its secret. Raises SettingsError for a clearance that is none."""
    if clearance not in list(Classification):
        raise SettingsError(f"--clearance {clearance}: use one of {', '.join(Classification)}")
    return key_store(settings).add(label, Classification(clearance), groups, manager, days)


def keys_text(settings: Settings, as_json: bool) -> str:
    """Every key, as lines or JSON."""
    keys = key_store(settings).every()
    if as_json:
        return json.dumps([asdict(key) for key in keys], ensure_ascii=False, indent=1)
    return "\n".join(_line(key) for key in keys) or "no keys: `focal keys add LABEL` makes one"


def _line(key: Key) -> str:
    rights = [str(key.clearance), *key.groups, *(["manager"] if key.manager else [])]
    state = f"revoked {key.revoked}" if key.revoked else f"expires {key.expires}" if key.expires else "active"
    return f"{key.id}  {state}  {', '.join(rights)}  asker {key.identity.pseudonym}  {safe(key.label)}"


def keep(
    settings: Settings,
    answer: Answer,
    surface: Surface,
    asker: Asker,
    history: Sequence[str] = (),
    *,
    say: Callable[[str], None],
) -> None:
    """Add an answer given without a server to the answer log, from which `focal gaps` and draft cases are made.

    An answer in hand is worth more than its record: a failure is said, never raised.
    """
    try:
        log = answer_log(settings)
        try:
            log.add(answer, OPERATOR, asker, str(surface), history=history)
        finally:
            log.close()
    except (AnswerLogError, OSError) as error:
        say(f"focal: this answer is not in the answer log: {error}")


def forget(settings: Settings, asker: str | None, conversation: str | None) -> int:
    """Erase what one asker or conversation left in the answer log, or everything."""
    log = answer_log(settings)
    try:
        return log.forget(asker, conversation)
    finally:
        log.close()


def gaps_text(settings: Settings, as_json: bool) -> str:
    """The knowledge gaps, as lines or JSON."""
    log = answer_log(settings)
    try:
        rows = log.unanswered(None)
    finally:
        log.close()
    found = gaps.group(rows, open_embedding(settings.embedding, settings.folder)) if rows else []
    if as_json:
        return json.dumps([asdict(gap) for gap in found], ensure_ascii=False, indent=1)
    lines = []
    for gap in found:
        lines.append(f"{gap.times} x  {safe(gap.questions[0])}  ({gap.status}, last {gap.last_asked})")
        lines += [f"       {safe(question)}" for question in gap.questions[1:]]
    return "\n".join(lines) or "no question has gone unanswered"
