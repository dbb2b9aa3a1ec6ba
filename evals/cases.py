"""Cases: questions with the facts a right answer states and the place in a document where they stand."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from assistant.answers import Status
from evals.scorers import ABSTENTIONS, RUN_WORDS, holds, states, word_list

MAX_QUOTE_WORDS = 12
"""A quote finds a place; it does not copy the document."""
Half = Literal["dev", "test", "all"]


class CaseError(ValueError):
    """A suite that cannot be used; the message names file and line of everything found wrong."""


class Evidence(BaseModel):
    """Where a fact stands."""

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)

    document: str = Field(min_length=1)
    paragraph: str | None = None
    quote: str

    @field_validator("quote")
    @classmethod
    def _of_findable_length(cls, quote: str) -> str:
        words = len(word_list(quote))
        if words < RUN_WORDS or len(quote.split()) > MAX_QUOTE_WORDS:
            raise ValueError(f"a quote has {RUN_WORDS} to {MAX_QUOTE_WORDS} words, this one {words}: {quote!r}")
        return quote


class Case(BaseModel):
    """One question and what a right answer to it holds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    type: str = Field(pattern=r"^[a-z][a-z0-9_-]*$")
    question: str = Field(min_length=1)
    history: tuple[str, ...] = ()
    facts: tuple[tuple[str, ...], ...] = ()
    evidence: tuple[Evidence, ...] = ()
    status: Status | None = None
    note: str | None = Field(default=None, exclude=True)
    """For people: where the question came from. Part of no score."""

    @property
    def answerable(self) -> bool:
        """False where the right answer is to give none."""
        return self.expected_status not in ABSTENTIONS

    @property
    def expected_status(self) -> str:
        """The status a right answer has: as written, else "answered"."""
        return str(self.status or Status.ANSWERED)

    @property
    def half(self) -> Literal["dev", "test"]:
        """The half it belongs to: "dev" calibrates, "test" is reported. It follows from the id alone."""
        return "dev" if hashlib.sha256(self.id.encode()).digest()[0] % 2 == 0 else "test"

    @property
    def digest(self) -> str:
        """Changes with anything that can change a score, so that two runs compare only what is the same."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:12]

    @model_validator(mode="after")
    def _consistent(self) -> Case:
        if self.answerable and not (self.facts and self.evidence):
            raise ValueError('an answerable case needs facts and evidence; otherwise give a status such as "not_found"')
        if not self.answerable and self.facts:
            raise ValueError(f"status {self.expected_status} expects no answer, so there can be no facts")
        for alternatives in self.facts:
            if not alternatives or not all(word_list(form) for form in alternatives):
                raise ValueError("a fact needs at least one alternative, each with a word in it")
            if states(self.question, alternatives):
                raise ValueError(f"the question gives the fact away: {list(alternatives)}")
        return self


@dataclass(frozen=True)
class Suite:
    """A named set of cases, in the order of its files."""

    name: str
    cases: tuple[Case, ...]
    origin: Mapping[str, str]
    """Where each case id was read, as "file:line"."""

    def only(self, half: Half) -> Suite:
        """The suite with the cases of one half. Raises CaseError if there are none."""
        kept = tuple(case for case in self.cases if half in ("all", case.half))
        if not kept:
            raise CaseError(f"suite {self.name!r} has no case in its {half} half: use another half, or add cases")
        return Suite(self.name, kept, self.origin)


def load(name: str, files: Iterable[Path]) -> Suite:
    """Read and check a suite of JSON Lines files.

    Raises CaseError listing every fault with file and line: broken JSON, wrong fields, an id or a question used twice,
    a fact that stands in its own question. Empty lines are skipped.
    """
    cases: list[Case] = []
    origin: dict[str, str] = {}
    asked: dict[tuple[str, ...], str] = {}
    faults: list[str] = []
    for place, line in _lines(files):
        try:
            case = Case.model_validate_json(line)
        except ValidationError as error:
            faults += [f"{place}: {_field(fault['loc'])}{fault['msg']}" for fault in error.errors()]
            continue
        key = (" ".join(word_list(case.question)), *case.history)
        if case.id in origin:
            faults.append(f"{place}: id {case.id!r} is already used at {origin[case.id]}")
        elif key in asked:
            faults.append(f"{place}: the same question is asked at {asked[key]}")
        else:
            cases.append(case)
        origin.setdefault(case.id, place)
        asked.setdefault(key, place)
    if faults:
        raise CaseError("\n".join(faults))
    if not cases:
        raise CaseError(f"suite {name!r} has no cases")
    return Suite(name, tuple(cases), origin)


def check_evidence(suite: Suite, texts: Mapping[str, str | Sequence[str]]) -> None:
    """Check that every quote stands in its document, `texts` giving the words of each document by id.

    A document may have several texts (readings by different libraries); the whole quote must stand in one of them.
    Raises CaseError listing every quote that does not, with file and line.
    """
    squeezed = {
        document: ["".join(word_list(t)) for t in ([text] if isinstance(text, str) else text)]
        for document, text in texts.items()
    }
    faults = []
    for case in suite.cases:
        for evidence in case.evidence:
            if evidence.document not in squeezed:
                faults.append(f"{suite.origin[case.id]}: {case.id}: no document {evidence.document!r} is loaded")
            elif not any("".join(word_list(evidence.quote)) in text for text in squeezed[evidence.document]):
                near = any(holds(text, evidence.quote) for text in squeezed[evidence.document])
                hint = " (a part of it does)" if near else ""
                place = f"{suite.origin[case.id]}: {case.id}"
                faults.append(f"{place}: the quote does not stand in {evidence.document}{hint}: {evidence.quote!r}")
    if faults:
        raise CaseError("\n".join(faults))


def composition(suite: Suite) -> dict[str, int]:
    """How many cases of each type, most first."""
    counts: dict[str, int] = {}
    for case in suite.cases:
        counts[case.type] = counts.get(case.type, 0) + 1
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _lines(files: Iterable[Path]) -> Iterable[tuple[str, str]]:
    for path in files:
        try:
            content = path.read_bytes()
        except OSError as error:
            raise CaseError(f"{path}: {error.strerror}") from None
        for number, line in enumerate(content.split(b"\n"), 1):
            try:
                text = line.decode("utf-8")
            except UnicodeDecodeError:
                raise CaseError(f"{path.name}:{number}: not UTF-8: save the file as UTF-8") from None
            if text.strip():
                yield f"{path.name}:{number}", text


def _field(location: tuple[int | str, ...]) -> str:
    return f"{'.'.join(map(str, location))}: " if location else ""
