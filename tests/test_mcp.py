"""`focal mcp` as another program sees it: three tools, one fixed asker, the same access rules."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from conftest import copy_home, focal_environment, focal_program, settings
from library import SECRET_WORD
from mcp import Client
from mcp.client.stdio import StdioServerParameters

from assistant.assistant import Assistant
from assistant.mcp_server import Tools, asker_of, build_server
from assistant.surfaces import DEFAULT_CEILINGS, Surface
from knowledge.access import PUBLIC
from knowledge.documents import Classification


def talk(server: Any, conversation: Callable[[Client], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        async with Client(server) as client:
            return await conversation(client)

    return asyncio.run(run())


def call(server: Any, tool: str, **arguments: Any) -> Any:
    return talk(server, lambda client: client.call_tool(tool, arguments))


def text(result: Any) -> str:
    return "\n".join(part.text for part in result.content)


def test_the_three_tools_are_offered_with_descriptions(library: Assistant) -> None:
    tools = talk(build_server(Tools(library, PUBLIC)), lambda client: client.list_tools()).tools
    assert sorted(t.name for t in tools) == ["ask", "read_paragraph", "search"]
    assert all(t.description for t in tools)
    assert not any("clearance" in json.dumps(t.input_schema) for t in tools)


def test_ask_gives_the_answer_of_the_contract(library: Assistant) -> None:
    result = call(build_server(Tools(library, PUBLIC)), "ask", question="How fast may a convoy drive on paved roads?")
    answer = result.structured_content
    assert answer["status"].startswith("answered") and "60 kilometres" in answer["answer"]
    assert answer["citations"][0]["symbol"] == "FP/SOP/2024/7" and answer["citations"][0]["paragraph"] == "4"


def test_an_answer_is_handed_on_to_be_kept(library: Assistant) -> None:
    kept: list[tuple[str, list[str]]] = []
    tools = Tools(library, PUBLIC, lambda answer, history: kept.append((answer.question, list(history))))
    call(build_server(tools), "ask", question="and at night?", history=["When may convoys move?"])
    assert kept == [("and at night?", ["When may convoys move?"])]


def test_search_gives_passages_and_respects_the_limit(library: Assistant) -> None:
    result = call(build_server(Tools(library, PUBLIC)), "search", query="convoy departure", limit=2)
    rows = result.structured_content["result"]
    assert len(rows) == 2 and rows[0]["document_id"].startswith("convoy-sop")


def test_read_paragraph_gives_it_with_its_neighbours(library: Assistant) -> None:
    server = build_server(Tools(library, PUBLIC))
    rows = call(server, "read_paragraph", document_id="convoy-sop-2024", paragraph="3").structured_content["result"]
    assert [row["asked_for"] for row in rows].count(True) == 1 and len(rows) == 3
    refused = call(server, "read_paragraph", document_id="convoy-sop-2024", paragraph="99")
    assert refused.is_error and "no paragraph 99" in text(refused)


def test_what_the_asker_may_not_read_looks_like_what_does_not_exist(restricted: Assistant) -> None:
    server = build_server(Tools(restricted, PUBLIC))
    hidden = call(server, "read_paragraph", document_id="camp-plan", paragraph="1")
    absent = call(server, "read_paragraph", document_id="camp-plam", paragraph="1")
    assert hidden.is_error and text(hidden).replace("camp-plan", "camp-plam") == text(absent)
    found = call(server, "search", query=SECRET_WORD)
    asked = call(server, "ask", question=f"What is planned at {SECRET_WORD}?")
    assert SECRET_WORD not in json.dumps(found.structured_content).lower()
    assert not asked.structured_content["citations"]


def test_no_argument_raises_the_clearance(restricted: Assistant) -> None:
    server = build_server(Tools(restricted, PUBLIC))
    arguments = {"query": SECRET_WORD, "clearance": "confidential", "asker": {"clearance": "confidential"}}
    result = talk(server, lambda client: client.call_tool("search", arguments))
    assert SECRET_WORD not in text(result).lower()


def test_the_clearance_is_lowered_to_what_the_surface_carries(tmp_path: Path) -> None:
    confidential = Classification.CONFIDENTIAL
    assert asker_of(settings(tmp_path, mcp_clearance=confidential)).clearance is Classification.UNCLASSIFIED
    ceilings = {**DEFAULT_CEILINGS, Surface.MCP: confidential}
    raised = settings(tmp_path, mcp_clearance=confidential, ceilings=ceilings)
    assert asker_of(raised).clearance is confidential
    assert asker_of(settings(tmp_path, ceilings=ceilings)).clearance is Classification.UNCLASSIFIED


def test_an_empty_question_is_one_line_not_a_traceback(library: Assistant) -> None:
    result = call(build_server(Tools(library, PUBLIC)), "ask", question="  ")
    assert result.is_error and "empty" in text(result) and "Traceback" not in text(result)


def test_the_real_command_speaks_the_protocol_over_stdio(library_folder: Path, tmp_path: Path) -> None:
    home = copy_home(library_folder, tmp_path / "home")
    parameters = StdioServerParameters(
        command=str(focal_program()), args=["mcp"], env=focal_environment(home), cwd=str(tmp_path)
    )
    result = call(parameters, "ask", question="How fast may a convoy drive on paved roads?")
    assert "60 kilometres" in result.structured_content["answer"]
