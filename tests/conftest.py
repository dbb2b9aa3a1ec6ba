"""What the tests share: one export of the embedding model a run, one small library, the real `focal`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from library import PUBLIC_DOCUMENTS, RESTRICTED_DOCUMENTS, write_documents

from assistant.assistant import Assistant
from assistant.bootstrap import Home, assistant_for, open_home
from assistant.loading import load
from assistant.settings import Settings
from knowledge.crossencoder import OnnxCrossEncoder
from knowledge.documents import Classification
from knowledge.embedding import Embedding, OnnxEmbedding

ROOT = Path(__file__).resolve().parent.parent
CORPUS = ROOT.parent / "shared" / "corpus"

Focal = Callable[..., "subprocess.CompletedProcess[str]"]


def pytest_configure() -> None:
    """Nothing of the machine's own settings reaches a test, and no library asks the network for a model."""
    for name in [name for name in os.environ if name.startswith("FOCAL_")]:
        del os.environ[name]
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["TOKENIZERS_PARALLELISM"] = "false"


def settings(folder: Path, **values: object) -> Settings:
    """Settings for a FOCAL_HOME, whatever `.env` file lies in the current folder."""
    return Settings(_env_file=None, home=folder, **values)


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the int8 exports, made once a run."""
    folder = tmp_path_factory.mktemp("export")
    OnnxEmbedding(folder)
    OnnxCrossEncoder(folder)
    return folder / "models"


@pytest.fixture(scope="session")
def embedding(models: Path) -> Embedding:
    return OnnxEmbedding(models.parent)


def with_models(folder: Path, models: Path) -> Path:
    """A FOCAL_HOME that uses the run's one export."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "models").exists():
        (folder / "models").symlink_to(models, target_is_directory=True)
    return folder


@pytest.fixture
def new_home(tmp_path: Path, models: Path) -> Callable[[str], Path]:
    """Makes an empty FOCAL_HOME by name."""
    return lambda name="home": with_models(tmp_path / name, models)


def copy_home(source: Path, target: Path) -> Path:
    """A copy of a FOCAL_HOME that nobody has open; the model export stays shared."""
    shutil.copytree(source, target, symlinks=True)
    return target


@pytest.fixture(scope="session")
def guidance(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the public documents of the library."""
    return write_documents(tmp_path_factory.mktemp("guidance"))


@pytest.fixture(scope="session")
def library_folder(tmp_path_factory: pytest.TempPathFactory, models: Path, guidance: Path) -> Path:
    """A FOCAL_HOME holding the public documents, closed: copy it, do not open it."""
    folder = with_models(tmp_path_factory.mktemp("library") / "home", models)
    home = open_home(settings(folder))
    try:
        outcomes = list(load(home, [guidance]))
    finally:
        home.close()
    assert [o.reason for o in outcomes if o.state != "added"] == []
    assert len(outcomes) == len(PUBLIC_DOCUMENTS)
    return folder


@pytest.fixture(scope="session")
def library_home(library_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """The public documents, open for the whole run: for reading only."""
    home = open_home(settings(copy_home(library_folder, tmp_path_factory.mktemp("open") / "home")))
    yield home
    home.close()


@pytest.fixture(scope="session")
def library(library_home: Home) -> Assistant:
    """An assistant over the public documents: for asking only."""
    return assistant_for(library_home)


@pytest.fixture(scope="session")
def restricted_home(library_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """The public documents with a confidential one and one for the police only, open for reading only."""
    folder = tmp_path_factory.mktemp("restricted")
    documents = write_documents(folder / "documents", RESTRICTED_DOCUMENTS)
    confidential = Classification.CONFIDENTIAL
    home = open_home(settings(copy_home(library_folder, folder / "home"), highest_classification=confidential))
    loaded = [*load(home, [documents / "camp-plan.md"], confidential), *load(home, [documents / "police-roster.md"])]
    assert [o.reason for o in loaded if o.state != "added"] == []
    yield home
    home.close()


@pytest.fixture(scope="session")
def restricted(restricted_home: Home) -> Assistant:
    return assistant_for(restricted_home)


@pytest.fixture
def focal(tmp_path: Path) -> Focal:
    """Runs the real command: `focal("ask", "...", home=folder)`, in an empty folder, without network or settings."""

    def run(*words: str | Path, home: Path, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [focal_program(), *map(str, words)],
            cwd=tmp_path, env=focal_environment(home, **variables), capture_output=True, text=True, timeout=120,
        )  # fmt: skip

    return run


def focal_program() -> str:
    """The installed `focal` beside the running Python."""
    return str(Path(sys.executable).with_name("focal"))


def focal_environment(home: Path, **variables: str) -> dict[str, str]:
    """The environment of a command, with this FOCAL_HOME and these settings."""
    return {**os.environ, "FOCAL_HOME": str(home), **variables}
