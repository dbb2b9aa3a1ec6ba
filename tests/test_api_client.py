"""The command line while a server holds the index."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from assistant import client, settings
from assistant.abbreviations import entries
from assistant.api import operating
from assistant.api.service import Service
from assistant.cli import app
from assistant.errors import ServerError
from assistant.mcp_server import ServerTools, ToolRefusal, Tools
from knowledge.access import PUBLIC
from tests.fakes_api import open_world, serving
from tests.test_api_managing import load_lines

QUESTION = "With how many armed vehicles does every convoy leave the compound?"


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    def load(home, paths, level, found, starter):  # type: ignore[no-untyped-def]
        found(len(paths))
        return load_lines(home, paths, level, may_replace=lambda _: True)

    monkeypatch.setattr(operating, "load", load)
    with open_world(tmp_path) as opened, serving(opened) as url:
        opened.home.lock.announce(url)
        monkeypatch.setattr(settings, "load", lambda: opened.settings)
        yield opened


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(arguments))
    return result.exit_code, result.output


def test_questions_documents_changes_and_removals_go_through_the_server(service: Service) -> None:
    status, text = run("ask", QUESTION, "--json")
    answer = json.loads(text)
    assert status == 0 and answer["citations"][0]["document_id"] == "convoy-rules" and "conversation_id" not in answer
    assert "[1]" in run("ask", QUESTION)[1]
    assert service.answers.rows(1)[0].surface == "cli"
    assert {d["id"] for d in json.loads(run("documents", "--json")[1])} == {"convoy-rules", "team-handbook"}
    assert run("set", "convoy-rules", "standing=superseded", "superseded_by=team-handbook")[0] == 0
    assert json.loads(run("ask", QUESTION, "--json")[1])["citations"][0]["standing"] == "superseded"
    assert run("remove", "convoy-rules")[0] == 0
    assert "convoy-rules" not in run("documents", "--json")[1]


def test_a_batch_goes_through_the_server(service: Service, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text(json.dumps({"id": "7", "question": QUESTION, "history": []}))
    assert run("ask", "--batch", str(tmp_path / "in.jsonl"), "--out", str(tmp_path / "out.jsonl"))[0] == 0
    row = json.loads((tmp_path / "out.jsonl").read_text())
    assert row["id"] == "7" and row["passages"][0]["text"]


def test_ingestion_goes_through_the_server_and_reports_each_file(service: Service, tmp_path: Path) -> None:
    (tmp_path / "fuel.txt").write_text("The fuel officer signs for every delivery of diesel.")
    (tmp_path / "marked.txt").write_text("CONFIDENTIAL\nThe depot is guarded by two men.")
    assert run("ingest", str(tmp_path / "fuel.txt"))[0] == 0
    status, text = run("ingest", str(tmp_path / "marked.txt"))
    assert status == 1 and "held back" in text
    assert [d.id for d in service.home.store.register.all_documents()] == ["convoy-rules", "fuel", "team-handbook"]


def test_a_briefing_goes_through_the_server(service: Service) -> None:
    status, text = run("brief", "dsrsg-rc-hc", "--format", "markdown")
    assert status == 0 and text.startswith("# ")


def test_the_glossary_goes_through_the_server(service: Service) -> None:
    status, text = run("glossary", "--json")
    register, retriever = service.assistant.register, service.assistant.retriever
    assert status == 0
    assert [row["short"] for row in json.loads(text)] == [
        entry.short for entry in entries(register, retriever.glossary(PUBLIC), PUBLIC)
    ]
    assert run("glossary", "QQQ")[0] == 1


def test_the_protocols_tools_say_the_same_beside_a_server(service: Service) -> None:
    found = client.running(service.settings)
    assert found is not None
    beside, own = ServerTools(found), Tools(service.assistant, PUBLIC)
    timing = ("answer_id", "timing_ms")
    asked = [{k: v for k, v in tools.ask(QUESTION).items() if k not in timing} for tools in (beside, own)]
    assert asked[0] == json.loads(json.dumps(asked[1]))
    for rows, others in (
        (beside.search("convoy", 3), own.search("convoy", 3)),
        (beside.read_paragraph("convoy-rules", "1"), own.read_paragraph("convoy-rules", "1")),
    ):
        assert [row["passage_id"] for row in rows] == [row["passage_id"] for row in others]
        assert all(other.items() <= row.items() for row, other in zip(rows, others, strict=True))
    with pytest.raises(ToolRefusal, match="no paragraph 99"):
        beside.read_paragraph("convoy-rules", "99")


def test_the_servers_words_reach_the_user(service: Service) -> None:
    found = client.running(service.settings)
    assert found is not None
    with pytest.raises(ServerError, match="by that name"):
        found.remove("absent")
    with pytest.raises(ServerError, match="use one of"):
        found.change("convoy-rules", ["standing=cosmic"])


def test_the_token_is_the_owners_alone_and_ends_with_the_server(service: Service) -> None:
    token = service.settings.folder / client.TOKEN_FILE
    assert token.stat().st_mode & 0o077 == 0
    service.keys.add("x")
    token.unlink()
    with pytest.raises(ServerError, match="server's user"):
        client.running(service.settings)


def test_without_a_server_there_is_no_client_whatever_a_killed_one_left(tmp_path: Path) -> None:
    with open_world(tmp_path) as service:
        assert client.running(service.settings) is None
        left = (service.settings.folder / "lock").read_text()
        folder = service.settings.folder
    (folder / "lock").write_text(left.replace("null", '"http://127.0.0.1:9"'))
    (folder / client.TOKEN_FILE).write_text("local_x")
    assert client.running(service.settings) is None
