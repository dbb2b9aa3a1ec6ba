"""Named systems to measure side by side: ways of setting up the assistant, and peers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from assistant.bootstrap import Home, assistant_for
from assistant.settings import Settings
from evals.cases import CaseError
from evals.subjects import AssistantSubject, Subject
from knowledge.access import PUBLIC

DEFAULT = "focal"
SECRET = ("token", "key", "secret")
"""Endings of the settings that no run may keep."""


def _assistant(home: Home, words: int) -> Subject:
    """The assistant as its settings say; `words` is for peers."""
    settings = home.settings.model_dump(mode="json", exclude={"home"})
    shown = {name: value for name, value in settings.items() if not name.endswith(SECRET)}
    return AssistantSubject(assistant_for(home), shown)


def _tutorial(home: Home, words: int) -> Subject:
    from evals.peers.tutorial import Tutorial

    documents = home.store.register.documents(PUBLIC)
    return Tutorial({document.id: Path(document.source_path) for document in documents}, words)


@dataclass(frozen=True)
class Configuration:
    """A system under a name."""

    make: Callable[[Home, int], Subject] = _assistant
    """From an open index over the suite's documents, and the words a peer's answer may have."""
    changes: dict[str, str] = field(default_factory=dict)
    """Settings that differ from those of this process."""


CONFIGURATIONS: dict[str, Configuration] = {
    DEFAULT: Configuration(),
    "fused": Configuration(changes={"retrieval": "fused"}),
    "dense": Configuration(changes={"retrieval": "dense"}),
    "keyword": Configuration(changes={"retrieval": "keyword"}),
    "torch": Configuration(changes={"embedding": "sentence-transformers"}),
    "tutorial": Configuration(_tutorial),
}
"""What `focal eval --compare A B` takes, besides `setting=value[,setting=value]` and the path of a saved run."""


def configuration(name: str) -> Configuration:
    """The configuration of a name in the table, or of "setting=value" pairs. Raises CaseError for any other."""
    if name in CONFIGURATIONS:
        return CONFIGURATIONS[name]
    pairs = [pair.partition("=") for pair in name.split(",")]
    if not all(setting and equals for setting, equals, _ in pairs):
        raise CaseError(f"no configuration {name!r}: use one of {', '.join(CONFIGURATIONS)}, or setting=value")
    return Configuration(changes={setting.strip(): value.strip() for setting, _, value in pairs})


def changed(settings: Settings, changes: dict[str, str]) -> Settings:
    """The settings with these changes, checked as if they had come from the environment. Raises CaseError."""
    unknown = changes.keys() - type(settings).model_fields.keys()
    if unknown:
        raise CaseError(f"no setting {', '.join(sorted(unknown))}: use {', '.join(type(settings).model_fields)}")
    for secret in (name for name in changes if name.endswith(SECRET)):
        raise CaseError(
            f"{secret} is a secret, and a configuration's name is kept with its run: set FOCAL_{secret.upper()}"
        )
    try:
        return type(settings)(**{**settings.model_dump(), **changes})
    except ValidationError as error:
        first = error.errors()[0]
        raise CaseError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
