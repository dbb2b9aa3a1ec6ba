import datetime as dt
from pathlib import Path

import pytest

from assistant.errors import SettingsError
from assistant.keys import KeyStore
from knowledge.documents import Classification

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def test_a_key_gives_the_clearance_groups_and_right_it_was_made_with(tmp_path: Path) -> None:
    store = KeyStore(tmp_path / "keys.sqlite3")
    key, secret = store.add("operations room", Classification.CONFIDENTIAL, ["joc", "dsrsg"], manager=True)
    identity = store.identify(secret)
    assert identity is not None
    assert identity.asker.clearance is Classification.CONFIDENTIAL
    assert identity.asker.groups == {"joc", "dsrsg"}
    assert identity.manager and not identity.operator
    assert identity.pseudonym == key.identity.pseudonym


def test_only_a_hash_is_stored_in_a_file_that_nobody_else_may_read(tmp_path: Path) -> None:
    path = tmp_path / "keys.sqlite3"
    _, secret = KeyStore(path).add("x")
    stored = b"".join(p.read_bytes() for p in tmp_path.iterdir())
    assert secret.encode() not in stored and secret.split("_", 2)[2].encode() not in stored
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("wrong", ["", "focal", "focal_", "focal__", "focal_00000000_x", "\x00", "ключ", "a" * 10_000])
def test_a_wrong_key_is_nobody(tmp_path: Path, wrong: str) -> None:
    store = KeyStore(tmp_path / "keys.sqlite3")
    assert store.identify(wrong) is None
    store.add("x")
    assert store.identify(wrong) is None


def test_a_key_with_the_right_id_and_another_secret_is_nobody(tmp_path: Path) -> None:
    store = KeyStore(tmp_path / "keys.sqlite3")
    key, secret = store.add("x")
    assert store.identify(f"focal_{key.id}_" + "A" * 43) is None
    assert store.identify(secret + "A") is None
    assert store.identify(secret) is not None


def test_a_revoked_key_stops_at_its_next_use_also_for_another_process(tmp_path: Path) -> None:
    store, other = KeyStore(tmp_path / "keys.sqlite3"), KeyStore(tmp_path / "keys.sqlite3")
    key, secret = store.add("x")
    assert other.identify(secret) is not None
    store.revoke(key.id)
    assert other.identify(secret) is None
    assert not other.any_active()


def test_a_key_expires(tmp_path: Path) -> None:
    now = [NOW]
    store = KeyStore(tmp_path / "keys.sqlite3", lambda: now[0])
    _, secret = store.add("x", days=7)
    now[0] = NOW + dt.timedelta(days=6, hours=23)
    assert store.identify(secret) is not None
    now[0] = NOW + dt.timedelta(days=7)
    assert store.identify(secret) is None


def test_no_key_carries_a_clearance_that_nothing_is_held_at(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="never taken in"):
        KeyStore(tmp_path / "keys.sqlite3").add("x", Classification.STRICTLY_CONFIDENTIAL)


def test_revoking_what_is_not_there_says_where_to_look(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="focal keys list"):
        KeyStore(tmp_path / "keys.sqlite3").revoke("nothing")


def test_a_damaged_key_file_lets_nobody_in(tmp_path: Path) -> None:
    path = tmp_path / "keys.sqlite3"
    _, secret = KeyStore(path).add("x")
    path.write_bytes(b"not a database" * 1000)
    with pytest.raises(SettingsError, match="restore"):
        KeyStore(path).identify(secret)
