"""Who may read what. Every retrieval names its asker; there is no way to leave it out."""

from __future__ import annotations

from dataclasses import dataclass

from knowledge.documents import Classification


@dataclass(frozen=True)
class Asker:
    """On whose behalf a question is asked; made by a channel from verified identity, never from a request body."""

    clearance: Classification = Classification.UNCLASSIFIED
    groups: frozenset[str] = frozenset()


PUBLIC = Asker()
"""Somebody of whom nothing is known: unclassified documents without an audience."""


@dataclass(frozen=True, order=True)
class AccessClass:
    """Documents that exactly the same people may read; each class has its own vectors and keyword statistics."""

    classification: Classification
    audience: tuple[str, ...] = ()
    """Sorted group names; empty means every reader with the clearance."""

    def admits(self, asker: Asker) -> bool:
        """True if the asker's clearance reaches and, where an audience is named, one group matches."""
        if self.classification.rank > asker.clearance.rank:
            return False
        return not self.audience or not asker.groups.isdisjoint(self.audience)
