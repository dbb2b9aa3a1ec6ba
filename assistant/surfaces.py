"""How far up each surface shows documents: an answer in a channel is read by more people than the one who asked."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from knowledge.access import Asker
from knowledge.documents import Classification


class Surface(StrEnum):
    """Where an answer is shown."""

    CLI = "cli"
    HTTP = "http"
    PAGE = "page"
    SLACK_DM = "slack_dm"
    SLACK_CHANNEL = "slack_channel"
    SLACK_EXTERNAL = "slack_external"
    MCP = "mcp"


SHARED = frozenset({Surface.SLACK_CHANNEL, Surface.SLACK_EXTERNAL})
"""Surfaces that others read too: no group of the asker counts there."""

Ceilings = Mapping[Surface, Classification]

DEFAULT_CEILINGS: Ceilings = MappingProxyType(
    {
        surface: Classification.CONFIDENTIAL if surface in (Surface.CLI, Surface.HTTP) else Classification.UNCLASSIFIED
        for surface in Surface
    }
)


def lowered(asker: Asker, surface: Surface, ceilings: Ceilings = DEFAULT_CEILINGS) -> Asker:
    """The asker with no more clearance than the surface carries; a surface without a ceiling is unclassified."""
    ceiling = ceilings.get(surface, Classification.UNCLASSIFIED)
    clearance = min(asker.clearance, ceiling, key=lambda level: level.rank)
    return Asker(clearance, frozenset() if surface in SHARED else asker.groups)
