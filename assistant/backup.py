"""`focal backup` and `focal restore`: one file with everything that cannot be made again.

Chroma is left out: its vectors stand in the register too, and are written afresh when a backup is restored.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import os
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path, PurePosixPath

from assistant.bootstrap import open_home
from assistant.errors import BackupError
from assistant.settings import Settings
from knowledge.ingestion import repair, settle
from knowledge.lock import HomeLock

DATABASES = ("register.sqlite3", "answers.sqlite3", "keys.sqlite3")
FILES = ("oidc.yaml",)
UPLOADS = "uploads"
CONTENTS = "contents.json"
VERSION = 1


def backup(settings: Settings, target: Path, now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC)) -> Path:
    """Write a backup to `target`, or into it under a dated name if it is a folder. Safe while a server runs.

    Each database is copied as it stood at one moment, by SQLite itself. The file appears under its name only when it
    is whole. Raises BackupError.
    """
    home = settings.folder
    if not (home / "register.sqlite3").exists():
        raise BackupError(f"{home} holds nothing to back up: `focal ingest` first, or set FOCAL_HOME")
    if target.is_dir():
        target = target / f"focal-{now().strftime('%Y%m%dT%H%M%SZ')}.tar"
    partial = target.with_name(target.name + ".partial")
    try:
        with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
            names = _snapshot(home, Path(scratch))
            with partial.open("wb") as file:
                partial.chmod(0o600)
                _pack(Path(scratch), names, file, now())
                file.flush()
                os.fsync(file.fileno())
        partial.replace(target)
    except (OSError, sqlite3.Error) as error:
        partial.unlink(missing_ok=True)
        raise BackupError(f"{target} was not written: {error}; nothing else was changed") from error
    return target


def restore(settings: Settings, source: Path, replace: bool = False) -> int:
    """Bring FOCAL_HOME back to a backup and write its vectors again; gives the number of documents.

    Everything is checked before anything is touched. Raises BackupError if the backup is not whole, or if FOCAL_HOME
    holds documents and `replace` is not set; IndexLocked if a process holds it.
    """
    home = settings.folder
    if (home / "register.sqlite3").exists() and not replace:
        raise BackupError(f"{home} holds documents already: use --replace, or set FOCAL_HOME to another folder")
    home.mkdir(parents=True, exist_ok=True)
    lock = HomeLock(home, "focal restore")
    try:
        with tempfile.TemporaryDirectory(dir=home, prefix="restoring-") as scratch:
            names = _unpack(source, Path(scratch))
            _check_databases(Path(scratch), names)
            shutil.rmtree(home / "chroma", ignore_errors=True)
            shutil.rmtree(home / UPLOADS, ignore_errors=True)
            for old in (*DATABASES, *FILES):
                for suffix in ("", "-wal", "-shm"):
                    (home / (old + suffix)).unlink(missing_ok=True)
            for name in names:
                (home / name).parent.mkdir(parents=True, exist_ok=True)
                (Path(scratch) / name).replace(home / name)
    except (OSError, sqlite3.Error, tarfile.TarError) as error:
        raise BackupError(f"{source} could not be restored: {error}") from error
    finally:
        lock.release()
    opened = open_home(settings, "focal restore", damaged=True)
    try:
        repair(opened.store)
        settle(opened.store)
        return len(opened.store.register.all_documents())
    finally:
        opened.close()


def _snapshot(home: Path, scratch: Path) -> list[str]:
    names = []
    for name in DATABASES:
        if (home / name).exists():
            with (
                closing(sqlite3.connect(home / name, timeout=30)) as source,
                closing(sqlite3.connect(scratch / name)) as copy,
            ):
                source.backup(copy)
            names.append(name)
    files = [home / name for name in FILES if (home / name).exists()]
    files += [path for path in (home / UPLOADS).glob("*/*") if not path.parent.name.startswith("incoming-")]
    for path in files:
        name = path.relative_to(home).as_posix()
        (scratch / name).parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copy2(path, scratch / name)
        except FileNotFoundError:
            continue  # removed by the server in this very moment
        names.append(name)
    return names


def _pack(folder: Path, names: list[str], file: io.BufferedWriter, now: dt.datetime) -> None:
    contents = {
        "version": VERSION,
        "made": now.isoformat(timespec="seconds"),
        "files": {name: _sha256(folder / name) for name in names},
    }
    (folder / CONTENTS).write_text(json.dumps(contents, indent=1), encoding="utf-8")
    with tarfile.open(fileobj=file, mode="w") as archive:
        for name in (CONTENTS, *names):
            archive.add(folder / name, arcname=name, filter=_anonymous)


def _anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mode = 0o600
    return member


def _unpack(source: Path, scratch: Path) -> list[str]:
    """Extract exactly the files that the contents list, each checked. Raises BackupError."""
    try:
        with tarfile.open(source) as archive:
            listed = archive.extractfile(CONTENTS)
            contents = json.load(listed) if listed else {}
            if contents.get("version") != VERSION:
                raise BackupError(f"{source} is of version {contents.get('version')}; this program reads {VERSION}")
            names = [str(name) for name in contents["files"]]
            for name in names:
                if not _is_ours(name):
                    raise BackupError(f"{source} holds {name!r}, which is no part of a backup")
                member = archive.extractfile(name)
                if member is None:
                    raise BackupError(f"{source}: {name} is no file")
                (scratch / name).parent.mkdir(parents=True, exist_ok=True)
                with (scratch / name).open("wb") as file:
                    (scratch / name).chmod(0o600)
                    shutil.copyfileobj(member, file)
                if _sha256(scratch / name) != contents["files"][name]:
                    raise BackupError(f"{source} is damaged: {name} is not what was backed up; use another backup")
    except (KeyError, ValueError, AttributeError, tarfile.TarError, EOFError) as error:
        raise BackupError(f"{source} is no backup, or not whole ({error}): use another one") from error
    return names


def _is_ours(name: str) -> bool:
    parts = PurePosixPath(name).parts
    in_uploads = len(parts) == 3 and parts[0] == UPLOADS and ".." not in parts
    return name in (*DATABASES, *FILES) or in_uploads


def _check_databases(folder: Path, names: list[str]) -> None:
    for name in names:
        if name in DATABASES:
            with closing(sqlite3.connect(folder / name)) as connection:
                result = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
            if result != "ok":
                raise BackupError(f"{name} in the backup is damaged ({result}): use another backup")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
