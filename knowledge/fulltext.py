"""Full text in SQLite's FTS5: one table for each access class, so that word statistics never cross classes."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

Rows = Callable[[str, Sequence[Any]], list[Any]]
"""Runs a query and gives its rows as plain tuples."""

_CODE = re.compile(r"(?<![A-Za-z0-9.])[A-Za-z0-9.]*(?:/[A-Za-z0-9.()-]+)+|\b\d{4}[.:]\d{1,3}\b")
_GROUPED_NUMBER = re.compile(r"(?<![\d.])\d{1,3}(?:[ \u00a0\u202f,]\d{3})+(?!\d)")


def quoted(word: str) -> str:
    """A word as an FTS5 string, whatever characters it holds."""
    return '"' + word.replace('"', '""') + '"'


def codes(text: str) -> list[str]:
    """Document symbols and resolution numbers in a text, as one keyword token each: `S/2025/54` gives `s0x2025x54`."""
    found = [code for joined in _CODE.findall(text) for code in split_symbol(joined)]
    return [re.sub(r"[^a-z0-9]+", "x", code.lower().rstrip(".")).strip("x") + "code" for code in found]


def split_symbol(symbol: str) -> list[str]:
    """The symbols in a double one: a document of two organs carries both, as in `A/79/797-S/2025/109`."""
    return re.split(r"(?<=\d)[-–](?=[A-Za-z]+/)", symbol)


def joined_numbers(text: str) -> list[str]:
    """Numbers written with a thousands separator, written without: `2 101` and `2,101` give `2101`."""
    return [re.sub(r"\D", "", found) for found in _GROUPED_NUMBER.findall(text)]


def insert(
    connection: sqlite3.Connection, class_id: int, row: int, title: str, headings: str, text: str, symbol: str
) -> None:
    """Add one passage's words to the table of its access class."""
    tokens = [*codes(text), *joined_numbers(text), *codes(symbol)]
    connection.execute(
        f"INSERT INTO {table(class_id)} (rowid, title, headings, text, codes) VALUES (?, ?, ?, ?, ?)",
        (row, title, headings, text, " ".join(tokens)),
    )


def create(connection: sqlite3.Connection, class_id: int) -> None:
    """Make the table of an access class."""
    connection.execute(
        f"CREATE VIRTUAL TABLE IF NOT EXISTS {table(class_id)} USING fts5"
        "(title, headings, text, codes, tokenize = 'porter unicode61 remove_diacritics 2')"
    )


def table(class_id: int) -> str:
    """Name of the table of an access class."""
    return f"keywords_{int(class_id)}"


@dataclass(frozen=True)
class Matches:
    """Passages by row in ascending order, with their BM25 scores (higher is better); both of shape (matches,)."""

    rows: NDArray[np.int64]
    scores: NDArray[np.float32]

    def best(self, limit: int, within: Sequence[tuple[int, int]] | None = None) -> list[int]:
        """Rows of the `limit` best, best first; `within` restricts them to ranges of rows, both ends included."""
        rows, scores = self.rows, self.scores
        if within is not None:
            cuts = [slice(*np.searchsorted(rows, (low, high + 1))) for low, high in within]
            rows = np.concatenate([rows[cut] for cut in cuts]) if cuts else rows[:0]
            scores = np.concatenate([scores[cut] for cut in cuts]) if cuts else scores[:0]
        order = np.lexsort((rows, -scores))[:limit]
        return [int(row) for row in rows[order]]

    def score(self, row: int) -> float:
        """The score of one passage; 0 where nothing of the expression stands in it."""
        at = int(np.searchsorted(self.rows, row))
        return float(self.scores[at]) if at < len(self.rows) and self.rows[at] == row else 0.0


class FullText:
    """Keyword search over the register's passages; every call names the access class it searches."""

    def __init__(self, rows: Rows) -> None:
        """`rows` runs a query on the register's connection of the calling thread."""
        self._rows = rows

    def search(self, class_ids: Sequence[int], match: str, weights: Sequence[float]) -> Matches:
        """Every passage of these access classes that an FTS5 expression finds, with its BM25 score.

        `weights` are those of title, headings, text and codes. Each class is scored by its own statistics.
        """
        found: list[tuple[int, float]] = []
        for class_id in class_ids if match else ():
            words = table(class_id)
            sql = f"SELECT rowid, -bm25({words}, {_columns(weights)}) FROM {words} WHERE {words} MATCH ?"
            found += self._rows(sql, (match,))
        # FTS5 gives rows in order; of several classes they interleave.
        found.sort(key=itemgetter(0))
        flat = np.fromiter(chain.from_iterable(found), np.float64, 2 * len(found)).reshape(-1, 2)
        return Matches(flat[:, 0].astype(np.int64), flat[:, 1].astype(np.float32))

    def document_counts(self, class_ids: Sequence[int], match: str) -> dict[str, int]:
        """In how many passages of each document an FTS5 expression is found."""
        counts: dict[str, int] = {}
        for class_id in class_ids:
            words = table(class_id)
            for document_id, count in self._rows(
                f"SELECT p.document_id, count(*) FROM {words} k JOIN passages p ON p.row = k.rowid"
                f" WHERE {words} MATCH ? GROUP BY p.document_id",
                [match],
            ):
                counts[document_id] = counts.get(document_id, 0) + count
        return counts

    def texts(self, class_ids: Sequence[int], match: str, limit: int) -> list[str]:
        """Texts of some passages that an FTS5 expression finds."""
        found: list[str] = []
        for class_id in class_ids:
            words = table(class_id)
            sql = f"SELECT text FROM {words} WHERE {words} MATCH ? LIMIT ?"
            found += [row[0] for row in self._rows(sql, (f"text : {match}", limit))]
        return found

    def vocabulary(self, class_ids: Sequence[int]) -> dict[str, int]:
        """Every stem in these access classes with the number of passages it stands in."""
        counts: dict[str, int] = {}
        for class_id in class_ids:
            view = f"temp.words_{int(class_id)}"
            self._rows(f"CREATE VIRTUAL TABLE IF NOT EXISTS {view} USING fts5vocab(main, {table(class_id)}, row)", ())
            for term, count in self._rows(f"SELECT term, doc FROM {view}", ()):
                counts[term] = counts.get(term, 0) + count
        return counts


def _columns(weights: Sequence[float]) -> str:
    return ",".join(str(float(weight)) for weight in weights)
