"""The register: one transaction a document, access before everything, damage and newer schemas refused."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from fakes import DIMENSIONS, document, passage

from knowledge import embedding
from knowledge.access import PUBLIC, AccessClass, Asker
from knowledge.documents import Classification, Document, Passage, Standing
from knowledge.errors import IndexDamaged, IndexMismatch, UnknownDocument
from knowledge.fulltext import codes
from knowledge.register import Abbreviation, Register, StoredPassage

CONFIDENTIAL = Classification.CONFIDENTIAL
CLEARED = Asker(CONFIDENTIAL)
POLICE = Asker(groups=frozenset({"police"}))
EVEN = (1.0, 1.0, 1.0, 1.0)


@pytest.fixture
def register(tmp_path: Path) -> Iterator[Register]:
    opened = Register(tmp_path / "register.sqlite3")
    yield opened
    opened.close()


def put(
    register: Register,
    of: Document,
    *texts: str,
    abbreviations: tuple[Abbreviation, ...] = (),
    dimensions: int = DIMENSIONS,
) -> list[Passage]:
    passages = [passage(text, of.id, n, paragraph=str(n + 1)) for n, text in enumerate(texts)]
    vectors = np.ones((2, dimensions), np.float32)
    register.put(of, f"key of {of.id}", [StoredPassage(p, vectors) for p in passages], abbreviations)
    return passages


def found(register: Register, word: str, asker: Asker = PUBLIC) -> set[str]:
    """Ids of the documents whose passages hold a word."""
    classes = register.class_ids(asker)
    by_row = {row: i for row, i, _ in register.rows(classes)}
    ids = [by_row[row] for row in register.text.search(classes, f'"{word}"', EVEN).best(10)]
    return {stored.passage.document_id for stored in register.fetch(ids, register.class_ids(asker)).values()}


def test_gives_back_what_was_put(register: Register) -> None:
    handbook = document(standing=Standing.IN_FORCE, audience=("police",), date="2024-05")
    passages = put(register, handbook, "Convoys leave at dawn.", "Dogs bark.")
    assert register.document("handbook", POLICE) == handbook
    assert register.passages("handbook", POLICE) == passages
    assert register.passage(passages[1].id, POLICE) == passages[1]
    assert register.by_paragraph("handbook", "2") == [passages[1]]
    assert register.neighbours(passages[0], 1, 1) == passages
    assert register.stored_passages("handbook")[0].vectors.shape == (2, DIMENSIONS)


def test_a_new_edition_replaces_every_word_of_the_old_one(register: Register) -> None:
    (old,) = put(register, document(), "Convoys leave at dawn.")
    generation = register.generation()
    put(register, document(title="New"), "Trucks stay at home.")
    assert register.generation() > generation
    assert [d.title for d in register.documents(PUBLIC)] == ["New"]
    assert (found(register, "convoys"), found(register, "trucks")) == (set(), {"handbook"})
    with pytest.raises(UnknownDocument):
        register.passage(old.id, PUBLIC)


def test_a_write_that_fails_half_way_leaves_the_old_edition(register: Register) -> None:
    put(register, document(), "Convoys leave at dawn.")
    twice = StoredPassage(passage("Trucks stay."), np.ones((2, DIMENSIONS), np.float32))
    with pytest.raises(IndexDamaged):
        register.put(document(title="New"), "key", [twice, twice], [])
    assert [d.title for d in register.documents(PUBLIC)] == ["handbook"]
    assert found(register, "convoys") == {"handbook"}


@pytest.mark.parametrize(
    ("asker", "reads"),
    [
        (PUBLIC, {"open"}),
        (CLEARED, {"open", "secret"}),
        (POLICE, {"open", "police"}),
        (Asker(CONFIDENTIAL, frozenset({"police"})), {"open", "secret", "police", "both"}),
        (Asker(groups=frozenset({"polic", "POLICE", ""})), {"open"}),
    ],
)
def test_an_asker_sees_what_clearance_and_groups_admit_in_every_list(
    register: Register, asker: Asker, reads: set[str]
) -> None:
    for name, fields in {
        "open": {},
        "secret": {"classification": CONFIDENTIAL},
        "police": {"audience": ("police",)},
        "both": {"classification": CONFIDENTIAL, "audience": ("police", "military")},
    }.items():
        put(register, document(name, **fields), "Convoys leave.", abbreviations=(Abbreviation("AB", "a b", name, "x"),))
    assert {d.id for d in register.documents(asker)} == reads
    assert {a.document_id for a in register.abbreviations(asker)} == reads
    assert found(register, "convoys", asker) == reads
    assert register.text.vocabulary(register.class_ids(asker))["convoi"] == len(reads)
    for hidden in {"open", "secret", "police", "both"} - reads:
        with pytest.raises(UnknownDocument):
            register.passages(hidden, asker)


def test_denied_and_absent_are_told_in_the_same_words(register: Register) -> None:
    put(register, document("secret", classification=CONFIDENTIAL), "Convoys leave.")
    with pytest.raises(UnknownDocument) as denied:
        register.document("secret", PUBLIC)
    register.remove("secret")
    with pytest.raises(UnknownDocument) as absent:
        register.document("secret", PUBLIC)
    assert str(denied.value) == str(absent.value)


def test_a_fingerprint_tells_of_what_the_asker_may_read_and_of_nothing_else(register: Register) -> None:
    put(register, document("open"), "Convoys leave.")
    public, cleared = register.fingerprint(PUBLIC), register.fingerprint(CLEARED)
    put(register, document("secret", classification=CONFIDENTIAL), "Dogs bark.")
    assert register.fingerprint(PUBLIC) == public
    assert register.fingerprint(CLEARED) != cleared
    register.set_fields("open", {"standing": "superseded"})
    assert register.fingerprint(PUBLIC) != public


def test_fields_that_were_set_outlive_a_new_edition_until_set_back(register: Register) -> None:
    put(register, document(), "Convoys leave.")
    register.set_fields("handbook", {"standing": "superseded", "title": "Old handbook"})
    put(register, document(title="Third edition"), "Trucks leave.")
    shown = register.document("handbook", PUBLIC)
    assert (shown.standing, shown.title) == (Standing.SUPERSEDED, "Old handbook")
    with pytest.raises(UnknownDocument, match="focal documents"):
        register.set_fields("nothing", {"title": "x"})


def test_reclassifying_moves_words_and_abbreviations_at_once(register: Register) -> None:
    put(register, document(), "Convoys leave.", abbreviations=(Abbreviation("CL", "convoys leave", "handbook", "x"),))
    register.set_fields("handbook", {"classification": "confidential"})
    assert register.documents(PUBLIC) == [] == register.abbreviations(PUBLIC)
    assert (found(register, "convoys"), found(register, "convoys", CLEARED)) == (set(), {"handbook"})
    assert register.text.vocabulary(register.class_ids(PUBLIC)) == {}


def test_what_was_read_before_is_neither_given_to_others_nor_outlives_a_change(
    register: Register, tmp_path: Path
) -> None:
    of_secret = document("secret", classification=CONFIDENTIAL)
    (secret,) = put(register, of_secret, "Convoys leave.", dimensions=embedding.DIMENSIONS)

    def read(asker: Asker) -> list[str]:
        return [s.passage.text for s in register.fetch([secret.id, "absent"], register.class_ids(asker)).values()]

    assert read(CLEARED) == ["Convoys leave."] == read(CLEARED)
    assert read(PUBLIC) == []
    ids, vectors = register.passage_vectors("secret")
    assert (ids, vectors.shape) == ([secret.id], (1, embedding.DIMENSIONS))
    elsewhere = Register(tmp_path / "register.sqlite3")  # as another process does
    elsewhere.set_fields("secret", {"classification": "unclassified"})
    assert read(PUBLIC) == ["Convoys leave."]
    elsewhere.remove("secret")
    elsewhere.close()
    assert read(CLEARED) == []
    assert register.passage_vectors("secret")[0] == []


def test_keywords_find_symbols_numbers_and_words_without_accents(register: Register) -> None:
    put(register, document(symbol="S/2025/54"), "The coordonnateur résident counted 2 101 cases, see ST/SGB/2007/6.")
    assert found(register, "resident") == found(register, "2101") == {"handbook"}
    assert found(register, *codes("S/2025/54")) == found(register, *codes("ST/SGB/2007/6")) == {"handbook"}


def test_removed_words_are_gone_from_the_file(register: Register) -> None:
    put(register, document("other"), "Trucks stay.")
    put(
        register,
        document(),
        "Convoys carry marmalade.",
        abbreviations=(Abbreviation("CM", "marmalade", "handbook", "x"),),
    )
    register.remove("handbook")
    register.compact()
    raw = b"".join(path.read_bytes() for path in register.path.parent.iterdir())
    assert b"marmalade" not in raw.lower() and b"trucks" in raw.lower()


def test_notes_what_the_vector_store_still_has_to_forget(register: Register) -> None:
    (kept,) = put(register, document(), "Convoys leave.")
    class_id = register.class_of("handbook")
    assert class_id is not None
    register.note_unsettled(class_id, [kept.id, "gone"])
    register.note_unsettled(class_id + 1, [kept.id])
    assert register.unsettled() == {class_id: ["gone"], class_id + 1: [kept.id]}
    register.forget_unsettled()
    assert register.unsettled() == {}


def test_access_classes_are_ordered_by_classification_and_group_order_makes_no_new_one(register: Register) -> None:
    first = register.class_id(document(audience=("b", "a")))
    assert register.class_id(document(audience=("a", "b"))) == first
    assert register.classes()[first] == AccessClass(Classification.UNCLASSIFIED, ("a", "b"))


def test_refuses_a_register_of_a_newer_version_and_leaves_it_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "register.sqlite3"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(IndexMismatch, match="newer version"):
        Register(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("damage", ["not a database", "cut short"])
def test_refuses_a_damaged_file_with_what_to_do(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "register.sqlite3"
    register = Register(path)
    put(register, document(), *(f"Convoy {n} leaves at dawn." for n in range(200)))
    register.close()
    whole = path.read_bytes()
    path.write_bytes(b"not a database" * 500 if damage == "not a database" else whole[: len(whole) // 3])
    with pytest.raises(IndexDamaged, match=r"register\.sqlite3 is damaged .*focal restore.*focal ingest"):
        Register(path).check()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "register.sqlite3").mkdir()
    with pytest.raises(IndexDamaged, match="check free disk space and permissions"):
        Register(tmp_path / "register.sqlite3")


def test_a_register_of_the_first_schema_opens_and_keeps_its_documents(tmp_path: Path) -> None:
    path = tmp_path / "register.sqlite3"
    old = Register(path)
    put(old, document(), "Convoys leave at dawn.")
    old.close()
    with sqlite3.connect(path) as connection:
        connection.execute("ALTER TABLE passages DROP COLUMN words")
        connection.execute("PRAGMA user_version = 1")
    for _ in range(2):
        register = Register(path)
        (stored,) = register.stored_passages("handbook")
        assert (stored.passage.text, len(stored.words.starts)) == ("Convoys leave at dawn.", 0)
        register.close()
