"""What is sent to a chat model and what it may send back: JSON both ways, read sentence by sentence as it arrives."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from assistant.answerers.grounding import Proposed, Support
from assistant.answerers.model_line import ModelFailure
from assistant.answers import Question
from assistant.citations import reference
from knowledge.retrieved import RetrievedPassage

MAX_SENTENCES = 20


class _Support(BaseModel):
    model_config = ConfigDict(extra="ignore")
    passage: str = Field(max_length=40)
    quote: str = Field(max_length=4000)


class _Sentence(BaseModel):
    model_config = ConfigDict(extra="ignore")
    text: str = Field(max_length=2000)
    supports: list[_Support] = Field(max_length=10)


_QUOTED = {
    "type": "object",
    "properties": {"passage": {"type": "string"}, "quote": {"type": "string"}},
    "required": ["passage", "quote"],
    "additionalProperties": False,
}
_ONE = {
    "type": "object",
    "properties": {"text": {"type": "string"}, "supports": {"type": "array", "items": _QUOTED}},
    "required": ["text", "supports"],
    "additionalProperties": False,
}
SCHEMA: dict[str, Any] = {
    "type": "json_schema",
    "json_schema": {
        "name": "answer",
        "strict": True,
        "schema": {
            "type": "object",
            "properties": {"sentences": {"type": "array", "items": _ONE}},
            "required": ["sentences"],
            "additionalProperties": False,
        },
    },
}


def as_data(values: Mapping[str, object]) -> str:
    """Values as JSON between markers that no document can know."""
    mark = secrets.token_hex(8)
    return f"data {mark}\n{json.dumps(values, ensure_ascii=False)}\nend of data {mark}"


def request(question: Question, passages: Sequence[RetrievedPassage]) -> str:
    """The question and the passages, called p1, p2, ... in their order."""
    rows = [
        {
            "passage": f"p{number}",
            "document": reference(found.document),
            "date": found.document.date,
            "standing": str(found.document.standing),
            "section": " > ".join(found.passage.headings),
            "paragraph": found.passage.paragraph,
            "text": found.passage.text,
        }
        for number, found in enumerate(passages, 1)
    ]
    return as_data({"question": question.text, "earlier_questions": list(question.history[-3:]), "passages": rows})


class SentenceReader:
    """Gives each sentence of a reply as soon as its JSON is whole."""

    def __init__(self) -> None:
        self._text = ""
        self._place = -1
        """Where the next object of the list may start; -1 before the list has begun."""
        self.complete = False
        self.count = 0

    def feed(self, piece: str) -> list[Proposed]:
        """Take a piece; the sentences that became whole. Raises ModelFailure on what is no list of sentences."""
        self._text += piece
        found: list[Proposed] = []
        if self._place < 0 and not self._find_list():
            return found
        while not self.complete:
            start = self._place + _blank(self._text[self._place :])
            if start >= len(self._text):
                break
            if self._text[start] == "]":
                self.complete = True
                break
            try:
                value, self._place = json.JSONDecoder().raw_decode(self._text, start)
            except RecursionError:
                raise ModelFailure("gave an answer that cannot be used") from None
            except json.JSONDecodeError:
                break
            found.append(_proposed(value))
            self.count += 1
            if self.count > MAX_SENTENCES:
                raise ModelFailure("did not come to an end")
        return found

    def _find_list(self) -> bool:
        name = self._text.find('"sentences"')
        opening = self._text.find("[", name) if name >= 0 else -1
        if opening < 0:
            return False
        self._place = opening + 1
        return True


def _blank(text: str) -> int:
    """How many characters of white space and commas a text begins with."""
    return len(text) - len(text.lstrip(" \t\r\n,"))


def _proposed(value: object) -> Proposed:
    try:
        sentence = _Sentence.model_validate(value)
    except ValidationError:
        raise ModelFailure("gave an answer that cannot be used") from None
    return Proposed(sentence.text, tuple(Support(s.passage, s.quote) for s in sentence.supports))
