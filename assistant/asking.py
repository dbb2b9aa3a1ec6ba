"""Asking from the command line: one question, or a batch from a file."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from assistant import terminal
from assistant.answers import Answer, Filters, Question
from assistant.assistant import Assistant
from assistant.errors import QuestionError
from knowledge.access import PUBLIC
from knowledge.retrieved import RetrievedPassage

_ANSWER = TypeAdapter(Answer)
_DATE = re.compile(r"\d{4}(?:-\d{2}){0,2}")


class BatchLine(BaseModel):
    """One line of a batch."""

    id: str
    question: str
    history: list[str] = []


def filters(documents: list[str], since: str | None) -> Filters:
    """Filters from command-line options. Raises QuestionError for a date that is none."""
    if since is not None and not _DATE.fullmatch(since):
        raise QuestionError(f"--since {since}: write YYYY, YYYY-MM or YYYY-MM-DD")
    return Filters(documents=tuple(documents), since=since)


def answer_one(assistant: Assistant, question: str, role: str | None, chosen: Filters) -> Answer:
    """The answer to one question."""
    _check_documents(assistant, chosen)
    return assistant.ask(Question(question, role=role, filters=chosen), PUBLIC)


def shown(answer: dict[str, Any], as_json: bool) -> str:
    """An answer, here or from a server, as text or JSON."""
    if as_json:
        return json.dumps(answer, ensure_ascii=False, indent=1)
    return terminal.answer_text(_ANSWER.validate_python(answer))


def answer_batch(
    assistant: Assistant, source: Path, target: Path, role: str | None, chosen: Filters, say: Callable[[str], None]
) -> None:
    """Answer every line of a file."""
    _check_documents(assistant, chosen)

    def row(line: BatchLine) -> dict[str, Any]:
        question = Question(line.question, tuple(line.history), role, chosen)
        answer, passages = assistant.ask_with_passages(question, PUBLIC)
        return {**answer.as_dict(), "passages": [passage_row(p) for p in passages[:10]]}

    write_batch(row, source, target, say)


def write_batch(
    row: Callable[[BatchLine], dict[str, Any]], source: Path, target: Path, say: Callable[[str], None]
) -> None:
    """Write one result a line; they appear under their final name only when all are there."""
    partial = target.with_name(target.name + ".partial")
    count = 0
    with partial.open("w", encoding="utf-8") as file:
        for line in _lines(source):
            file.write(json.dumps({"id": line.id, **row(line)}, ensure_ascii=False) + "\n")
            count += 1
    partial.replace(target)
    say(f"{count} answers in {target}")


def passage_row(found: RetrievedPassage) -> dict[str, Any]:
    """A retrieved passage as JSON-ready values."""
    passage = found.passage
    return {
        "text": passage.text,
        "document_id": passage.document_id,
        "paragraph": passage.paragraph,
        "page": passage.page,
        "passage_id": passage.id,
        "section": list(passage.headings),
        "part": passage.part,
        "kind": passage.kind,
        "score": round(found.score, 4),
    }


def _check_documents(assistant: Assistant, chosen: Filters) -> None:
    for document_id in chosen.documents:
        assistant.register.document(document_id, PUBLIC)


def _lines(source: Path) -> Iterator[BatchLine]:
    with source.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                try:
                    yield BatchLine.model_validate_json(line)
                except ValidationError as error:
                    first = error.errors()[0]
                    field = ".".join(str(part) for part in first["loc"]) or "line"
                    raise QuestionError(f"{source}, line {number}: {field}: {first['msg']}") from None
