"""The house keeps its shape: which folder imports which, where each library is imported, what loads at start."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from conftest import ROOT

PACKAGES = {"knowledge", "assistant", "bot", "evals"}
MAY_IMPORT = {
    "knowledge": {"knowledge"},
    "assistant": {"assistant", "knowledge"},
    "bot": {"bot", "assistant"},
    "evals": {"evals", "assistant", "knowledge"},
}
EXCEPTIONS = {
    "assistant/cli.py": {"bot", "evals"},
}
"""A file that may import more than its folder: the command line starts the other two."""
BOT_TYPES = {"knowledge.access", "knowledge.documents", "knowledge.errors"}
"""What the bot may name of the knowledge: who asks, the types that answers carry, the errors."""

LIBRARIES = {
    "chromadb": ("knowledge/index.py",),
    "sentence_transformers": ("knowledge/embedding.py",),
    "onnxruntime": ("knowledge/onnx_export.py",),
    "torch": (
        "knowledge/embedding.py",
        "knowledge/crossencoder.py",
        "knowledge/onnx_export.py",
        "evals/train_crossencoder.py",
    ),
    "transformers": ("knowledge/onnx_export.py",),
    "tokenizers": ("knowledge/embedding.py", "knowledge/crossencoder.py"),
    "fastapi": ("assistant/api/",),
    "uvicorn": ("assistant/api/",),
    "slack_bolt": ("bot/",),
    "slack_sdk": ("bot/",),
    "langchain": ("assistant/answerers/", "assistant/retriever.py", "evals/peers/"),
    "typer": ("assistant/cli", "evals/cli.py"),
    "pydantic_settings": ("assistant/settings.py",),
}
"""Each library with the files (or folders, ending in a slash) that may import it, at whatever depth."""

MEASURING = ("evals/peers/", "evals/bench")
"""Code that measures another pipeline uses that pipeline's own libraries."""


def sources() -> list[Path]:
    return [path for package in sorted(PACKAGES) for path in sorted((ROOT / package).rglob("*.py"))]


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def imports(path: Path) -> tuple[str, ...]:
    """Every module that a file imports anywhere in it, by its full name."""
    return tuple(_imports(path))


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name(path)}: relative import; write the full name"
            assert node.module
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("package", sorted(PACKAGES))
def test_a_folder_imports_only_what_the_flow_allows(package: str) -> None:
    wrong = []
    for path in sources():
        if path.relative_to(ROOT).parts[0] != package:
            continue
        allowed = MAY_IMPORT[package] | EXCEPTIONS.get(name(path), set())
        for module in imports(path):
            ours = module.split(".")[0]
            type_only = package == "bot" and any(module == m or module.startswith(m + ".") for m in BOT_TYPES)
            if ours in PACKAGES - allowed and not (type_only or (package == "bot" and module == "knowledge")):
                wrong.append(f"{name(path)} imports {module}")
    assert wrong == []


@pytest.mark.parametrize("library", sorted(LIBRARIES))
def test_a_library_is_imported_in_its_own_place_only(library: str) -> None:
    wrong = []
    for path in sources():
        if name(path).startswith((*LIBRARIES[library], *MEASURING)):
            continue
        for module in imports(path):
            first = module.split(".")[0]
            if first == library or (library == "langchain" and first.startswith("langchain")):
                wrong.append(f"{name(path)} imports {module}")
    assert wrong == []


OFFLINE = ("knowledge/onnx_export.py",)


def test_only_the_settings_read_the_environment() -> None:
    wrong = []
    for path in sources():
        if name(path) == "assistant/settings.py" or name(path).startswith("evals/"):
            continue
        for node in ast.walk(tree(path)):
            if not (
                isinstance(node, ast.Attribute) and ast.unparse(node) in ("os.environ", "os.getenv", "os.environb")
            ):
                continue
            # Libraries read these themselves, so they can be set no other way.
            offline = name(path) in OFFLINE
            child = name(path) == "knowledge/readers/sandbox.py"
            if not (offline or child):
                wrong.append(f"{name(path)}, line {node.lineno}")
    assert wrong == []


@pytest.mark.parametrize("path", OFFLINE)
def test_loading_a_model_only_sets_that_none_is_fetched(path: str) -> None:
    calls = [node for node in ast.walk(tree(ROOT / path)) if isinstance(node, ast.Call)]
    uses = [ast.unparse(call) for call in calls if "environ" in ast.unparse(call.func)]
    assert set(uses) == {"os.environ.setdefault('HF_HUB_OFFLINE', '1')"}


def test_an_init_file_is_a_docstring_and_nothing_else() -> None:
    for path in sources():
        if path.name == "__init__.py":
            body = tree(path).body
            assert len(body) == 1 and isinstance(body[0], ast.Expr), name(path)


def test_every_pattern_of_files_to_install_has_files() -> None:
    patterns = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]["package-data"]
    assert [f"{of}/{p}" for of, each in patterns.items() for p in each if not any((ROOT / of).glob(p))] == []


def test_starting_the_command_line_imports_no_heavy_library() -> None:
    heavy = ["chromadb", "fastapi", "numpy", "onnxruntime", "pydantic", "sentence_transformers", "slack_bolt", "torch"]
    program = f"import sys, assistant.cli; print([m for m in {heavy} if m in sys.modules])"
    output = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert output.strip() == "[]"
