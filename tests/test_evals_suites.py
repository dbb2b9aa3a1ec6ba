"""The suites in the repository, and the whole way from the command to the report."""

from __future__ import annotations

import io
import re
import subprocess
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

pytest.importorskip("scipy", reason="the evals extra is not installed")
pytest.importorskip("ir_measures", reason="the evals extra is not installed")

from rich.console import Console
from typer.testing import CliRunner

from assistant import evidence
from assistant.answers import Answer, Question
from assistant.bootstrap import NOTES, assistant_for
from assistant.errors import SettingsError
from assistant.settings import Settings
from evals import beir, calibrate, cli, command, gates, suites
from evals.cases import CaseError, check_evidence, composition
from evals.compare import compare
from evals.configurations import changed, configuration
from evals.run import commit, load_run, run
from evals.subjects import AssistantSubject
from evals.suites import indexing_code, load_suite
from knowledge import retrieval
from knowledge.cleaning import split_sentences
from knowledge.ranking import relevance
from tests.chat_server import ChatServer, sentence

TYPES = {
    "single_fact", "role", "list", "definition", "comparison", "dilemma", "procedure", "one_mission", "table",
    "paragraph", "told_apart", "follow_up", "french", "unanswerable", "false_premise", "out_of_scope",
}  # fmt: skip


@pytest.mark.parametrize(("name", "least"), [("starter", 80), ("corpus", 150)])
def test_a_suite_has_enough_cases_of_every_type(name: str, least: int) -> None:
    suite = load_suite(name)
    counts = composition(suite)
    assert len(suite.cases) >= least
    assert set(counts) == TYPES
    assert min(counts.values()) / len(suite.cases) >= 0.06
    assert all(case.history for case in suite.cases if case.type == "follow_up")


def test_the_corpus_suite_is_spread_over_its_documents() -> None:
    documents = Counter(e.document for case in load_suite("corpus").cases for e in case.evidence)
    assert len(documents) >= 17


def test_every_question_of_a_pair_has_an_unanswerable_twin() -> None:
    answerable = {case.id[:-1]: case.answerable for case in load_suite("pairs").cases if case.id.endswith("a")}
    twins = {case.id[:-1]: case.answerable for case in load_suite("pairs").cases if case.id.endswith("b")}
    assert answerable.keys() == twins.keys() and len(twins) >= 60
    assert all(answerable.values()) and not any(twins.values())


@pytest.mark.parametrize(("name", "least"), [("fresh", 60), ("unseen", 40)])
def test_the_suites_that_judge_hold_enough_of_both_kinds(name: str, least: int) -> None:
    kinds = Counter(case.answerable for case in load_suite(name).cases)
    assert min(kinds[True], kinds[False]) >= least


def test_nothing_is_fitted_on_the_unseen_suite() -> None:
    asked = {case.question for name in calibrate.SUITES for case in load_suite(name).cases}
    assert "unseen" not in calibrate.SUITES
    assert not asked & {case.question for case in load_suite("unseen").cases}


def test_each_half_of_a_suite_has_every_type() -> None:
    for name in ("starter", "corpus"):
        suite = load_suite(name)
        assert set(composition(suite.only("dev"))) == set(composition(suite.only("test"))) == TYPES


def test_every_quote_of_the_starter_suite_stands_in_its_note() -> None:
    texts = {}
    for path in NOTES.glob("*.md"):
        text = path.read_text(encoding="utf-8")
        found = re.search(r"^id: *(.+)$", text, re.MULTILINE)
        assert found is not None
        # A list in front of a paragraph, bold print and table rules are marks, not words.
        texts[found[1].strip("\"'")] = text
    check_evidence(load_suite("starter"), texts)


def test_an_unknown_suite_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(CaseError, match="use one of starter, roles, corpus"):
        load_suite("startr")


def test_a_suite_without_its_documents_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match="which is not there"):
        suites.document_folders("corpus", tmp_path)


def test_the_index_is_built_anew_when_the_code_that_fills_it_changes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = indexing_code()
    assert before == indexing_code()
    for package in ("knowledge", "assistant"):
        for source in (suites.PROJECT / package).rglob("*.py"):
            target = tmp_path / source.relative_to(suites.PROJECT)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
    monkeypatch.setattr(suites, "PROJECT", tmp_path)
    assert indexing_code() == before
    with (tmp_path / "knowledge" / "passages.py").open("a", encoding="utf-8") as file:
        file.write("\n")
    changed = indexing_code()
    assert changed != before
    with (tmp_path / "knowledge" / "retrieval.py").open("a", encoding="utf-8") as file:
        file.write("\n")
    assert indexing_code() == changed


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(home=tmp_path_factory.mktemp("home"), _env_file=None)  # type: ignore[call-arg]


def test_the_starter_suite_is_measured_reported_and_its_gates_hold(settings: Settings, tmp_path: Path) -> None:
    out = io.StringIO()
    status = command.run_eval(settings, "starter", half="test", report=tmp_path, console=Console(file=out, width=110))
    assert status == 0, out.getvalue()
    measured = load_run(tmp_path / "run.json")
    assert measured.conditions.half == "test"
    assert {result.id for result in measured.results} == {case.id for case in load_suite("starter").only("test").cases}
    assert all(result.blame not in ("error", "not_indexed", "not_read") for result in measured.results)
    assert measured.figure("verbatim").value == 1
    assert measured.conditions.documents and measured.conditions.index
    assert "whole answer, p95" in (tmp_path / "index.html").read_text(encoding="utf-8")


class Denying(AssistantSubject):
    """The assistant, its answer turned into its contrary, its quotes left as they are."""

    def ask(self, question: Question) -> Answer:
        answer = super().ask(question)
        return replace(answer, answer=f"It is not so that {answer.answer}") if answer.citations else answer


class Lying(AssistantSubject):
    """The assistant, with one small word of each quote changed."""

    def ask(self, question: Question) -> Answer:
        answer = super().ask(question)
        return replace(answer, citations=tuple(replace(c, quote=self._lie(c.quote)) for c in answer.citations))

    @staticmethod
    def _lie(quote: str) -> str:
        return re.sub(r"\b(the|a|of)\b", "no", quote, count=1)


def test_the_real_system_broken_on_purpose_is_caught(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    starter = load_suite("starter")
    suite = replace(starter, cases=starter.cases[:24])
    with suites.open_index("starter", settings, Path(), lambda line: None) as home:
        assistant = assistant_for(home)
        good = run(suite, AssistantSubject(assistant, {}))

        def caught(subject: AssistantSubject) -> set[str]:
            after = run(suite, subject)
            return {breach.gate for breach in gates.check(after, compare(good, after))}

        assert caught(AssistantSubject(assistant, {})) == set()
        assert "verbatim" in caught(Lying(assistant, {}))
        assert caught(Denying(assistant, {})) == {"wording"}
        with monkeypatch.context() as broken:
            broken.setattr(evidence, "ANSWER_FROM", 1.1)
            assert {"nugget_recall", "false_abstention"} <= caught(AssistantSubject(assistant, {}))
        with monkeypatch.context() as broken:
            broken.setattr(retrieval, "relevance", lambda rows: -relevance(rows))
            assert {"nugget_recall", "evidence@5"} <= caught(AssistantSubject(assistant, {}))


def test_two_runs_under_the_same_conditions_give_the_same_scores(settings: Settings, tmp_path: Path) -> None:
    for name in ("one", "two"):
        command.run_eval(settings, "starter", half="dev", report=tmp_path / name, console=Console(file=io.StringIO()))
    one, two = (load_run(tmp_path / name / "run.json") for name in ("one", "two"))
    assert [result.scores for result in one.results] == [result.scores for result in two.results]
    assert one.conditions.index == two.conditions.index


def test_a_small_collection_is_searched_through_the_whole_pipeline(settings: Settings, tmp_path: Path) -> None:
    texts = {
        "tea/1": ("Tea", "Tea is grown on the slopes of Mount Kenya."),
        "rice": ("", "Rice is grown in flooded fields."),
    }
    queries = (beir.Query("q1", "where is rice grown"), beir.Query("q2", "and tea?", ("where is rice grown",)))
    collection = beir.Collection("small", texts, queries, {"q1": {"rice": 1}, "q2": {"tea/1": 1}})
    found = beir.search(collection, settings)
    assert found["q1"][0] == "rice"
    assert set(found["q2"]) <= set(texts)
    assert beir.measure(collection, found)["R@5"].value == 1


def test_the_tutorial_pipeline_answers_with_so_many_words_and_cites_nothing(tmp_path: Path) -> None:
    pytest.importorskip("langchain_chroma", reason="the evals extra is not installed")
    pytest.importorskip("langchain_text_splitters", reason="the evals extra is not installed")
    from evals.peers.tutorial import Tutorial

    (tmp_path / "tea.md").write_text("---\nid: tea\n---\n" + "Tea is grown on slopes in Kenya. " * 60, encoding="utf-8")
    (tmp_path / "rice.txt").write_text("Rice is grown in flooded fields.", encoding="utf-8")
    tutorial = Tutorial({"tea": tmp_path / "tea.md", "rice": tmp_path / "rice.txt"}, words=20)
    hits = tutorial.search(Question("where does rice grow?"), 3)
    assert hits[0].document_id == "rice"
    assert all(len(text) <= 1000 for _, text in tutorial.passages("tea"))
    answer = tutorial.ask(Question("where does tea grow?"))
    assert (len(answer.answer.split()), answer.citations, str(answer.status)) == (20, (), "answered")


def test_configurations_are_named_or_settings_with_values() -> None:
    plain = Settings(_env_file=None)  # type: ignore[call-arg]
    assert configuration("dense").changes == {"retrieval": "dense"}
    assert changed(plain, configuration("max_words=80,retrieval=keyword").changes).max_words == 80
    assert changed(plain, {}) == plain
    with pytest.raises(CaseError, match="no configuration 'dens': use one of focal"):
        configuration("dens")
    with pytest.raises(CaseError, match="no setting colour"):
        changed(plain, configuration("colour=red").changes)
    with pytest.raises(CaseError, match="max_words: Input should be"):
        changed(plain, configuration("max_words=many").changes)


def test_two_configurations_stand_side_by_side_and_are_compared(settings: Settings, tmp_path: Path) -> None:
    out = io.StringIO()
    console = Console(file=out, width=120)
    assert (
        command.compare_configurations(
            settings, ["keyword", "focal"], "starter", half="dev", report=tmp_path, console=console
        )
        == 0
    )
    keyword, focal = load_run(tmp_path / "keyword.json"), load_run(tmp_path / "focal.json")
    assert keyword.conditions.settings["retrieval"] == "keyword"
    assert keyword.values("evidence@5") != focal.values("evidence@5")
    assert "keyword@" in out.getvalue() and "paired" in out.getvalue()


def test_a_file_of_cases_is_no_named_suite_and_has_an_index_of_its_documents(
    settings: Settings, tmp_path: Path
) -> None:
    rows = (suites.SUITES_FOLDER / "starter.jsonl").read_text(encoding="utf-8").splitlines()
    file = tmp_path / "corpus.jsonl"
    file.write_text("\n".join(rows[:10]), encoding="utf-8")
    for option in ({"accept": True}, {"baseline": True}):
        with pytest.raises(CaseError, match="only a named suite has an accepted run"):
            command.run_eval(settings, str(file), console=Console(file=io.StringIO()), **option)  # type: ignore[arg-type]
    assert command.run_eval(settings, str(file), console=Console(file=io.StringIO())) == 0
    assert {folder.name.split(".")[0] for folder in (settings.folder / "evals").iterdir()} == {"starter"}


def test_a_document_that_no_file_of_the_suite_has_is_a_fault_of_the_case(settings: Settings, tmp_path: Path) -> None:
    row = (suites.SUITES_FOLDER / "starter.jsonl").read_text(encoding="utf-8").splitlines()[0]
    file = tmp_path / "mine.jsonl"
    file.write_text(re.sub(r'"document": ?"[^"]+"', '"document": "no-such-note"', row), encoding="utf-8")
    with pytest.raises(CaseError, match=r"mine.jsonl:1: .*no document 'no-such-note' is loaded"):
        command.run_eval(settings, str(file), console=Console(file=io.StringIO()))


def test_a_run_that_breaks_a_promise_is_not_accepted(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests import fakes_evals as fakes

    lying = run(fakes.suite(1), fakes.LyingAnswerer())
    monkeypatch.setattr(command, "_measure", lambda *_: lying)
    monkeypatch.setattr(command.baselines, "accept", lambda _: pytest.fail("was accepted"))
    monkeypatch.setattr(command, "commit", lambda: "0123456789ab")
    with pytest.raises(CaseError, match="not accepted: gate verbatim"):
        command.run_eval(settings, "starter", accept=True, console=Console(file=io.StringIO()))


def test_only_a_committed_state_is_accepted_and_accepted_runs_are_no_part_of_it(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def git(*words: str) -> None:
        author = ("-c", "user.name=a", "-c", "user.email=a@b.c")
        subprocess.run(["git", *author, *words], cwd=tmp_path, check=True, capture_output=True)

    assert commit(tmp_path) == ""
    (tmp_path / "evals").mkdir()
    code, accepted = tmp_path / "code.py", tmp_path / "evals" / "baseline.json"
    code.touch()
    accepted.touch()
    git("init")
    git("add", ".")
    git("commit", "-m", "First")
    accepted.write_text("{}", encoding="utf-8")
    assert re.fullmatch(r"[0-9a-f]{12}", commit(tmp_path / "evals"))
    code.write_text("1", encoding="utf-8")
    assert re.fullmatch(r"[0-9a-f]{12}\+", commit(tmp_path / "evals"))
    monkeypatch.setattr(command, "commit", lambda: commit(tmp_path / "evals"))
    with pytest.raises(CaseError, match="commit them first"):
        command.run_eval(settings, "starter", accept=True, console=Console(file=io.StringIO()))


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["focal", "focal"], "focal with itself is no comparison"),
        (["focal", "colour=red"], "no setting colour"),
        (["focal", "chat_api_key=k3y"], "chat_api_key is a secret.*: set FOCAL_CHAT_API_KEY"),
        (["focal", "evals/baseline.json"], "is no saved run"),
        (["none.json", "focal"], "none.json: No such file"),
    ],
)
def test_a_comparison_that_cannot_be_made_is_refused_before_anything_is_measured(
    settings: Settings, names: list[str], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "_measure", lambda *_: pytest.fail("was measured"))
    with pytest.raises(CaseError, match=message):
        command.compare_configurations(settings, names, "starter", console=Console(file=io.StringIO()))


def test_runs_of_different_suites_and_a_chat_model_that_never_answered_are_no_comparison(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests import fakes_evals as fakes

    measured = run(fakes.suite(1), fakes.GoodSubject())
    measured.save(tmp_path / "fake.json")
    with pytest.raises(CaseError, match="share no case"):
        command.compare_configurations(
            settings, [str(tmp_path / "fake.json"), "focal"], console=Console(file=io.StringIO())
        )
    for result in measured.given:
        assert result.answer is not None
        result.answer["notices"] = [{"kind": "fallback", "text": "The chat model did not answer."}]
    monkeypatch.setattr(command, "_measure", lambda *_: measured)
    with pytest.raises(CaseError, match="no answer is the chat model's"):
        command.compare_configurations(settings, ["keyword", "focal"], console=Console(file=io.StringIO()))


def test_a_chat_model_is_measured_beside_the_documents_own_words(settings: Settings, tmp_path: Path) -> None:
    def first_sentence(given: dict[str, Any]) -> list[dict[str, Any]]:
        first = given["passages"][0]
        said = first["text"][slice(*split_sentences(first["text"])[0])]
        return [sentence(said, (first["passage"], said))]

    rows = (suites.SUITES_FOLDER / "starter.jsonl").read_text(encoding="utf-8").splitlines()
    file, output = tmp_path / "few.jsonl", io.StringIO()
    file.write_text("\n".join(row for row in rows if '"single_fact"' in row), encoding="utf-8")
    with ChatServer(first_sentence).running() as server:
        chat = f"chat_model=openai:scripted,chat_base_url={server.base_url}"
        with_key = settings.model_copy(update={"chat_api_key": SecretStr("k3y")})
        names = ["focal", chat]
        command.compare_configurations(
            with_key, names, str(file), report=tmp_path / "report", console=Console(file=output, width=200)
        )
    runs = {path.name: load_run(path) for path in (tmp_path / "report").glob("*.json")}
    own = runs.pop("focal.json")
    worded = next(found for found in runs.values() if found.conditions.configuration == chat)
    assert server.requests and not worded.fallbacks and worded.figure("verbatim").value == 1.0
    assert max(worded.values("words")) < max(own.values("words"))
    assert "focal" in output.getvalue() and "chat_model=openai:scripted" in output.getvalue()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--beir", "x", "--baseline"], "--beir does not go with --baseline"),
        (["--compare", "dense", "focal", "--judge"], "--compare does not go with --judge"),
        (["draft-cases", "--half", "dev"], "draft-cases does not go with --half"),
    ],
)
def test_an_option_that_has_no_part_in_a_call_is_refused(arguments: list[str], message: str) -> None:
    result = CliRunner().invoke(cli.app, arguments)
    assert isinstance(result.exception, SettingsError) and message in str(result.exception)
