"""Choosing a briefing's lines: the best for each section, no sentence twice, nothing said twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.roles.lines import Candidate
from assistant.roles.roles import SectionPlan
from knowledge.documents import Standing
from knowledge.words import stems

SAME = 0.86
"""Cosine of two sentences from which they say the same if they share words too."""
NEAR = 0.78
"""Cosine below which two sentences say different things, whatever words they share."""
SAME_WORDS = 0.7
"""Share of a sentence's words in one already chosen from which it says nothing new."""


@dataclass(frozen=True)
class Offer:
    """A candidate for one place: the section and question it would answer."""

    candidate: Candidate
    plan: SectionPlan
    order: int
    """The question's place in its section."""
    label: str


@dataclass
class Chosen:
    """An offer that was taken, with every label it answers to."""

    offer: Offer
    labels: list[str]


def choose(offers: Sequence[Offer]) -> list[Chosen]:
    """Best first; no sentence twice, nothing said twice, no section over its lines, no question over its share."""
    chosen: list[Chosen] = []
    taken: dict[tuple[str, int], Chosen] = {}
    for offer in sorted(offers, key=_merit):
        _take(offer, chosen, taken)
    return chosen


def _take(offer: Offer, chosen: list[Chosen], taken: dict[tuple[str, int], Chosen]) -> None:
    holders = [taken[sentence] for sentence in offer.candidate.sentences if sentence in taken]
    if holders:
        _also_answers(holders[0], offer)
        return
    inside = [c for c in chosen if c.offer.plan.id == offer.plan.id]
    if len(inside) >= offer.plan.lines or _share_used(inside, offer) or _is_said(offer.candidate, chosen):
        return
    entry = Chosen(offer, [offer.label] if offer.label else [])
    chosen.append(entry)
    taken |= dict.fromkeys(offer.candidate.sentences, entry)


def _merit(offer: Offer) -> tuple[bool, float, str]:
    """Reporting lines are bound to their hats first; the rest goes by score."""
    return offer.plan.id != "hats", -offer.candidate.score, offer.candidate.source.passage.id


def _also_answers(holder: Chosen, offer: Offer) -> None:
    """A line that answers two questions of its section carries both labels, for one hat only the better one."""
    same_line = holder.offer.candidate.quote == offer.candidate.quote
    subjects = {label.partition(": ")[0] for label in holder.labels}
    if same_line and holder.offer.plan.id == offer.plan.id and offer.label.partition(": ")[0] not in {"", *subjects}:
        holder.labels.append(offer.label)


def _share_used(inside: Sequence[Chosen], offer: Offer) -> bool:
    """True if a question has had its share of a section, so that the others come to speak too."""
    questions = max(1, len(offer.plan.asks) or 4)
    share = max(2, -(-offer.plan.lines // questions))
    return sum(c.offer.order == offer.order for c in inside) >= share


def _is_said(candidate: Candidate, chosen: Sequence[Chosen]) -> bool:
    """True if a line already says it; what is in force is never left out for what is not."""
    own = stems(candidate.quote)
    in_force = candidate.source.document.standing is Standing.IN_FORCE
    for other in chosen:
        if in_force and other.offer.candidate.source.document.standing is not Standing.IN_FORCE:
            continue
        if candidate.source.passage.id == other.offer.candidate.source.passage.id:
            continue
        known = len(own & stems(other.offer.candidate.quote)) / max(1, len(own))
        near = float(candidate.vector @ other.offer.candidate.vector)
        if near > NEAR and known > (SAME_WORDS / 2 if near > SAME else SAME_WORDS):
            return True
    return False
