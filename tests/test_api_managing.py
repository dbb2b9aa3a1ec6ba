from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from assistant.api import managing
from assistant.api.service import UPLOADS, Service
from assistant.bootstrap import Home
from knowledge import ingestion
from knowledge.documents import Classification, Metadata, Reading
from knowledge.ingestion import Outcome
from tests.fakes_api import Direct, LineReader, Paper, open_world, take_in

NOTE = b"The fuel officer signs for every delivery of diesel at the depot.\n"
SECRET = Paper("fuel-rules", ("The fuel depot is guarded by two men.",), Classification.CONFIDENTIAL)


def load_lines(
    home: Home, paths: Sequence[Path], level: Classification, *_: object, may_replace: object = None
) -> Iterator[Outcome]:
    """`loading.load` with the test's reader; a first line may carry a marking."""

    class Marked(LineReader):
        def read_all(self, files: Sequence[Path]) -> Iterator[tuple[Path, Reading]]:
            for path, reading in super().read_all(files):
                marked = "CONFIDENTIAL" in reading.blocks[0].text
                level = Classification.CONFIDENTIAL if marked else None
                yield path, Reading(Metadata(title=path.stem, classification=level), reading.blocks)

    return ingestion.ingest(
        home.store, Marked(), paths, lambda _: Metadata(), level, highest=Classification.CONFIDENTIAL,
        may_replace=may_replace,  # type: ignore[arg-type]
    )  # fmt: skip


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    monkeypatch.setattr(managing, "load", load_lines)
    with open_world(tmp_path, max_upload_megabytes=1) as opened:
        yield opened


@pytest.fixture
def manager(service: Service) -> Direct:
    return Direct(service, service.keys.add("guidance", manager=True)[1])


def upload(call: Direct, content: bytes = NOTE, **query: str):  # type: ignore[no-untyped-def]
    params = {"name": "fuel-rules.txt", "classification": "unclassified", **query}
    return call("POST", "/v1/documents", params=params, content=content)


def test_an_upload_is_found_at_once_and_removed_with_every_byte(service: Service, manager: Direct) -> None:
    response = upload(manager)
    assert response.status_code == 201, response.text
    assert response.json()["document"]["id"] == "fuel-rules"
    public = Direct(service)
    assert "diesel" in public.ask("Who signs for every delivery of diesel at the depot?")["answer"]
    assert upload(manager).json()["state"] == "unchanged"
    changed = upload(manager, NOTE + b"Deliveries come on Monday mornings.\n")
    assert (changed.status_code, changed.json()["state"]) == (200, "replaced")
    assert manager("DELETE", "/v1/documents/fuel-rules").status_code == 204
    assert public("GET", "/v1/documents/fuel-rules").status_code == 404
    service.answers.forget()
    home = service.settings.folder
    assert list((home / UPLOADS).iterdir()) == []
    assert not [p for p in home.rglob("*") if p.is_file() and b"diesel" in p.read_bytes()]


def test_only_managers_bring_and_remove_and_read_the_gaps(service: Service) -> None:
    _, secret = service.keys.add("staff", Classification.CONFIDENTIAL)
    for call in (Direct(service), Direct(service, secret)):
        assert upload(call).status_code == 403
        assert call("DELETE", "/v1/documents/convoy-rules").status_code == 403
        assert call("DELETE", "/v1/documents/absent").status_code == 403
        assert call("GET", "/v1/gaps").status_code == 403
        assert call("POST", "/v1/operator/ingest", json={"paths": ["/etc"]}).status_code == 403
        assert call("GET", "/v1/operator/documents").status_code == 403
    assert not (service.settings.folder / UPLOADS).exists()


def test_an_upload_must_name_its_level(manager: Direct) -> None:
    response = manager("POST", "/v1/documents", params={"name": "a.txt"}, content=NOTE)
    assert response.status_code == 422 and response.json()["errors"][0]["field"] == "classification"


def test_a_document_marked_higher_than_the_level_named_is_held_back(service: Service, manager: Direct) -> None:
    response = upload(manager, b"CONFIDENTIAL\nThe fuel depot is guarded by two men.\n")
    assert response.status_code == 422 and "quarantined" in response.json()["detail"]
    assert Direct(service)("GET", "/v1/documents/fuel-rules").status_code == 404
    assert list((service.settings.folder / UPLOADS).iterdir()) == []


@pytest.mark.parametrize("level", ["confidential", "strictly_confidential"])
def test_nobody_vouches_for_more_than_they_may_read(manager: Direct, level: str) -> None:
    assert upload(manager, classification=level).status_code == 403


def test_strictly_confidential_is_never_taken_in_even_by_a_cleared_manager(service: Service) -> None:
    _, secret = service.keys.add("guidance", Classification.CONFIDENTIAL, manager=True)
    assert upload(Direct(service, secret), classification="strictly_confidential").status_code == 403
    assert upload(Direct(service, secret), classification="confidential").status_code == 201


def test_a_manager_neither_replaces_nor_removes_what_they_may_not_read(service: Service, manager: Direct) -> None:
    take_in(service.home, SECRET)
    response = upload(manager)
    assert response.status_code == 422 and "held back" in response.json()["detail"]
    assert "confidential" not in response.text
    register = service.home.store.register
    assert {d.id: d.classification for d in register.all_documents()}["fuel-rules"] is Classification.CONFIDENTIAL
    hidden, absent = manager("DELETE", "/v1/documents/fuel-rules"), manager("DELETE", "/v1/documents/absent")
    assert hidden.status_code == absent.status_code == 404
    assert hidden.json()["detail"] == absent.json()["detail"]


@pytest.mark.parametrize("name", ["x.exe", "x", "", "../../etc/passwd", "a/b/c.sh"])
def test_a_format_that_is_not_read_is_named(manager: Direct, name: str) -> None:
    response = upload(manager, name=name)
    assert response.status_code == 422 and response.json()["errors"][0]["field"] == "name"


def test_a_hostile_file_name_stays_inside_its_folder(service: Service, manager: Direct) -> None:
    assert upload(manager, name="../../../outside\n‮.txt").status_code == 201
    stored = [p for p in (service.settings.folder / UPLOADS).rglob("*") if p.is_file()]
    assert len(stored) == 1 and stored[0].parent.parent == service.settings.folder / UPLOADS


def test_an_upload_above_the_limit_is_refused_and_leaves_nothing(service: Service, manager: Direct) -> None:
    assert upload(manager, b"x" * (2**20 + 1)).status_code == 413
    assert not list((service.settings.folder / UPLOADS).glob("*"))


def test_revoking_and_reclassifying_take_effect_at_the_next_request(service: Service) -> None:
    take_in(service.home, SECRET)
    key, secret = service.keys.add("cleared", Classification.CONFIDENTIAL)
    call = Direct(service, secret)
    assert call("GET", "/v1/documents/fuel-rules").status_code == 200
    service.keys.revoke(key.id)
    assert call("GET", "/v1/documents/fuel-rules").status_code == 401
    assert Direct(service)("GET", "/v1/documents/fuel-rules").status_code == 404
    ingestion.change(service.home.store, "fuel-rules", {"classification": "unclassified"})
    assert Direct(service)("GET", "/v1/documents/fuel-rules").status_code == 200
    ingestion.change(service.home.store, "fuel-rules", {"classification": "confidential"})
    assert Direct(service)("GET", "/v1/documents/fuel-rules").status_code == 404
