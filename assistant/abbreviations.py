"""Every abbreviation with all its expansions and where each stands, as far as the asker may read the documents."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from assistant.answers import Citation
from assistant.citations import check, cite, place
from assistant.errors import QuestionError
from knowledge.access import Asker
from knowledge.documents import Document, Passage
from knowledge.glossary import Glossary
from knowledge.register import Abbreviation, Register
from knowledge.retrieved import RetrievedPassage

MAX_PLACES = 3
"""Places shown as text for one expansion; JSON and the web page carry all."""


@dataclass(frozen=True)
class Expansion:
    """What an abbreviation is said to stand for, and every place that says so, newest document first."""

    long: str
    places: tuple[Citation, ...]


@dataclass(frozen=True)
class Entry:
    """An abbreviation; more than one expansion means that the documents do not agree, or mean different things."""

    short: str
    expansions: tuple[Expansion, ...]


def entries(register: Register, glossary: Glossary, asker: Asker, today: dt.date | None = None) -> list[Entry]:
    """All abbreviations in alphabetical order, every place checked on behalf of the asker."""
    shorts = {entry.short for entry in glossary.entries}
    documents = {document.id: document for document in register.documents(asker)}
    named = {short.casefold(): short for short in sorted(shorts, reverse=True)}
    found = []
    for _, short in sorted(named.items()):
        expansions = []
        for meaning in glossary.meanings(short):
            cited = tuple(_cite(meaning, register, documents, asker, today or dt.date.today()))
            check(cited, register, asker)
            if cited:
                expansions.append(Expansion(meaning[0].long, cited))
        found.append(Entry(short, tuple(expansions)))
    return found


def only(found: Sequence[Entry], short: str) -> list[Entry]:
    """The entry of one abbreviation, in whatever case. Raises QuestionError if there is none."""
    chosen = [entry for entry in found if entry.short.casefold() == short.strip().casefold()]
    if not chosen:
        raise QuestionError(f"no loaded document expands {short!r}; `focal glossary` lists what there is")
    return chosen


def _cite(
    meaning: Sequence[Abbreviation], register: Register, documents: dict[str, Document], asker: Asker, today: dt.date
) -> Iterator[Citation]:
    """One citation a document, of the sentence or list line that expands the abbreviation."""
    newest_first = sorted(meaning, key=lambda a: documents[a.document_id].date or "", reverse=True)
    for number, abbreviation in enumerate(newest_first, 1):
        passage = register.passage(abbreviation.passage_id, asker)
        source = RetrievedPassage(passage, documents[abbreviation.document_id], 0.0, 0.0, 0.0)
        yield cite(source, _sentence(passage, abbreviation), number, today)


def _sentence(passage: Passage, abbreviation: Abbreviation) -> str:
    """The sentence that holds both forms, else the one with the short form, else the first."""
    texts = passage.sentence_texts() or [passage.text]
    both = [text for text in texts if abbreviation.short in text and abbreviation.long in text]
    return (both or [text for text in texts if abbreviation.short in text] or texts)[0]


def to_json(found: Sequence[Entry]) -> str:
    """The glossary for machines."""
    return json.dumps([asdict(entry) for entry in found], ensure_ascii=False, indent=1)


def to_text(found: Sequence[Entry]) -> str:
    """The glossary as plain text: one line an expansion, with its first places."""
    lines = []
    for entry in found:
        for number, expansion in enumerate(entry.expansions):
            name = entry.short if number == 0 else ""
            more = len(expansion.places) - MAX_PLACES
            where = "; ".join(_place(citation) for citation in expansion.places[:MAX_PLACES])
            lines.append(f"{name:<10} {expansion.long}  [{where}{f'; {more} more' if more > 0 else ''}]")
    return "\n".join(lines)


def _place(citation: Citation) -> str:
    standing = {"superseded": " (superseded)", "draft": " (draft)", "historical": " (historical)"}
    return place(citation) + standing.get(citation.standing, "")
