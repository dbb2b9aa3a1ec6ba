"""The README tells the truth: every setting, every command and every top folder stands in it."""

from __future__ import annotations

import re

import pytest
import typer
from conftest import ROOT

from assistant.cli import app
from assistant.settings import Settings

README = ROOT / "README.md"
pytestmark = pytest.mark.skipif(not README.exists(), reason="there is no README.md yet")

FOLDERS = ("assistant", "knowledge", "bot", "evals", "tests")


@pytest.fixture(scope="module")
def readme() -> str:
    return README.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_a_setting_stands_in_the_readme_with_its_prefix(readme: str, name: str) -> None:
    assert re.search(rf"\bFOCAL_{name.upper()}\b", readme)


def test_the_readme_names_no_setting_that_does_not_exist(readme: str) -> None:
    known = {name.upper() for name in Settings.model_fields}
    named = set(re.findall(r"\bFOCAL_([A-Z][A-Z_]*[A-Z])\b", readme))
    assert named <= known


@pytest.mark.parametrize("name", sorted(typer.main.get_command(app).commands))  # type: ignore[attr-defined]
def test_a_command_stands_in_the_readme(readme: str, name: str) -> None:
    assert re.search(rf"\bfocal {name}\b", readme)


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_top_folder_stands_in_the_file_tree(readme: str, folder: str) -> None:
    assert f"{folder}/" in readme
    assert (ROOT / folder).is_dir()


def test_every_file_that_the_readme_names_exists(readme: str) -> None:
    named = set(re.findall(rf"`((?:{'|'.join(FOLDERS)})/[\w./-]+\.\w+)`", readme))
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []
