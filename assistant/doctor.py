"""`focal doctor`: is everything in place, and what to do where it is not."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from assistant import settings as settings_module
from assistant.bootstrap import open_home
from assistant.errors import AssistantError
from knowledge.embedding import packaged_model
from knowledge.errors import KnowledgeError
from knowledge.passages import is_intact

LOW_DISK_MEGABYTES = 500


@dataclass(frozen=True)
class Check:
    """One thing looked at."""

    name: str
    ok: bool
    detail: str


def checks() -> Iterator[Check]:
    """Every check in turn; a failing one does not hide those after it."""
    try:
        settings = settings_module.load()
    except AssistantError as error:
        yield Check("settings", False, str(error))
        return
    yield Check("settings", True, f"home is {settings.folder}, embedding {settings.embedding}")
    yield Check("sqlite", sqlite3.sqlite_version_info >= (3, 35), f"version {sqlite3.sqlite_version}")
    try:
        yield Check("model", True, f"weights verified in {packaged_model()}")
    except KnowledgeError as error:
        yield Check("model", False, str(error))
    settings.folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(settings.folder).free // 2**20
    yield Check(
        "disk", free >= LOW_DISK_MEGABYTES, f"{free} MB free" + ("" if free >= LOW_DISK_MEGABYTES else ": make room")
    )
    try:
        home = open_home(settings, "focal doctor")
    except KnowledgeError as error:
        yield Check("index", False, str(error))
        return
    try:
        register = home.store.register
        register.check()
        count, altered = 0, []
        for document in register.all_documents():
            for stored in register.stored_passages(document.id):
                count += 1
                if not is_intact(stored.passage):
                    altered.append(document.id)
        detail = f"{len(register.all_documents())} documents, {count} passages, vectors agree"
        if altered:
            detail = f"passages of {', '.join(sorted(set(altered)))} were altered: remove and ingest them again"
        yield Check("index", not altered, detail)
        if not count:
            yield Check("documents", False, "none yet: run `focal ingest PATH` or `focal ingest --starter`")
    except KnowledgeError as error:
        yield Check("index", False, str(error))
    finally:
        home.close()
