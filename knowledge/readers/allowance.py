"""How a reader that is slow but getting on asks for more time: once a page, before it starts on the page.

Whoever runs readers under a time limit sets `ASK_FOR_A_PAGE` and says what a page may cost; elsewhere asking does
nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar

ASK_FOR_A_PAGE: ContextVar[Callable[[], None]] = ContextVar("ASK_FOR_A_PAGE", default=lambda: None)


def ask_for_a_page() -> None:
    """Ask for the time that one page of text recognition may take."""
    ASK_FOR_A_PAGE.get()()
