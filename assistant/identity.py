"""Who is asking: what a key or token entitles to, under a pseudonym."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from knowledge.access import PUBLIC, Asker


@dataclass(frozen=True)
class Identity:
    """A verified asker; `pseudonym` is all that is ever stored or logged of who it is."""

    asker: Asker
    pseudonym: str
    manager: bool = False
    """May take documents in, remove them and read the knowledge gaps."""
    operator: bool = False
    """The command line on this machine, which proved that it can read FOCAL_HOME."""


ANONYMOUS = Identity(PUBLIC, "public")
OPERATOR = Identity(PUBLIC, "operator", manager=True, operator=True)
"""Whoever uses the command line."""


def pseudonym(kind: str, name: str) -> str:
    """16 hex digits that stand for a key or a token's subject."""
    return hashlib.sha256(f"{kind}|{name}".encode()).hexdigest()[:16]
