"""The real `focal` in a process of its own: answers on stdout, all else on stderr, a mistake is one line and exit 1."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from conftest import Focal, copy_home, focal_program, with_models
from library import PUBLIC_DOCUMENTS, RESTRICTED_DOCUMENTS, write_documents

QUESTION = "What is the speed limit of a convoy on paved roads?"
ANSWER_FIELDS = {
    "answer_id", "question", "status", "answer", "citations", "notices", "suggestions", "confidence", "engine",
    "timing_ms",
}  # fmt: skip
CITATION_FIELDS = {
    "number", "document_id", "symbol", "title", "date", "section", "paragraph", "page", "quote", "passage_id", "url",
    "standing", "superseded_by", "binding",
}  # fmt: skip
STATUSES = {
    "answered", "answered_with_caveat", "sources_disagree", "not_found", "out_of_scope", "needs_clarification",
}  # fmt: skip


@pytest.fixture
def home(library_folder: Path, tmp_path: Path) -> Path:
    """A home of the test's own that holds the public documents."""
    return copy_home(library_folder, tmp_path / "home")


def mistake(ran: subprocess.CompletedProcess[str]) -> str:
    """The one line that a user's mistake is answered with."""
    assert ran.returncode == 1, ran
    assert ran.stdout == ""
    assert "Traceback" not in ran.stderr
    (line,) = ran.stderr.splitlines()
    assert line.startswith("focal: ")
    return line


def test_help_comes_at_once_and_names_every_command(tmp_path: Path) -> None:
    shown = subprocess.run([focal_program(), "--help"], capture_output=True, text=True, timeout=10, cwd=tmp_path)
    assert shown.returncode == 0
    for command in ("ingest", "documents", "remove", "set", "ask", "brief", "serve", "eval", "gaps", "doctor"):
        assert re.search(rf"^ +{command} ", shown.stdout, re.MULTILINE), command


def test_answers_on_stdout_with_place_standing_and_exact_words(home: Path, focal: Focal) -> None:
    ran = focal("ask", QUESTION, home=home)
    assert ran.returncode == 0 and ran.stderr == ""
    words = " ".join(ran.stdout.split())
    assert "60 kilometres an hour on paved roads" in words and "[1]" in words
    assert "[1] FP/SOP/2024/7, para. 4 – Convoy movements “The speed limit of a convoy is 60 kilometres" in words


def test_the_json_of_an_answer_keeps_the_contract(home: Path, focal: Focal) -> None:
    ran = focal("ask", "Who signs a waiver of liability?", "--json", home=home)
    answer = json.loads(ran.stdout)
    assert ran.stderr == "" and set(answer) >= ANSWER_FIELDS
    assert answer["status"] == "answered_with_caveat"
    first = answer["citations"][0]
    assert set(first) >= CITATION_FIELDS
    assert (first["number"], first["document_id"], first["paragraph"]) == (1, "convoy-sop-2019", "2")
    assert (first["standing"], first["superseded_by"]) == ("superseded", "convoy-sop-2024")
    assert first["url"] == "/documents/convoy-sop-2019#p2"
    assert "superseded" in [notice["kind"] for notice in answer["notices"]]
    assert set(answer["engine"]) >= {"answerer", "model", "index"} and re.fullmatch(
        r"[0-9a-f]+", answer["engine"]["index"]
    )
    assert set(answer["timing_ms"]) >= {"retrieve", "answer"}


def test_a_question_the_guidance_cannot_answer_is_kept_as_a_gap_without_a_server(home: Path, focal: Focal) -> None:
    unanswered = "What is the recipe for sourdough bread?"
    assert json.loads(focal("ask", unanswered, "--json", home=home).stdout)["citations"] == []
    assert json.loads(focal("ask", QUESTION, "--json", home=home).stdout)["citations"]
    (gap,) = json.loads(focal("gaps", "--json", home=home).stdout)
    assert (gap["questions"], gap["times"]) == ([unanswered], 1)
    assert focal("forget", "--asker", "operator", home=home).returncode == 0
    assert "no question has gone unanswered" in focal("gaps", home=home).stdout


def test_an_answer_is_given_even_if_it_cannot_be_logged(home: Path, focal: Focal) -> None:
    (home / "answers.sqlite3").write_bytes(b"no database" * 100)
    ran = focal("ask", QUESTION, home=home)
    assert ran.returncode == 0 and "60 kilometres an hour" in " ".join(ran.stdout.split())
    (line,) = ran.stderr.splitlines()
    assert "not in the answer log" in line


def test_a_batch_answers_every_line_with_its_id_and_the_passages_found(
    home: Path, focal: Focal, tmp_path: Path
) -> None:
    lines = [
        {"id": "speed", "question": QUESTION},
        {"id": "led", "question": "and at night?", "history": ["When may convoys move?"]},
        {"id": "nowhere", "question": "What is the recipe for sourdough bread?"},
    ]
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text("\n".join(map(json.dumps, lines)) + "\n\n", encoding="utf-8")
    ran = focal("ask", "--batch", source, "--out", target, home=home)
    assert (ran.returncode, ran.stdout) == (0, "")
    rows = [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
    assert [row["id"] for row in rows] == ["speed", "led", "nowhere"]
    for row in rows:
        assert set(row) >= ANSWER_FIELDS | {"id", "passages"} and row["status"] in STATUSES
        assert 0 < len(row["passages"]) <= 10
        assert all(set(p) >= {"text", "document_id", "paragraph", "page"} for p in row["passages"])
    assert rows[1]["passages"][0]["paragraph"] == "3"
    assert rows[2]["citations"] == []
    assert not target.with_name("out.jsonl.partial").exists()


def test_a_faulty_batch_is_named_by_line_and_leaves_no_half_result(home: Path, focal: Focal, tmp_path: Path) -> None:
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text(json.dumps({"id": "a", "question": QUESTION}) + '\n{"id": "b"}\n', encoding="utf-8")
    assert re.search(
        r"in\.jsonl, line 2: question", mistake(focal("ask", "--batch", source, "--out", target, home=home))
    )
    assert not target.exists()


def test_an_empty_index_takes_the_starter_notes_in_and_a_filled_one_never_does(
    models: Path, tmp_path: Path, focal: Focal
) -> None:
    first = focal("ask", "What does JMAC stand for?", "--json", home=with_models(tmp_path / "fresh", models))
    assert "taking in the starter notes" in first.stderr
    assert json.loads(first.stdout)["citations"]
    own = with_models(tmp_path / "own", models)
    assert (
        focal("ingest", write_documents(tmp_path / "files", dict([*PUBLIC_DOCUMENTS.items()][:1])), home=own).returncode
        == 0
    )
    assert "starter" not in focal("ask", "What does JMAC stand for?", home=own).stderr
    (document,) = json.loads(focal("documents", "--json", home=own).stdout)
    assert (document["id"], document["starter"]) == ("convoy-sop-2024", False)


def test_taking_in_tells_each_file_and_fails_where_one_failed(home: Path, focal: Focal, tmp_path: Path) -> None:
    files = write_documents(tmp_path / "files", {**PUBLIC_DOCUMENTS, **RESTRICTED_DOCUMENTS})
    (files / "empty.md").touch()
    (files / "scan.pdf").write_bytes(b"%PDF-1.4 and nothing else")
    (files / "front.md").write_text("---\nstanding: maybe\n---\nText.", encoding="utf-8")
    ran = focal("ingest", files, home=home)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert "Traceback" not in ran.stderr
    named = [line for line in ran.stderr.splitlines() if line.startswith("focal: ")]
    for name, reason in {"empty.md": "", "scan.pdf": "", "front.md": "maybe", "camp-plan.md": "confidential"}.items():
        (line,) = [line for line in named if name in line]
        assert reason in line and len(line) > len(str(files / name)) + 15
    assert len(named) == 4
    assert len(re.findall(r"^\S+ +unchanged ", ran.stderr, re.MULTILINE)) == len(PUBLIC_DOCUMENTS)
    assert re.search(r"^police-roster\.md +added ", ran.stderr, re.MULTILINE)


def test_the_register_is_shown_changed_and_emptied_by_command(home: Path, focal: Focal) -> None:
    changed = focal("set", "study-2003", "standing=superseded", "superseded_by=mission-handbook", home=home)
    assert changed.returncode == 0, changed.stderr
    shown = {d["id"]: d for d in json.loads(focal("documents", "--json", home=home).stdout)}
    assert shown.keys() == {Path(name).stem for name in PUBLIC_DOCUMENTS}
    assert (shown["study-2003"]["standing"], shown["study-2003"]["superseded_by"]) == ("superseded", "mission-handbook")
    assert set(shown["s-2031-54"]) >= {
        "id", "symbol", "title", "short_title", "publisher", "organ", "date", "kind", "binding", "standing",
        "superseded_by", "review_due", "classification", "audience", "language", "source_path", "sha256", "pages",
    }  # fmt: skip
    assert focal("remove", "study-2003", home=home).returncode == 0
    table = focal("documents", home=home).stdout
    assert "study-2003" not in table and "S/2031/54" in table
    raw = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file() and "models" not in path.parts)
    assert b"barges" not in raw and b"odometer" in raw


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["ask", ""], "focal ask"),
        (["ask", "x", "--since", "yesterday"], "YYYY-MM-DD"),
        (["ask", "x", "--document", "no-such"], "no document 'no-such'"),
        (["ask", "--batch", "nowhere.jsonl"], "--out"),
        (["ask", "--batch", "nowhere.jsonl", "--out", "out.jsonl"], "nowhere.jsonl"),
        (["ingest"], "nothing to take in"),
        (["ingest", "x", "--classification", "secret"], "unclassified, confidential, strictly_confidential"),
        (["remove", "no-such"], "no document 'no-such'"),
        (["set", "study-2003", "standing=gone"], "in_force, superseded, historical, draft, unknown"),
        (["set", "study-2003", "superseded_by=no-such"], "no such document"),
        (["set", "study-2003", "colour=red"], "no such field"),
        (["set", "study-2003", "standing"], "field=value"),
        (["eval", "--corpus", "."], "--corpus does not go with the suite starter"),
        (["eval", "--compare", "focal", "tutorial", "--accept"], "--compare does not go with --accept"),
        (["eval", "--beir", ".", "--half", "dev"], "--beir does not go with --half"),
    ],
)
def test_a_mistake_is_told_in_one_line_with_what_to_do(home: Path, focal: Focal, words: list[str], says: str) -> None:
    assert says in mistake(focal(*words, home=home))


def test_a_setting_that_cannot_be_used_is_named_with_what_it_accepts(home: Path, focal: Focal) -> None:
    line = mistake(focal("ask", QUESTION, home=home, FOCAL_MAX_WORDS="many"))
    assert "FOCAL_MAX_WORDS" in line and "'many'" in line


def test_a_home_that_cannot_be_made_is_named(focal: Focal, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "file" in mistake(focal("documents", home=tmp_path / "file" / "home"))


def test_the_doctor_finds_a_sound_home_sound_and_names_what_is_not(home: Path, focal: Focal) -> None:
    sound = focal("doctor", home=home)
    assert sound.returncode == 0, sound.stdout
    assert all(line.startswith("ok ") for line in sound.stdout.splitlines())
    register = home / "register.sqlite3"
    register.write_bytes(register.read_bytes().replace(b"is 60 kilometres", b"is 90 kilometres"))
    ill = focal("doctor", home=home)
    assert ill.returncode == 1
    (failing,) = [line for line in ill.stdout.splitlines() if line.startswith("FAIL index")]
    assert "convoy-sop-2024" in failing and "Traceback" not in ill.stderr


def test_terminal_codes_in_a_document_and_a_question_steer_no_terminal(
    models: Path, tmp_path: Path, focal: Focal
) -> None:
    home = with_models(tmp_path / "home", models)
    text = "# Gates\n\n" + "".join(
        f"{n}. The gate \x1b[31mnumber\x1b[0m {n} of the \u202ecompound is shut at night by the guard on duty.\n\n"
        for n in range(1, 5)
    )
    assert focal("ingest", write_documents(tmp_path / "files", {"gate.md": text}), home=home).returncode == 0
    ran = focal("ask", "Which gate is shut \x1b[2J at night by the guard?", home=home)
    assert "guard" in ran.stdout
    assert not re.search(r"[\x1b\u202e]", ran.stdout + ran.stderr)
