import datetime as dt
from pathlib import Path

import pytest

from assistant import gaps
from assistant.answer_log import AnswerLog
from assistant.answers import Answer, Citation, Engine, Status
from assistant.errors import AnswerLogError
from assistant.identity import ANONYMOUS, Identity
from evals.drafts import draft_cases
from knowledge.access import PUBLIC, Asker
from knowledge.documents import Classification
from tests.fakes_api import WordEmbedding

CLEARED = Identity(Asker(Classification.CONFIDENTIAL), "cleared")
NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> dt.datetime:
        return self.now


def answer(question: str, status: Status = Status.ANSWERED, number: int = 0) -> Answer:
    citation = Citation(
        1, "convoy-rules", None, "Convoy", None, (), "1", None, "words", "p", "/documents/convoy-rules#p1", "in_force",
        None, "guidance",
    )  # fmt: skip
    cited = (citation,) if status is Status.ANSWERED else ()
    return Answer(f"id-{question}-{number}", question, status, "text", cited, engine=Engine("extractive", None, "f"))


def test_keeps_what_an_answer_can_be_traced_by(tmp_path: Path) -> None:
    log = AnswerLog(tmp_path / "log.sqlite3")
    shown = answer("What now?").with_timing(retrieve=3)
    log.add(shown, CLEARED, CLEARED.asker, "http", "c1", ["Before?"])
    (row,) = log.rows()
    assert (row.question, row.answer, row.status, row.history) == ("What now?", "text", "answered", ("Before?",))
    assert (row.documents, row.asker, row.surface) == (("convoy-rules",), "cleared", "http")
    assert row.timing_ms == {"retrieve": 3} and row.engine["index"] == "f"
    assert row.citations[0]["quote"] == "words"


def test_a_conversation_remembers_answered_questions_in_order_and_no_refused_ones(tmp_path: Path) -> None:
    log = AnswerLog(tmp_path / "log.sqlite3")
    for question, status in (
        ("one", Status.ANSWERED), ("two", Status.NOT_FOUND), ("three", Status.ANSWERED_WITH_CAVEAT),
        ("four", Status.OUT_OF_SCOPE), ("five", Status.NEEDS_CLARIFICATION),
    ):  # fmt: skip
        log.add(answer(question, status), ANONYMOUS, PUBLIC, "http", "c1")
    assert log.history("c1", ANONYMOUS, PUBLIC) == ["one", "three"]
    assert log.history("c2", ANONYMOUS, PUBLIC) == []


def test_a_conversation_is_nobody_elses_and_ends_when_rights_change_or_time_passes(tmp_path: Path) -> None:
    clock = Clock()
    log = AnswerLog(tmp_path / "log.sqlite3", now=clock)
    log.add(answer("secret matter"), CLEARED, CLEARED.asker, "http", "c1")
    assert log.history("c1", CLEARED, CLEARED.asker) == ["secret matter"]
    assert log.history("c1", ANONYMOUS, PUBLIC) == []
    assert log.history("c1", CLEARED, PUBLIC) == []
    assert log.history("c1", CLEARED, Asker(Classification.CONFIDENTIAL, frozenset({"new"}))) == []
    clock.now += dt.timedelta(hours=13)
    assert log.history("c1", CLEARED, CLEARED.asker) == []


def test_only_whoever_got_an_answer_may_judge_it(tmp_path: Path) -> None:
    log = AnswerLog(tmp_path / "log.sqlite3")
    log.add(answer("q"), CLEARED, CLEARED.asker, "http")
    assert not log.feedback("id-q-0", ANONYMOUS, "down")
    assert not log.feedback("absent", CLEARED, "down")
    assert log.feedback("id-q-0", CLEARED, "down", "wrong", "see para. 4")
    (row,) = log.rows()
    assert (row.verdict, row.reason, row.comment) == ("down", "wrong", "see para. 4")


def test_answers_older_than_the_retention_are_gone_from_the_files(tmp_path: Path) -> None:
    clock = Clock()
    log = AnswerLog(tmp_path / "log.sqlite3", keep_days=30, now=clock)
    log.add(answer("CANARYOLD"), ANONYMOUS, PUBLIC, "http")
    clock.now += dt.timedelta(days=29)
    log.add(answer("CANARYNEW"), ANONYMOUS, PUBLIC, "http")
    clock.now += dt.timedelta(days=2)
    assert log.purge() == 1
    assert [row.question for row in log.rows()] == ["CANARYNEW"]
    assert b"CANARYOLD" not in _bytes(tmp_path) and b"CANARYNEW" in _bytes(tmp_path)


def test_forgetting_an_asker_or_a_conversation_leaves_no_trace_of_it(tmp_path: Path) -> None:
    log = AnswerLog(tmp_path / "log.sqlite3")
    log.add(answer("CANARYONE"), CLEARED, CLEARED.asker, "http", "c1")
    log.feedback("id-CANARYONE-0", CLEARED, "up", None, "CANARYTWO")
    log.add(answer("CANARYTHREE"), ANONYMOUS, PUBLIC, "http", "c2")
    log.add(answer("stays"), ANONYMOUS, PUBLIC, "http", "c3")
    assert log.forget(asker="cleared") == 1
    assert log.forget(conversation="c2") == 1
    assert b"CANARY" not in _bytes(tmp_path)
    assert [row.question for row in log.rows()] == ["stays"]
    assert log.forget() == 1


def test_a_retention_of_no_days_keeps_nothing(tmp_path: Path) -> None:
    log = AnswerLog(tmp_path / "log.sqlite3", keep_days=0)
    log.add(answer("CANARY"), ANONYMOUS, PUBLIC, "http", "c1")
    assert log.rows() == [] and log.history("c1", ANONYMOUS, PUBLIC) == []
    assert b"CANARY" not in _bytes(tmp_path)


def test_rows_become_drafts_of_cases(tmp_path: Path) -> None:
    log = AnswerLog(tmp_path / "log.sqlite3")
    log.add(answer("Who buys fuel?", Status.NOT_FOUND), ANONYMOUS, PUBLIC, "http")
    log.add(answer("Fine?"), ANONYMOUS, PUBLIC, "http")
    (draft,) = draft_cases(log.rows())
    assert draft["question"] == "Who buys fuel?"


def test_gaps_count_questions_that_ask_for_the_same_together(tmp_path: Path) -> None:
    log = AnswerLog(tmp_path / "log.sqlite3")
    for n, question in enumerate(["Who buys the fuel?", "who buys the fuel", "Where is the canteen?", "Fine?"]):
        status = Status.ANSWERED if question == "Fine?" else Status.NOT_FOUND
        log.add(answer(question, status, n), ANONYMOUS, PUBLIC, "http")
    found = gaps.group(log.unanswered(None), WordEmbedding())
    assert [(gap.times, len(gap.questions)) for gap in found] == [(2, 2), (1, 1)]


def test_a_manager_reads_no_question_of_somebody_with_more_rights(tmp_path: Path) -> None:
    log = AnswerLog(tmp_path / "log.sqlite3")
    log.add(answer("about Zebulon", Status.NOT_FOUND), CLEARED, CLEARED.asker, "http")
    in_group = Asker(groups=frozenset({"joc"}))
    log.add(answer("joc only", Status.NOT_FOUND), Identity(in_group, "g"), in_group, "http")
    assert log.unanswered(PUBLIC) == []
    assert [r.question for r in log.unanswered(CLEARED.asker)] == ["about Zebulon"]
    assert len(log.unanswered(None)) == 2


def test_a_log_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite3"
    AnswerLog(path).close()
    import sqlite3

    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(AnswerLogError, match="newer version"):
        AnswerLog(path)


def _bytes(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())
