"""The named suites: their cases, the documents they are about, and an index over exactly those documents."""

from __future__ import annotations

import ast
import hashlib
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from assistant.bootstrap import NOTES, Home, open_home
from assistant.loading import load as load_documents
from assistant.settings import Settings
from evals import cases
from evals.cases import CaseError, Suite
from evals.scorers import word_list
from knowledge import ingestion
from knowledge.access import PUBLIC
from knowledge.embedding import label
from knowledge.readers.manifest import MANIFEST_NAME, read_manifest

SUITES_FOLDER = Path(__file__).resolve().parent / "suites"
PROJECT = Path(__file__).resolve().parent.parent

Say = Callable[[str], None]


@dataclass(frozen=True)
class SuiteSource:
    """Where a suite's cases and documents are."""

    files: str
    """Pattern of its JSON Lines files in `evals/suites`."""
    documents: tuple[str, ...]
    """Folders of documents below the corpus folder; none means the starter notes."""


CORPUS_FOLDERS = ("guidance", "un-reports")

SUITES: dict[str, SuiteSource] = {
    "starter": SuiteSource("starter.jsonl", ()),
    "roles": SuiteSource("roles.jsonl", ()),
    "corpus": SuiteSource("corpus*.jsonl", CORPUS_FOLDERS),
    "pairs": SuiteSource("pairs.jsonl", CORPUS_FOLDERS),
    "fresh": SuiteSource("fresh*.jsonl", CORPUS_FOLDERS),
    "unseen": SuiteSource("unseen.jsonl", CORPUS_FOLDERS),
    "natural": SuiteSource("natural.jsonl", CORPUS_FOLDERS),
}
"""A new suite is one line here and one file of cases."""


def load_suite(name: str) -> Suite:
    """The cases of a named suite, or of a file when the name is the path of one. Raises CaseError."""
    if name.endswith(".jsonl"):
        return cases.load(Path(name).name, [Path(name)])
    if name not in SUITES:
        raise CaseError(f"no suite {name!r}: use one of {', '.join(SUITES)}, or the path of a .jsonl file")
    files = sorted(SUITES_FOLDER.glob(SUITES[name].files))
    if not files:
        raise CaseError(f"suite {name!r} has no file {SUITES[name].files} in {SUITES_FOLDER.name}/")
    return cases.load(name, files)


def needs_corpus(name: str) -> bool:
    """True for a suite over other documents than the starter notes."""
    return bool(name in SUITES and SUITES[name].documents)


def document_folders(name: str, corpus: Path) -> list[Path]:
    """The folders of a suite's documents. Raises CaseError if one is missing; unknown suites have the starter notes."""
    if not needs_corpus(name):
        return [NOTES]
    folders = [corpus / folder for folder in SUITES[name].documents]
    for folder in folders:
        if not folder.is_dir():
            raise CaseError(f"suite {name!r} needs the documents in {folder}, which is not there")
    return folders


@contextmanager
def open_index(name: str, settings: Settings, corpus: Path, say: Say) -> Iterator[Home]:
    """A home that holds exactly the suite's documents, built anew when they or the code that reads them changed.

    It lies under FOCAL_HOME/evals, so that a user's own index is never touched; suites over the same documents share
    it. Files that cannot be read are told to `say`: two pages saved in place of documents are part of the corpus.
    """
    folders = document_folders(name, corpus)
    home = open_home(settings.model_copy(update={"home": _index_folder(folders, settings)}), "focal eval", say)
    try:
        kept = set()
        for outcome in load_documents(home, folders, starter=folders == [NOTES]):
            if outcome.document:
                kept.add(outcome.document.id)
            if outcome.state not in ("unchanged", "added"):
                say(f"{outcome.path.name}: {outcome.state} {outcome.reason}".rstrip())
        if not kept:
            raise CaseError(f"suite {name!r}: none of its documents could be taken in")
        for document in home.store.register.all_documents():
            if document.id not in kept:
                ingestion.remove(home.store, document.id)
        yield home
    finally:
        home.close()


def verify_evidence(suite: Suite, home: Home, corpus: Path, say: Say) -> None:
    """Check every evidence quote against the documents of an index.

    A quote may stand in the passages or in the file's plain text: one that our reading lost is a finding of the run,
    not a fault of the case, and so is a document whose file could not be taken in (`say` hears of it). Raises CaseError
    for a quote that stands in neither, and for a document that no file of the suite has.
    """
    from evals.peers.plain_text import plain_text

    register = home.store.register
    loaded = {document.id: document for document in register.documents(PUBLIC)}
    wanted = {evidence.document for case in suite.cases for evidence in case.evidence}
    lost = (wanted - loaded.keys()) & _ids_of_files(document_folders(suite.name, corpus))
    if lost:
        say(f"cases name documents that could not be taken in: {', '.join(sorted(lost))}")
    texts: dict[str, Sequence[str]] = {}
    for document in wanted & loaded.keys():
        texts[document] = ["\n".join(passage.text for passage in register.passages(document, PUBLIC))]
        quotes = [e.quote for case in suite.cases for e in case.evidence if e.document == document]
        squeezed = "".join(word_list(texts[document][0]))
        if not all("".join(word_list(quote)) in squeezed for quote in quotes):
            texts[document] = [*texts[document], plain_text(Path(loaded[document].source_path))]
    checked = tuple(case for case in suite.cases if not any(e.document in lost for e in case.evidence))
    cases.check_evidence(Suite(suite.name, checked, suite.origin), texts)


def _ids_of_files(folders: Sequence[Path]) -> set[str]:
    """Ids that the files of these folders have, as their names and manifests tell without reading them."""
    found: set[str] = set()
    for folder in folders:
        found |= {ingestion.slug(path.stem.removesuffix(".en")) for path in folder.iterdir()}
        manifest = folder / MANIFEST_NAME
        for entry in read_manifest(manifest).values() if manifest.exists() else ():
            found |= {ingestion.slug(name) for name in (entry.id, entry.symbol) if name}
    return found


def _index_folder(folders: Sequence[Path], settings: Settings) -> Path:
    """The folder of an index over these documents, a new one for each state of the code that fills it; older ones are
    deleted."""
    suites = settings.folder / "evals"
    stem = f"{'starter' if folders == [NOTES] else 'corpus'}.{label(settings.embedding)}"
    folder = suites / f"{stem}.{indexing_code()}"
    for old in suites.glob(f"{stem}.*"):
        if old != folder:
            shutil.rmtree(old, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    models = folder / "models"
    if not models.exists():
        (settings.folder / "models").mkdir(exist_ok=True)
        models.symlink_to((settings.folder / "models").resolve())
    return folder


def indexing_code(start: str = "assistant.loading") -> str:
    """Digest of every module that decides what stands in an index: those `start` imports, directly or not."""
    sources: dict[str, str] = {}
    waiting = [start]
    while waiting:
        module = waiting.pop()
        path = _module_file(module)
        if module in sources or path is None:
            continue
        sources[module] = path.read_text(encoding="utf-8")
        waiting += _imports(sources[module])
    text = "\0".join(f"{module}\0{sources[module]}" for module in sorted(sources) if module.startswith("knowledge"))
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def _module_file(module: str) -> Path | None:
    if not module.startswith(("knowledge", "assistant.loading")):
        return None
    path = PROJECT.joinpath(*module.split(".")).with_suffix(".py")
    return path if path.exists() else None


def _imports(source: str) -> list[str]:
    found: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return found
