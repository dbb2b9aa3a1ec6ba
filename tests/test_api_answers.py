import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from assistant.answers import Answer
from assistant.api.app import create_app
from assistant.api.logs import JsonFormatter
from assistant.api.service import Service
from tests.fakes_api import Direct, Paper, open_world

QUESTION = "With how many armed vehicles does every convoy leave the compound?"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with open_world(tmp_path_factory.mktemp("answers")) as opened:
        yield opened


@pytest.fixture
def call(service: Service) -> Direct:
    return Direct(service)


def test_an_answer_has_the_shape_of_the_contract_and_cites_exact_words(call: Direct) -> None:
    found = call.ask(QUESTION)
    conversation = found.pop("conversation_id")
    assert conversation
    answer = TypeAdapter(Answer).validate_python(found)
    assert answer.as_dict() == {**answer.as_dict(), **{k: v for k, v in found.items() if k in ("answer", "status")}}
    assert list(found) == list(answer.as_dict())
    assert answer.citations[0].document_id == "convoy-rules"
    assert answer.citations[0].url == "/documents/convoy-rules#p1"
    assert "[1]" in answer.answer


def test_passages_come_only_when_asked_for(call: Direct) -> None:
    assert "passages" not in call.ask(QUESTION)
    found = call.ask(QUESTION, include=["passages"])["passages"]
    assert found[0]["document_id"] == "convoy-rules" and found[0]["score"] is not None


def test_a_follow_up_leans_on_the_conversation(service: Service, call: Direct) -> None:
    first = call.ask(QUESTION)
    call.ask("And the radio operator?", conversation_id=first["conversation_id"])
    newest = service.answers.rows(1)[0]
    assert newest.history == (QUESTION,) and newest.conversation == first["conversation_id"]


def test_history_that_is_sent_counts_before_what_is_remembered(service: Service, call: Direct) -> None:
    first = call.ask(QUESTION)
    call.ask("And them?", conversation_id=first["conversation_id"], history=["Who chairs the country team?"])
    assert service.answers.rows(1)[0].history == ("Who chairs the country team?",)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "question"),
        ({"question": ""}, "question"),
        ({"question": "   "}, "question"),
        ({"question": "x" * 4001}, "question"),
        ({"question": "a\x00b"}, "question"),
        ({"question": 3}, "question"),
        ({"question": "x", "clearance": "confidential"}, "clearance"),
        ({"question": "x", "filters": {"since": "last year"}}, "filters.since"),
        ({"question": "x", "filters": {"kinds": ["poem"]}}, "filters.kinds.0"),
        ({"question": "x", "history": ["y"] * 21}, "history"),
        ({"question": "x", "include": ["secrets"]}, "include.0"),
    ],
)
def test_a_request_that_cannot_be_understood_names_the_field(call: Direct, body: object, field: str) -> None:
    response = call("POST", "/v1/ask", json=body)
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["errors"][0]["field"] == field
    assert problem["request_id"] == response.headers["x-request-id"]


def test_a_filter_that_leaves_nothing_is_no_failure_and_an_unknown_document_is_named(call: Direct) -> None:
    assert call.ask(QUESTION, filters={"kinds": ["resolution"]})["status"] in ("not_found", "out_of_scope")
    response = call("POST", "/v1/ask", json={"question": "x", "filters": {"documents": ["nothing-here"]}})
    assert response.status_code == 404 and response.json()["errors"][0]["field"] == "filters.documents"


@pytest.mark.parametrize(
    "content",
    [
        b"{", b"[" * 100_000, b'{"question": "\\ud800 x"}', b'{"question": "\xff"}', b'{"question": NaN}', b"null", b"",
        b'{"a":' * 5000 + b"1" + b"}" * 5000,
    ],
)  # fmt: skip
def test_a_broken_body_is_the_callers_mistake(call: Direct, content: bytes) -> None:
    response = call("POST", "/v1/ask", content=content, headers={"Content-Type": "application/json"})
    assert response.status_code in (400, 422)
    assert response.headers["content-type"] == "application/problem+json"


def test_roles_are_listed_and_briefed_from_what_may_be_read(call: Direct) -> None:
    ids = [role["id"] for role in call("GET", "/v1/roles").json()["roles"]]
    assert "dsrsg-rc-hc" in ids
    found = call("GET", "/v1/roles/dsrsg-rc-hc/briefing").json()
    assert found["role"] == "dsrsg-rc-hc" and found["classification"] == "unclassified"
    assert call("GET", "/v1/roles/dsrsg-rc-hc/briefing?format=markdown").text.startswith("# ")
    assert call("GET", "/v1/roles/emperor/briefing").status_code == 404
    assert call("POST", "/v1/ask", json={"question": "x", "role": "emperor"}).json()["errors"][0]["field"] == "role"


def test_feedback_is_noted_on_ones_own_answer_only(service: Service, call: Direct) -> None:
    answer_id = call.ask(QUESTION)["answer_id"]
    body = {"answer_id": answer_id, "verdict": "down", "reason": "wrong document"}
    assert call("POST", "/v1/feedback", json=body).status_code == 204
    assert service.answers.rows(1)[0].verdict == "down"
    _, secret = service.keys.add("somebody else")
    assert Direct(service, secret)("POST", "/v1/feedback", json=body).status_code == 404
    assert call("POST", "/v1/feedback", json={"answer_id": "nothing", "verdict": "up"}).status_code == 404


def test_a_passage_comes_with_its_neighbours(call: Direct) -> None:
    cited = call.ask(QUESTION)["citations"][0]
    found = call("GET", f"/v1/passages/{cited['passage_id']}?before=0&after=1").json()
    assert [p["paragraph"] for p in found["passages"]] == ["1", "2"]
    assert found["document"]["id"] == "convoy-rules"


def test_the_reader_gets_a_stretch_around_an_anchor(call: Direct) -> None:
    found = call("GET", "/v1/documents/team-handbook/passages?around=p2&limit=1").json()
    assert (found["first"], found["total"]) == (1, 2)
    assert [p["anchor"] for p in found["passages"]] == ["p2"]
    assert call("GET", "/v1/documents/team-handbook/passages?around=p99").status_code == 404


def test_documents_do_not_say_where_their_files_lay(call: Direct) -> None:
    found = call("GET", "/v1/documents").json()["documents"]
    assert [d["id"] for d in found] == ["convoy-rules", "team-handbook"]
    assert "source_path" not in found[0]


def test_search_gives_passages_best_first(call: Direct) -> None:
    found = call("GET", "/v1/search", params={"q": "convoy armed vehicles", "limit": 3}).json()["passages"]
    scores = [p["score"] for p in found]
    assert scores == sorted(scores, reverse=True) and found[0]["document_id"] == "convoy-rules"
    only = call("GET", "/v1/search", params={"q": "convoy", "document": "team-handbook"}).json()["passages"]
    assert {p["document_id"] for p in only} == {"team-handbook"}


def test_a_successor_that_may_not_be_read_is_not_named(tmp_path: Path) -> None:
    from knowledge.documents import Classification

    old = Paper("old-rules", ("Every convoy leaves with two armed vehicles on board.",), superseded_by="new-rules")
    new = Paper("new-rules", ("Every convoy leaves with three armed vehicles.",), Classification.CONFIDENTIAL)
    with open_world(tmp_path, (old, new)) as service:
        public = Direct(service)
        assert public("GET", "/v1/documents/old-rules").json()["superseded_by"] is None
        assert "new-rules" not in public("POST", "/v1/ask", json={"question": QUESTION}).text
        _, secret = service.keys.add("cleared", Classification.CONFIDENTIAL)
        assert Direct(service, secret)("GET", "/v1/documents/old-rules").json()["superseded_by"] == "new-rules"


def test_answers_are_given_while_the_log_cannot_be_written(tmp_path: Path) -> None:
    with open_world(tmp_path) as service:
        service.answers.close()
        assert Direct(service).ask(QUESTION)["status"] == "answered"


def test_logs_hold_neither_question_nor_answer(
    service: Service, call: Direct, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        call.ask("CANARYWORD " + QUESTION, conversation_id="CANARYID")
        call("GET", "/v1/search", params={"q": "CANARYWORD"})
        call("GET", "/v1/documents/CANARYID")
    lines = [JsonFormatter().format(record) for record in caplog.records if record.name.startswith("focal")]
    assert any('"route": "/v1/ask"' in line for line in lines)
    assert all("CANARY" not in line and "\n" not in line for line in lines)
    assert json.loads(lines[0])["status"] == 200


def test_metrics_hold_no_question_and_no_id(call: Direct) -> None:
    call("GET", "/v1/documents/CANARYID")
    call("GET", "/CANARYPATH")
    call("CANARYMETHOD", "/v1/ask")
    text = call("GET", "/metrics").text
    assert "CANARY" not in text
    assert 'focal_answers_total{status="answered",surface="http"}' in text


def test_every_operation_is_described_with_an_example_and_its_problems(service: Service) -> None:
    schema = create_app(service).openapi()
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            assert operation["summary"] and operation["description"], (method, path)
            for status, response in operation["responses"].items():
                if int(status) >= 400:
                    assert list(response["content"]) == ["application/problem+json"], (path, status)
            content = operation.get("requestBody", {}).get("content", {}).get("application/json")
            if content:
                name = content["schema"]["$ref"].rsplit("/", 1)[1]
                assert schema["components"]["schemas"][name]["examples"], name
    assert not any("/operator/" in path for path in schema["paths"])
    assert "/v1/ask" in schema["paths"] and "ProblemBody" in schema["components"]["schemas"]
