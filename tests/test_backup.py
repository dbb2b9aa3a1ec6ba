import io
import json
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant import backup as module
from assistant.backup import backup, restore
from assistant.bootstrap import assistant_for
from assistant.errors import BackupError
from assistant.settings import Settings
from knowledge.errors import IndexLocked
from tests.fakes_api import PUBLIC_PAPERS, Direct, Paper, make_home, open_world, settings_for, take_in

QUESTION = "With how many armed vehicles does every convoy leave the compound?"


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Another FOCAL_HOME, opened with the test's embedding."""
    monkeypatch.setattr(module, "open_home", lambda settings, *_, **__: make_home(settings.folder, ()))
    return settings_for(tmp_path / "elsewhere")


def test_a_restored_copy_answers_identically_and_knows_the_keys(tmp_path: Path, elsewhere: Settings) -> None:
    with open_world(tmp_path) as service:
        _, secret = service.keys.add("guidance", manager=True)
        (service.settings.folder / "oidc.yaml").write_text("claim: roles\n")
        before = Direct(service, secret).ask(QUESTION)
        made = backup(service.settings, tmp_path)
        fingerprint = before["engine"]["index"]
    assert made.suffix == ".tar" and made.stat().st_mode & 0o077 == 0
    assert restore(elsewhere, made) == 2
    home = make_home(elsewhere.folder, ())
    from assistant.api.service import open_service

    service = open_service(home.settings, home, assistant_for)
    try:
        after = Direct(service, secret).ask(QUESTION)
        assert after["engine"]["index"] == fingerprint
        assert {k: after[k] for k in ("answer", "citations", "documents")} == {
            k: before[k] for k in ("answer", "citations", "documents")
        }
        assert [row.id for row in service.answers.rows()][-1] == before["answer_id"]
        assert (elsewhere.folder / "oidc.yaml").read_text() == "claim: roles\n"
    finally:
        service.close()


def test_a_backup_made_while_documents_are_taken_in_is_consistent(tmp_path: Path, elsewhere: Settings) -> None:
    with open_world(tmp_path) as service:
        stop = threading.Event()

        def take_in_many() -> None:
            number = 0
            while not stop.is_set():
                number += 1
                take_in(service.home, Paper(f"paper-{number}", (f"Paper number {number} speaks of fuel and water.",)))

        writer = threading.Thread(target=take_in_many)
        writer.start()
        try:
            made = [backup(service.settings, tmp_path / f"b{n}.tar") for n in range(3)]
        finally:
            stop.set()
            writer.join()
    for path in made:
        count = restore(elsewhere, path, replace=True)
        assert count >= len(PUBLIC_PAPERS)


def entries(path: Path) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(path) as archive:
        for member in archive:
            file = archive.extractfile(member)
            assert file is not None
            yield member.name, file.read()


def rewrite(path: Path, files: dict[str, bytes]) -> None:
    with tarfile.open(path, "w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))


def test_a_damaged_cut_or_foreign_backup_is_refused_before_anything_is_touched(
    tmp_path: Path, elsewhere: Settings
) -> None:
    with open_world(tmp_path) as service:
        made = backup(service.settings, tmp_path / "b.tar")
    restore(elsewhere, made)
    register = (elsewhere.folder / "register.sqlite3").read_bytes()
    whole = dict(entries(made))
    contents = json.loads(whole["contents.json"])
    flipped = bytearray(whole["register.sqlite3"])
    flipped[5000] ^= 0xFF
    outside = {**contents, "files": {**contents["files"], "../outside": "0" * 64}}
    bad = {
        "flipped": {**whole, "register.sqlite3": bytes(flipped)},
        "missing": {"contents.json": whole["contents.json"]},
        "newer": {**whole, "contents.json": json.dumps({**contents, "version": 2}).encode()},
        "outside": {**whole, "contents.json": json.dumps(outside).encode(), "../outside": b"x"},
        "foreign": {"hello.txt": b"hello"},
    }
    for name, files in bad.items():
        rewrite(tmp_path / f"{name}.tar", files)
    (tmp_path / "cut.tar").write_bytes(made.read_bytes()[:3000])
    (tmp_path / "text.tar").write_text("no archive")
    for name in (*bad, "cut", "text", "absent"):
        with pytest.raises(BackupError):
            restore(elsewhere, tmp_path / f"{name}.tar", replace=True)
        assert (elsewhere.folder / "register.sqlite3").read_bytes() == register, name
    assert not (tmp_path / "outside").exists()


def test_documents_that_are_there_are_not_overwritten_unasked(tmp_path: Path, elsewhere: Settings) -> None:
    with open_world(tmp_path) as service:
        made = backup(service.settings, tmp_path / "b.tar")
        with pytest.raises(BackupError, match="--replace"):
            restore(service.settings, made)
        with pytest.raises(IndexLocked):
            restore(service.settings, made, replace=True)


def test_a_backup_that_cannot_be_written_says_why_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="nothing to back up"):
        backup(settings_for(tmp_path / "empty"), tmp_path / "b.tar")
    with open_world(tmp_path) as service, pytest.raises(BackupError, match="was not written"):
        backup(service.settings, tmp_path / "no" / "such" / "folder.tar")
    assert not list(tmp_path.glob("*.partial"))
