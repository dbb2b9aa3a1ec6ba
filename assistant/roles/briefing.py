"""A role briefing composed from the loaded documents: every line is their own words, cited; nothing else is said."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from assistant import citations as checking
from assistant.answers import Citation, Notice, Question
from assistant.assistant import Assistant
from assistant.roles.choosing import Chosen, Offer, choose
from assistant.roles.lines import Aim, candidates
from assistant.roles.reading import ReadFirst, Tally
from assistant.roles.roles import Ask, Forms, Role, SectionPlan
from knowledge.access import Asker
from knowledge.retrieved import Retrieved
from knowledge.words import stems

PASSAGES = 20
"""Passages considered for each question."""


@dataclass(frozen=True)
class Line:
    """Words of one document, with the place they stand."""

    text: str
    citation: Citation
    labels: tuple[str, ...] = ()
    """What the line is about within its section ("JMAC", "Resident Coordinator: secondary")."""


@dataclass(frozen=True)
class Section:
    """One heading of a briefing with its lines."""

    id: str
    title: str
    lines: tuple[Line, ...]
    side_by_side: bool = False
    """True if the lines are grouped by document, so that sources that disagree stand next to each other."""


@dataclass(frozen=True)
class HatLine:
    """A hat and the numbers of the citations that speak of its reporting lines."""

    name: str
    primary: tuple[int, ...] = ()
    secondary: tuple[int, ...] = ()
    dotted: tuple[int, ...] = ()


@dataclass(frozen=True)
class Gap:
    """A question that the loaded guidance does not answer."""

    section: str
    question: str


@dataclass(frozen=True)
class Briefing:
    """Everything the loaded documents say about a role, as far as the asker may read them."""

    role: str
    short: str
    title: str
    hats: tuple[HatLine, ...]
    sections: tuple[Section, ...]
    not_covered: tuple[Gap, ...]
    reading_list: tuple[ReadFirst, ...]
    notices: tuple[Notice, ...]
    index: str
    """Fingerprint of what the asker may read; the same fingerprint gives the same briefing."""
    classification: str = "unclassified"
    """The highest level among the cited documents."""
    documents: dict[str, str] = field(default_factory=dict)
    """sha256 of each cited document by id."""

    @property
    def lines(self) -> Iterator[Line]:
        """All lines in order."""
        return (line for section in self.sections for line in section.lines)

    def as_dict(self) -> dict[str, Any]:
        """The briefing as JSON-ready values."""
        return asdict(self)


def compose(role: Role, assistant: Assistant, asker: Asker, today: dt.date | None = None) -> Briefing:
    """The briefing for a role, on behalf of an asker; standing is as of `today`.

    Raises CitationError if a line does not stand word for word in a passage that the asker may read.
    """
    tally = Tally(role.own_forms)
    inquiries = [
        _inquire(role, plan, order, asked, assistant, asker)
        for plan in _plans(role)
        for order, asked in enumerate(_asked(role, plan))
    ]
    pool = {found.passage.id: found for inquiry in inquiries for found in inquiry.found.passages}
    for inquiry in inquiries:
        tally.add(inquiry.found.passages)
    stored = assistant.register.fetch(pool, assistant.register.class_ids(asker))
    offered = candidates(list(pool.values()), stored, [inquiry.aim(role) for inquiry in inquiries])
    offers = [
        Offer(candidate, inquiry.plan, inquiry.order, inquiry.label)
        for inquiry, found in zip(inquiries, offered, strict=True)
        for candidate in found
        if candidate.enough
    ]
    chosen = choose(offers)
    shown = {sentence for entry in chosen for sentence in entry.offer.candidate.sentences}
    gaps = [
        Gap(inquiry.plan.title, inquiry.question)
        for inquiry, found in zip(inquiries, offered, strict=True)
        if not any(candidate.enough or candidate.sentences & shown for candidate in found)
    ]
    return _bound(role, chosen, gaps, tally, assistant, asker, today or dt.date.today())


@dataclass(frozen=True)
class _Inquiry:
    """One question of a briefing and what was retrieved for it."""

    plan: SectionPlan
    order: int
    ask: Ask
    forms: Forms
    label: str
    question: str
    found: Retrieved

    def aim(self, role: Role) -> Aim:
        strict = bool(self.ask.about) or self.plan.id == "hats"
        # The words around the role count even where it is called by them: "Which staff supports the Chief of Staff?"
        own = stems(self.ask.ask.replace("{role}", ""))
        asked = self.found.asked.without(stems(" ".join((role.called, *role.own_forms.names))) - own)
        ranks = {found.passage.id: place for place, found in enumerate(self.found.passages)}
        return Aim(self.ask, self.forms, role.own_forms, strict, self.found.vector, asked, ranks)


def _inquire(
    role: Role, plan: SectionPlan, order: int, asked: tuple[Ask, Forms, str], assistant: Assistant, asker: Asker
) -> _Inquiry:
    ask, forms, label = asked
    question = ask.ask.replace("{role}", role.called)
    found = assistant.retrieve(Question(question), asker, PASSAGES)
    return _Inquiry(plan, order, ask, forms, label, question, found)


def _plans(role: Role) -> list[SectionPlan]:
    """The sections in order, the hats second."""
    hats = [role.hats_section] if role.hats_section and role.hats else []
    return [*role.sections[:1], *hats, *role.sections[1:]]


def _asked(role: Role, plan: SectionPlan) -> Iterator[tuple[Ask, Forms, str]]:
    """Each question of a section with the names a line must hold and the label of what it finds."""
    if plan.id == "hats":
        for hat in role.hats:
            for kind, ask in hat.reporting():
                yield ask, Forms(ask.about or hat.forms, role.excluded), f"{hat.name}: {kind}"
    for ask in plan.asks:
        yield ask, Forms(ask.about) if ask.about else role.forms, ask.label


def _bound(
    role: Role,
    chosen: Sequence[Chosen],
    gaps: Sequence[Gap],
    tally: Tally,
    assistant: Assistant,
    asker: Asker,
    today: dt.date,
) -> Briefing:
    """The chosen lines in order, numbered, checked, with what their sources' standing asks to be said."""
    sections: list[Section] = []
    number = 0
    for plan in _plans(role):
        inside = [c for c in chosen if c.offer.plan.id == plan.id]
        lines = []
        for entry in sorted(inside, key=_by_document if plan.side_by_side else _by_question):
            number += 1
            lines.append(_line(entry, number, today))
        if lines:
            sections.append(Section(plan.id, plan.title, tuple(lines), plan.side_by_side))
    cited = [line.citation for section in sections for line in section.lines]
    checking.check(cited, assistant.register, asker)
    documents = {d.id: d for d in assistant.register.documents(asker)}
    sources = {c.document_id: documents[c.document_id] for c in cited}
    highest = max((d.classification for d in sources.values()), key=lambda level: level.rank, default="unclassified")
    return Briefing(
        role=role.id,
        short=role.short,
        title=role.title,
        hats=_hats(role, sections),
        sections=tuple(sections),
        not_covered=tuple(gaps),
        reading_list=tally.reading_list(today),
        notices=tuple(checking.standing_notices(cited, documents)),
        index=assistant.fingerprint(asker),
        classification=str(highest),
        documents={i: d.sha256 for i, d in sources.items()},
    )


def _by_question(entry: Chosen) -> tuple[int, float]:
    return entry.offer.order, -entry.offer.candidate.score


def _by_document(entry: Chosen) -> tuple[str, str, int]:
    """Newest document first; undated ones last; then in the order of the text."""
    document = entry.offer.candidate.source.document
    inverted = "".join(chr(0x10FFFF - ord(c)) for c in document.date or "")
    return inverted or chr(0x10FFFF), document.id, entry.offer.candidate.source.passage.ordinal


def _line(entry: Chosen, number: int, today: dt.date) -> Line:
    candidate = entry.offer.candidate
    citation = checking.cite(candidate.source, candidate.quote, number, today)
    return Line(candidate.text, citation, tuple(entry.labels))


Kind = Literal["primary", "secondary", "dotted"]


def _hats(role: Role, sections: Sequence[Section]) -> tuple[HatLine, ...]:
    lines = [line for section in sections if section.id == "hats" for line in section.lines]

    def numbers(hat: str, kind: Kind) -> tuple[int, ...]:
        return tuple(line.citation.number for line in lines if f"{hat}: {kind}" in line.labels)

    return tuple(
        HatLine(h.name, numbers(h.name, "primary"), numbers(h.name, "secondary"), numbers(h.name, "dotted"))
        for h in role.hats
    )
