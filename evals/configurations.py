"""Named systems to measure side by side: ways of setting up the assistant, and peers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from assistant.bootstrap import Home, assistant_for
from evals.cases import CaseError
from evals.subjects import AssistantSubject, Subject
from knowledge.access import PUBLIC

DEFAULT = "focal"


@dataclass(frozen=True)
class Setup:
    """What a configuration is made from."""

    home: Home
    """An open index over the suite's documents."""
    words: int
    """Words that an answer of the system it is compared with has on average."""


def _assistant(retrieval: str | None) -> Callable[[Setup], Subject]:
    def make(setup: Setup) -> Subject:
        settings = setup.home.settings.model_dump(mode="json", exclude={"home"})
        settings = {name: value for name, value in settings.items() if not name.endswith(("token", "key", "secret"))}
        if retrieval:
            settings["retrieval"] = retrieval
        return AssistantSubject(assistant_for(setup.home, retrieval), settings)

    return make


def _tutorial(setup: Setup) -> Subject:
    from evals.peers.tutorial import Tutorial

    documents = setup.home.store.register.documents(PUBLIC)
    return Tutorial({document.id: Path(document.source_path) for document in documents}, setup.words)


CONFIGURATIONS: dict[str, Callable[[Setup], Subject]] = {
    DEFAULT: _assistant(None),
    "fused": _assistant("fused"),
    "dense": _assistant("dense"),
    "keyword": _assistant("keyword"),
    "tutorial": _tutorial,
}
"""`focal eval --compare A B` takes two of these names; `A` may also be the path of a saved run. One line adds one."""


def make(name: str, setup: Setup) -> Subject:
    """The system of that name, ready to be asked. Raises CaseError for a name that is not in the table."""
    if name not in CONFIGURATIONS:
        raise CaseError(f"no configuration {name!r}: use one of {', '.join(CONFIGURATIONS)}")
    return CONFIGURATIONS[name](setup)
