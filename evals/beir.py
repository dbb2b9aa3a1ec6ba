"""Public retrieval collections in BEIR layout, searched by the project's own retrieval over a throw-away index."""

from __future__ import annotations

import dataclasses
import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.bootstrap import RETRIEVAL, open_home
from assistant.settings import Settings
from evals.cases import CaseError
from evals.metrics import Figure, mean, ranking
from knowledge.access import PUBLIC
from knowledge.documents import Block, Metadata, Reading
from knowledge.errors import ReadError
from knowledge.ingestion import ingest
from knowledge.retrieval import Retriever

MEASURES = ("nDCG@10", "R@5", "R@20", "R@100")
DEPTH = 200
"""Passages asked for: several can belong to one text, and 100 texts are wanted."""


@dataclass(frozen=True)
class Query:
    """One question of a collection; `history` holds the earlier user turns."""

    id: str
    text: str
    history: tuple[str, ...] = ()


@dataclass(frozen=True)
class Collection:
    """Texts by id as (title, text), questions, and for each question the grades of its relevant texts."""

    name: str
    texts: dict[str, tuple[str, str]]
    queries: tuple[Query, ...]
    relevant: dict[str, dict[str, int]]


def load_collection(folder: Path) -> Collection:
    """Read `corpus.jsonl`, `queries.jsonl` and `qrels/*.tsv` (Thakur et al. 2021).

    Questions without qrels are left out. Raises CaseError naming file and line.
    """
    texts = {row["_id"]: (row.get("title", ""), row["text"]) for row in _rows(folder / "corpus.jsonl", "_id", "text")}
    relevant: dict[str, dict[str, int]] = {}
    for path in sorted((folder / "qrels").glob("*.tsv")):
        for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
            if not line.strip() or line.startswith("query-id"):
                continue
            try:
                query, text, grade = line.split("\t")
                relevant.setdefault(query, {})[text] = int(grade)
            except ValueError:
                raise CaseError(f"{path}:{number}: expected query id, text id and grade: {line!r}") from None
    rows = _rows(folder / "queries.jsonl", "_id", "text")
    queries = tuple(Query(row["_id"], row["text"], _turns(row)) for row in rows if row["_id"] in relevant)
    if not queries:
        raise CaseError(f"{folder}: no question has qrels")
    unknown = sorted({text for query in queries for text in relevant[query.id]} - texts.keys())
    if unknown:
        raise CaseError(f"{folder}: {len(unknown)} texts of qrels are not in corpus.jsonl, such as {unknown[0]!r}")
    return Collection(folder.name, texts, queries, {query.id: relevant[query.id] for query in queries})


def search(collection: Collection, settings: Settings, retrieval: str = "fused") -> dict[str, list[str]]:
    """For each question the ids of up to 100 texts, best first, through reading, cutting, indexing and retrieval."""
    with opened(collection, settings, retrieval) as (retriever, reader):
        return {query.id: _ranked(retriever, query, reader) for query in collection.queries}


@contextmanager
def opened(collection: Collection, settings: Settings, retrieval: str) -> Iterator[tuple[Retriever, Rows]]:
    """A retriever over a throw-away index of the collection, and the reader that knows the texts' own ids."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (settings.folder / "models").mkdir(parents=True, exist_ok=True)
        (root / "home").mkdir()
        (root / "home" / "models").symlink_to((settings.folder / "models").resolve())
        home = open_home(settings.model_copy(update={"home": root / "home"}), "focal eval --beir")
        try:
            reader = Rows(collection, root / "texts")
            for outcome in ingest(home.store, reader, reader.files, lambda path: Metadata()):
                if outcome.state == "failed" and "no searchable words" not in outcome.reason:
                    raise CaseError(f"{collection.name}: {outcome.path.name}: {outcome.reason}")
            weights = dataclasses.replace(RETRIEVAL[retrieval], candidates=DEPTH, ranked=DEPTH)
            store = home.store
            yield Retriever(store.register, store.index, store.embedding, home.cross_encoder, weights), reader
        finally:
            home.close()


def measure(collection: Collection, runs: dict[str, list[str]]) -> dict[str, Figure]:
    """Each of MEASURES with its interval over the questions; one without a result counts 0."""
    values = ranking(runs, collection.relevant, *MEASURES)
    return {name: mean(values[name]) for name in MEASURES}


class Rows:
    """A reader of the collection's texts: each is one document of one paragraph."""

    def __init__(self, collection: Collection, folder: Path) -> None:
        """Writes each text into `folder`, which must be new."""
        folder.mkdir()
        self.ids: dict[str, str] = {}
        self._texts: dict[Path, tuple[str, str, str]] = {}
        for number, (key, (title, text)) in enumerate(collection.texts.items()):
            path = folder / f"t{number}.txt"
            path.write_text(f"{key}\n{text}", encoding="utf-8")
            self.ids[f"t{number}"] = key
            self._texts[path] = (f"t{number}", title, text)
        self.files = list(self._texts)

    def read_all(self, paths: Sequence[Path]) -> Iterator[tuple[Path, Reading | ReadError]]:
        """Each text as a reading of its own."""
        for path in paths:
            key, title, text = self._texts[path]
            lines = [Block("paragraph", " ".join(line.split())) for line in text.split("\n") if line.strip()]
            heading = [Block("heading", title, level=1)] if title else []
            yield path, Reading(Metadata(id=key, title=title or key), (*heading, *lines))


def _ranked(retriever: Retriever, query: Query, reader: Rows) -> list[str]:
    found = retriever.retrieve(query.text, PUBLIC, query.history, limit=DEPTH).passages
    return list(dict.fromkeys(reader.ids[passage.document.id] for passage in found))[:100]


def _turns(row: dict[str, Any]) -> tuple[str, ...]:
    turns = row.get("history") or ()
    return tuple(turn["text"] if isinstance(turn, dict) else turn for turn in turns if _by_user(turn))


def _by_user(turn: Any) -> bool:
    return not isinstance(turn, dict) or turn.get("speaker") == "user"


def _rows(path: Path, *fields: str) -> Iterator[dict[str, Any]]:
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except OSError as error:
        raise CaseError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise CaseError(f"{path}: not UTF-8 from byte {error.start} on: save it as UTF-8") from None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise CaseError(f"{path}:{number}: {error.msg}") from None
        if not isinstance(row, dict):
            raise CaseError(f"{path}:{number}: expected an object with the fields {', '.join(fields)}")
        missing = [field for field in fields if field not in row]
        if missing:
            raise CaseError(f"{path}:{number}: no field {', '.join(missing)}")
        yield row
