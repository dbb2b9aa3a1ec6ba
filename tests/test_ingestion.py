"""Ingestion: incremental, atomic per document across both stores, refused where it would mix or harm."""

from __future__ import annotations

import random
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from conftest import copy_home, focal_environment, focal_program, settings
from fakes import FakeEmbedding, FakeReader
from library import PUBLIC_DOCUMENTS, RESTRICTED_DOCUMENTS, write_documents

from assistant.answers import Question
from assistant.bootstrap import assistant_for, open_home
from assistant.loading import load
from knowledge.access import PUBLIC, Asker
from knowledge.documents import Classification, Metadata, Standing
from knowledge.errors import IndexDamaged, IndexLocked, IndexMismatch, UnknownDocument
from knowledge.index import VectorIndex
from knowledge.ingestion import Outcome, Store, change, check_embedding, ingest, re_encode, remove, repair, settle
from knowledge.lock import HomeLock, read_holder
from knowledge.register import Register

CONFIDENTIAL = Classification.CONFIDENTIAL
CLEARED = Asker(CONFIDENTIAL)
TEXT = "Convoys leave at dawn with a medic on board.\nTwo armed vehicles go with every convoy by day."


@dataclass
class Desk:
    """A folder of files and the two stores that they go into."""

    folder: Path
    store: Store
    reader: FakeReader

    def write(self, name: str, text: str = TEXT) -> Path:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def take_in(self, *paths: Path, **options: object) -> list[Outcome]:
        files = list(paths) or sorted(self.folder.iterdir())
        return list(ingest(self.store, self.reader, files, lambda path: Metadata(), **options))

    def texts(self, asker: Asker = PUBLIC) -> dict[str, list[str]]:
        register = self.store.register
        return {d.id: [p.text for p in register.passages(d.id, asker)] for d in register.documents(asker)}

    def in_step(self) -> bool:
        """Whether the vector store holds exactly the registered passages, each under its access class."""
        register, index = self.store.register, self.store.index
        return all(index.ids(c) == set(register.passage_ids(c)) for c in register.classes())


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    (tmp_path / "files").mkdir()
    store = Store(
        Register(tmp_path / "home" / "register.sqlite3"), VectorIndex(tmp_path / "home" / "chroma"), FakeEmbedding()
    )
    yield Desk(tmp_path / "files", store, FakeReader())
    store.index.close()
    store.register.close()


def states(outcomes: list[Outcome]) -> dict[str, str]:
    return {outcome.path.name: outcome.state for outcome in outcomes}


def test_takes_files_in_once_and_reads_only_what_changed(desk: Desk) -> None:
    desk.write("a.md")
    desk.write("b.md", "Dogs stay at home when it rains in the valley.")
    assert states(desk.take_in()) == {"a.md": "added", "b.md": "added"}
    first = desk.texts()
    desk.reader.read.clear()
    assert states(desk.take_in()) == {"a.md": "unchanged", "b.md": "unchanged"}
    assert (desk.reader.read, desk.texts()) == ([], first)
    desk.write("b.md", "Cats stay at home when it rains in the valley.")
    assert states(desk.take_in()) == {"a.md": "unchanged", "b.md": "replaced"}
    assert desk.reader.read == ["b.md"]
    assert desk.texts() == {**first, "b": ["Cats stay at home when it rains in the valley."]}
    assert desk.in_step()


def test_a_renamed_file_is_the_same_document(desk: Desk) -> None:
    path = desk.write("a.md")
    desk.take_in()
    path.rename(desk.folder / "z.md")
    assert states(desk.take_in()) == {"z.md": "unchanged"}
    assert list(desk.texts()) == ["a"]


def test_the_same_file_twice_in_one_run_makes_no_duplicate(desk: Desk) -> None:
    path = desk.write("a.md")
    desk.take_in(path, path)
    assert list(desk.texts()) == ["a"] and desk.in_step()


def test_a_copy_under_another_name_is_the_same_document_from_the_first_run_on(desk: Desk) -> None:
    desk.write("convoys.md")
    desk.write("convoys copy.md")
    outcomes = desk.take_in()
    assert states(outcomes) == {"convoys copy.md": "added", "convoys.md": "unchanged"}
    assert outcomes[-1].document == outcomes[0].document and outcomes[-1].reason == "the same file as convoys copy.md"
    assert len(desk.texts()) == 1
    assert set(states(desk.take_in()).values()) == {"unchanged"}


def test_a_copy_is_read_where_the_first_of_its_kind_could_not_be(desk: Desk) -> None:
    desk.write("a.broken")
    desk.write("b.md")
    assert states(desk.take_in()) == {"a.broken": "failed", "b.md": "added"}
    assert list(desk.texts()) == ["b"]


def test_the_order_of_files_changes_no_document(desk: Desk, tmp_path: Path) -> None:
    paths = [desk.write(f"{n}.md", f"Paragraph of document {n} about convoys and dogs in the rain.") for n in range(4)]
    desk.take_in(*paths)
    forward = desk.texts()
    for name in forward:
        remove(desk.store, name)
    desk.take_in(*reversed(paths))
    assert desk.texts() == forward and desk.in_step()


def test_a_file_that_cannot_be_read_is_named_and_the_rest_is_taken_in(desk: Desk) -> None:
    desk.write("a.md", "BROKEN")
    desk.write("b.md")
    desk.write("c.md", " \n ")
    failed = {
        o.path.name: o.reason
        for o in desk.take_in(*sorted(desk.folder.iterdir()), desk.folder / "gone.md")
        if o.state == "failed"
    }
    assert failed.keys() == {"a.md", "c.md", "gone.md"}
    assert "cross-reference table" in failed["a.md"] and "no searchable words" in failed["c.md"]
    assert list(desk.texts()) == ["b"] and desk.in_step()


def test_an_edition_that_cannot_be_read_leaves_the_old_one_answering(desk: Desk) -> None:
    desk.write("a.md")
    desk.take_in()
    desk.write("a.md", "BROKEN")
    assert states(desk.take_in()) == {"a.md": "failed"}
    assert desk.texts()["a"] == TEXT.split("\n")


@pytest.mark.parametrize("marked", [CONFIDENTIAL, Classification.STRICTLY_CONFIDENTIAL])
def test_a_document_marked_higher_than_vouched_for_is_held_back(desk: Desk, marked: Classification) -> None:
    desk.write("a.md")
    desk.reader.metadata = {"a.md": Metadata(classification=marked)}
    (outcome,) = desk.take_in(highest=Classification.STRICTLY_CONFIDENTIAL)
    assert (
        outcome.state == "quarantined" and f"marked {marked}" in outcome.reason and "--classification" in outcome.reason
    )
    assert desk.store.register.is_empty()


def test_strictly_confidential_is_never_taken_in_and_confidential_only_where_switched_on(desk: Desk) -> None:
    desk.write("a.md")
    strict = Classification.STRICTLY_CONFIDENTIAL
    assert states(desk.take_in(level=strict, highest=strict)) == {"a.md": "quarantined"}
    (outcome,) = desk.take_in(level=CONFIDENTIAL)
    assert outcome.state == "quarantined" and "FOCAL_HIGHEST_CLASSIFICATION" in outcome.reason
    assert states(desk.take_in(level=CONFIDENTIAL, highest=CONFIDENTIAL)) == {"a.md": "added"}
    assert (desk.texts(), list(desk.texts(CLEARED))) == ({}, ["a"])


def test_a_manifest_cannot_lower_what_the_document_says_of_itself(desk: Desk) -> None:
    path = desk.write("a.md")
    desk.reader.metadata = {"a.md": Metadata(classification=CONFIDENTIAL)}
    lowered = Metadata(classification=Classification.UNCLASSIFIED)
    (outcome,) = ingest(desk.store, desk.reader, [path], lambda _: lowered, highest=CONFIDENTIAL)
    assert outcome.state == "quarantined"


def test_an_edition_that_the_bringer_may_not_replace_is_held_back(desk: Desk) -> None:
    desk.write("a.md")
    desk.take_in()
    desk.write("a.md", "Everything is allowed from today on, whatever was said.")
    assert states(desk.take_in(may_replace=lambda document_id: False)) == {"a.md": "quarantined"}
    assert desk.texts()["a"] == TEXT.split("\n")


def test_reclassifying_moves_vectors_and_words_to_the_other_class(desk: Desk) -> None:
    desk.write("a.md")
    desk.take_in()
    change(desk.store, "a", {"classification": "confidential"})
    assert (desk.texts(), list(desk.texts(CLEARED))) == ({}, ["a"])
    assert desk.in_step()
    settle(desk.store)
    change(desk.store, "a", {"classification": "unclassified", "standing": "draft"})
    assert list(desk.texts()) == ["a"] and desk.in_step()
    assert desk.store.register.document("a", PUBLIC).standing is Standing.DRAFT


def test_a_removed_document_is_gone_from_every_file(desk: Desk) -> None:
    desk.write("a.md", "The marmalade convoy of General Wombat (GW) leaves at dawn from the eastern depot.")
    desk.write("b.md")
    desk.take_in()
    remove(desk.store, "a")
    assert list(desk.texts()) == ["b"] and desk.in_step()
    home = desk.store.register.path.parent
    raw = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file()).lower()
    assert b"dawn with a medic" in raw
    assert b"marmalade" not in raw and b"wombat" not in raw and b"marmalad" not in raw
    with pytest.raises(UnknownDocument):
        remove(desk.store, "a")


class Interrupted(Exception):
    """Stands for a kill between two writes."""


@pytest.mark.parametrize("at", ["upsert", "put", "delete", "forget_unsettled"])
def test_stopped_between_any_two_steps_the_next_start_finishes_or_undoes(
    desk: Desk, at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A document moves to another class and loses a paragraph, so that every step has something to do."""
    desk.write("a.md")
    desk.take_in()
    desk.write("a.md", "Convoys leave at noon with a medic on board.")

    def fail(*_: object) -> None:
        raise Interrupted

    monkeypatch.setattr(desk.store.index if at in ("upsert", "delete") else desk.store.register, at, fail)
    with pytest.raises(Interrupted):
        desk.take_in(level=CONFIDENTIAL, highest=CONFIDENTIAL)
    monkeypatch.undo()
    whole = (desk.texts(), desk.texts(CLEARED))
    old, new = TEXT.split("\n"), ["Convoys leave at noon with a medic on board."]
    assert whole in [({"a": old}, {"a": old}), ({}, {"a": new})]
    settle(desk.store)
    assert desk.in_step() and desk.store.register.unsettled() == {}
    desk.take_in(level=CONFIDENTIAL, highest=CONFIDENTIAL)
    assert (desk.texts(), desk.texts(CLEARED)) == ({}, {"a": new})
    assert desk.in_step()


def test_stores_that_disagree_are_refused_with_the_command_that_repairs_them(desk: Desk) -> None:
    desk.write("a.md")
    desk.take_in()
    register, index = desk.store.register, desk.store.index
    class_id = register.class_of("a")
    assert class_id is not None
    index.delete(class_id, register.passage_ids(class_id)[:1])
    with pytest.raises(IndexDamaged, match=r"2 passages and the vector store 1: run `focal ingest --repair`"):
        settle(desk.store)
    index.upsert(class_id, ["stray"], np.ones((1, 64), np.float32) / 8)
    repair(desk.store)
    settle(desk.store)
    assert desk.in_step()


def test_an_index_of_another_embedding_is_refused_until_every_passage_is_encoded_again(desk: Desk) -> None:
    desk.write("a.md")
    check_embedding(desk.store.register, desk.store.embedding)
    desk.take_in()
    other = Store(desk.store.register, desk.store.index, FakeEmbedding("letters/fake/2"))
    with pytest.raises(IndexMismatch, match=r"words/fake/1.*letters/fake/2.*FOCAL_EMBEDDING.*focal ingest --rebuild"):
        check_embedding(other.register, other.embedding)
    before = desk.texts()
    re_encode(other)
    check_embedding(other.register, other.embedding)
    settle(other)
    assert desk.texts() == before and desk.in_step()


# --- whole homes, opened as the command line opens them


def contents(folder: Path) -> dict[str, object]:
    """Everything that ingestion leaves in a home, in comparable form; vectors of record and those in Chroma."""
    home = open_home(settings(folder))
    try:
        register, index = home.store.register, home.store.index
        stored = {d.id: register.stored_passages(d.id) for d in register.all_documents()}
        return {
            "documents": register.all_documents(),
            "passages": {name: [s.passage for s in found] for name, found in stored.items()},
            "vectors": {s.passage.id: s.vectors.tobytes() for found in stored.values() for s in found},
            "index": {c: sorted(index.ids(c)) for c in register.classes()},
            "abbreviations": register.abbreviations(CLEARED),
            "vocabulary": register.text.vocabulary(register.class_ids(CLEARED)),
            "fingerprint": register.fingerprint(PUBLIC),
            "unsettled": register.unsettled(),
        }
    finally:
        home.close()


def nearest(folder: Path) -> list[list[str]]:
    """What a few questions find, which needs vectors in Chroma to be the right ones."""
    home = open_home(settings(folder))
    try:
        found = [assistant_for(home).search(Question(q), PUBLIC) for q in ("convoy speed", "fuel log", "dog bite")]
        return [[p.passage.id for p in passages] for passages in found]
    finally:
        home.close()


def out_of_step(folder: Path) -> set[str]:
    """Passages that only one of the stores holds, or with another vector in Chroma than the register's own."""
    home = open_home(settings(folder))
    try:
        register, wrong = home.store.register, set()
        for class_id in register.classes():
            held = home.store.index._collections[class_id].get(include=["embeddings"])
            vectors = dict(zip(held["ids"], held["embeddings"], strict=True))
            own = register.fetch(register.passage_ids(class_id), [class_id])
            wrong |= vectors.keys() ^ own.keys()
            shared = vectors.keys() & own.keys()
            wrong |= {i for i in shared if not np.allclose(vectors[i], own[i].vectors[0], atol=2e-3)}
        return wrong
    finally:
        home.close()


def take_in(folder: Path, *paths: Path, level: Classification = Classification.UNCLASSIFIED) -> list[Outcome]:
    home = open_home(settings(folder, highest_classification=CONFIDENTIAL))
    try:
        return list(load(home, list(paths), level))
    finally:
        home.close()


def new_editions(folder: Path) -> Path:
    """Every document of the library with one sentence more in each paragraph, and ten documents more."""
    documents = {name: text.replace(".\n\n", ". This edition says so.\n\n") for name, text in PUBLIC_DOCUMENTS.items()}
    for n in range(10):
        documents[f"extra-{n}.md"] = f"# Extra {n}\n\n" + "\n\n".join(
            f"{i}. Rule {n}-{i} of the extra document asks everybody to close the gate behind the vehicle at night."
            for i in range(1, 9)
        )
    return write_documents(folder, documents)


ROUNDS = 5


def test_killed_at_any_moment_the_old_or_the_new_edition_answers_and_a_second_run_completes(
    library_folder: Path, tmp_path: Path
) -> None:
    """SIGKILL of a real `focal ingest`, five times at random moments of its writing."""
    files = new_editions(tmp_path / "files")
    undisturbed = copy_home(library_folder, tmp_path / "undisturbed")
    old = contents(undisturbed)
    began = time.monotonic()
    take_in(undisturbed, files)
    writing = time.monotonic() - began
    new = contents(undisturbed)
    assert new["passages"] != old["passages"]
    moments, stopped = random.Random(), 0
    for number in range(ROUNDS):
        folder = copy_home(library_folder, tmp_path / f"home-{number}")
        process = subprocess.Popen(
            [focal_program(), "ingest", str(files)], env=focal_environment(folder), cwd=tmp_path,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        while read_holder(folder).get("pid") != process.pid and process.poll() is None:
            time.sleep(0.005)
        delay = moments.uniform(0.1, 1.0) * writing
        time.sleep(delay)
        process.kill()
        process.wait()
        after = contents(folder)
        whole = [old["passages"], new["passages"]]
        for name, passages in after["passages"].items():
            assert passages in [edition.get(name) for edition in whole], (
                f"{name} is half written, killed after {delay} s"
            )
        assert set(after["passages"]) >= set(old["passages"])
        assert after["unsettled"] == {}
        stopped += after["passages"] != new["passages"]
        take_in(folder, files)
        assert contents(folder) == new, f"killed after {delay} s"
        assert out_of_step(folder) == set()
    assert stopped, "no round was stopped before its end"


def test_an_asker_gets_the_old_edition_while_the_new_one_is_written(library_folder: Path, tmp_path: Path) -> None:
    files = new_editions(tmp_path / "files")
    home = open_home(settings(copy_home(library_folder, tmp_path / "home")))
    try:
        assistant, seen = assistant_for(home), set()
        for _ in load(home, [files]):
            answer = assistant.ask(Question("What is the speed limit of a convoy on paved roads?"), PUBLIC)
            assert "60 kilometres" in answer.answer
            seen.add(answer.documents["convoy-sop-2024"])
        assert len(seen) == 2
    finally:
        home.close()


def test_a_second_process_is_refused_and_told_who_holds_the_home(library_folder: Path, tmp_path: Path) -> None:
    folder = copy_home(library_folder, tmp_path / "home")
    home = open_home(settings(folder), "focal serve")
    try:
        before = home.store.register.fingerprint(PUBLIC)
        second = subprocess.run(
            [focal_program(), "ingest", "--starter"],
            env=focal_environment(folder),
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
        assert second.returncode == 1
        holder = read_holder(folder)
        assert f"`focal serve` (process {holder['pid']})" in second.stderr and "Traceback" not in second.stderr
        assert home.store.register.fingerprint(PUBLIC) == before
    finally:
        home.close()
    open_home(settings(folder)).close()


def test_the_lock_is_free_again_once_given_back_and_names_nobody(tmp_path: Path) -> None:
    lock = HomeLock(tmp_path, "focal ingest")
    with pytest.raises(IndexLocked, match=r"`focal ingest` \(process"):
        HomeLock(tmp_path, "focal ask")
    lock.release()
    assert read_holder(tmp_path) == {}
    HomeLock(tmp_path, "focal ask").release()


def test_the_setting_of_another_embedding_is_refused_and_the_index_left_as_it_is(
    library_folder: Path, tmp_path: Path
) -> None:
    folder = copy_home(library_folder, tmp_path / "home")
    register = Register(folder / "register.sqlite3")
    register.set_meta("embedding", "other-model/1")
    register.close()
    with pytest.raises(IndexMismatch, match=r"other-model/1.*focal ingest --rebuild"):
        open_home(settings(folder))
    register = Register(folder / "register.sqlite3")
    assert register.meta("embedding") == "other-model/1"
    register.close()


def damage_chroma(folder: Path, how: str) -> None:
    (database,) = (folder / "chroma").glob("*.sqlite3")
    whole = database.read_bytes()
    damaged = {"garbage": b"nonsense" * 4000, "cut short": whole[: len(whole) // 3], "empty": b""}
    if how in damaged:
        database.write_bytes(damaged[how])
        return
    for path in (folder / "chroma").rglob("*.bin"):
        path.write_bytes(bytes(b ^ 0xFF for b in path.read_bytes()))


@pytest.mark.parametrize("how", ["garbage", "cut short", "empty", "vectors flipped"])
def test_a_damaged_vector_store_is_refused_or_unharmed_and_repair_restores_it(
    library_folder: Path, tmp_path: Path, focal: Callable[..., subprocess.CompletedProcess[str]], how: str
) -> None:
    folder = copy_home(library_folder, tmp_path / "home")
    before, found = contents(folder), nearest(folder)
    damage_chroma(folder, how)
    try:
        assert nearest(folder) == found
    except IndexDamaged as error:
        assert "focal ingest --repair" in str(error)
    other = copy_home(folder, tmp_path / "other")
    repaired = focal("ingest", "--repair", home=other)
    assert repaired.returncode == 0, repaired.stderr
    assert contents(other) == before
    assert nearest(other) == found


def test_a_repair_takes_nothing_in_with_another_embedding_than_the_index_has(
    library_folder: Path, tmp_path: Path, focal: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    folder = copy_home(library_folder, tmp_path / "home")
    register = Register(folder / "register.sqlite3")
    register.set_meta("embedding", "other-model/1")
    before = register.fingerprint(PUBLIC)
    files = write_documents(tmp_path / "files", {"new.md": "# New\n\nA new rule about gates and lamps."})
    refused = focal("ingest", "--repair", files, home=folder)
    assert refused.returncode == 1 and "focal ingest --rebuild" in refused.stderr
    assert register.fingerprint(PUBLIC) == before
    register.close()


@pytest.mark.parametrize("how", ["garbage", "cut short"])
def test_a_damaged_register_is_refused_with_the_command_that_restores_it(
    library_folder: Path, tmp_path: Path, how: str
) -> None:
    folder = copy_home(library_folder, tmp_path / "home")
    register = folder / "register.sqlite3"
    whole = register.read_bytes()
    register.write_bytes(b"nonsense" * 4000 if how == "garbage" else whole[: len(whole) // 3])
    with pytest.raises(IndexDamaged, match=r"register\.sqlite3 is damaged .*focal restore"):
        open_home(settings(folder))


def test_a_flipped_word_in_the_register_is_never_quoted(library_folder: Path, tmp_path: Path) -> None:
    folder = copy_home(library_folder, tmp_path / "home")
    register = folder / "register.sqlite3"
    whole = register.read_bytes()
    assert b"is 60 kilometres" in whole
    register.write_bytes(whole.replace(b"is 60 kilometres", b"is 90 kilometres"))
    home = open_home(settings(folder))
    try:
        answer = assistant_for(home).ask(Question("What is the speed limit of a convoy on paved roads?"), PUBLIC)
        assert "90 kilometres" not in answer.answer
        assert not any("90 kilometres" in c.quote for c in answer.citations)
    finally:
        home.close()


def test_documents_for_some_and_for_all_live_side_by_side(library_folder: Path, tmp_path: Path) -> None:
    folder = copy_home(library_folder, tmp_path / "home")
    files = write_documents(tmp_path / "files", RESTRICTED_DOCUMENTS)
    assert states(take_in(folder, files)) == {"camp-plan.md": "quarantined", "police-roster.md": "added"}
    assert states(take_in(folder, files / "camp-plan.md", level=CONFIDENTIAL)) == {"camp-plan.md": "added"}
    assert len(contents(folder)["index"]) == 3
