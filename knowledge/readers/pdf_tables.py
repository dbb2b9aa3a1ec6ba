"""Tables, and how to build them where the structure tree of the page names their cells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from knowledge.cleaning import join_lines
from knowledge.readers.pdf_page import Box, Line
from knowledge.readers.pdf_tags import TableShape


@dataclass(frozen=True)
class Table:
    """Cells of one table, or of the part of it that one page holds."""

    rows: tuple[tuple[str, ...], ...]
    """rows[0] holds the column heads, empty strings where there are none."""
    page: int
    y: float
    marks: tuple[str, ...] = ()
    page_end: int | None = None
    has_heads: bool = True

    def followed_by(self, other: Table) -> Table | None:
        """Both as one table where `other` carries this one on over a page break, else None."""
        if len(self.rows[0]) != len(other.rows[0]):
            return None
        repeats = other.rows[0] == self.rows[0] or not any(other.rows[0])
        if other.has_heads and not repeats:
            return None
        rows = other.rows[1:] if repeats else other.rows
        return Table(
            self.rows + rows, self.page, self.y, self.marks + other.marks, other.page_end or other.page, self.has_heads
        )


def tagged_table(
    lines: Sequence[Line], shape: TableShape, rules: Sequence[Box], known_words: Mapping[str, int]
) -> Table | None:
    """The table that the lines of its cells make; None where it is a frame around prose, not a table.

    The library does not tell how far a cell stretches, so the cells of short rows find their columns by place.
    """
    cells: dict[tuple[int, int], list[Line]] = {}
    for line in lines:
        if line.tag and line.tag.cell:
            cells.setdefault(line.tag.cell[1:], []).append(line)
    if not _is_tabular(list(cells)):
        return None
    columns = _column_spans(cells, shape)
    underlines = level_rules(rules, gap=1.0)
    rows: dict[int, dict[int, list[str]]] = {}
    for (row, place), held in sorted(cells.items()):
        if row < shape.head_rows:
            beside = [lines for (other, at), lines in cells.items() if other == row and at != place]
            targets = _headed_columns(held, beside, columns, underlines)
        elif shape.cells_in_rows[row] == len(columns):
            targets = [place]
        else:
            targets = [_nearest_column(held, columns)]
        for target in targets:
            rows.setdefault(row, {}).setdefault(target, []).append(
                join_lines([line.text for line in held], known_words)
            )
    used = [n for n in range(len(columns)) if any(n in row for row in rows.values())]
    heads = tuple(_head(rows, n, shape.head_rows) for n in used)
    body = tuple(
        tuple(" ".join(row.get(n, ())) for n in used) for number, row in rows.items() if number >= shape.head_rows
    )
    if len(used) < 2 or not body or (len(body) == 1 and not any(heads)):
        return None
    marks = tuple(mark for line in lines for mark in line.marks)
    return Table((heads, *body), lines[0].page, lines[0].y, marks, has_heads=any(heads))


def _is_tabular(places: Sequence[tuple[int, int]]) -> bool:
    rows = Counter(row for row, _ in places)
    wide_rows = sum(1 for count in rows.values() if count > 1)
    return wide_rows * 2 >= len(rows) > 0 or wide_rows >= 3


def _column_spans(cells: Mapping[tuple[int, int], Sequence[Line]], shape: TableShape) -> list[tuple[float, float]]:
    """Left and right end of each column, from the body rows that have every cell."""
    most = max(shape.cells_in_rows[shape.head_rows :], default=0) or max(shape.cells_in_rows)
    spans: list[tuple[float, float]] = []
    for place in range(most):
        held = [
            line
            for (row, at), lines in cells.items()
            if at == place and shape.cells_in_rows[row] == most and row >= shape.head_rows
            for line in lines
        ] or [line for (_, at), lines in cells.items() if at == place for line in lines]
        left = spans[-1][1] + 1 if spans else 0.0
        spans.append((min((line.x0 for line in held), default=left), max((line.x1 for line in held), default=left + 1)))
    return spans


def _nearest_column(held: Sequence[Line], columns: Sequence[tuple[float, float]]) -> int:
    left, right = min(line.x0 for line in held), max(line.x1 for line in held)

    def distance(n: int) -> tuple[float, float]:
        overlap = min(right, columns[n][1]) - max(left, columns[n][0])
        return -overlap, abs(left + right - columns[n][0] - columns[n][1])

    return min(range(len(columns)), key=distance)


def _headed_columns(
    held: Sequence[Line],
    beside: Sequence[Sequence[Line]],
    columns: Sequence[tuple[float, float]],
    underlines: Sequence[Box],
) -> list[int]:
    """The columns under a head: those above which its own underline stretches, else the nearest."""
    left, right = min(line.x0 for line in held), max(line.x1 for line in held)
    foot = held[-1].y
    for rule in underlines:
        if not (0 <= rule[1] - foot < 1.8 * held[-1].size and rule[0] - 3 <= left and right <= rule[2] + 3):
            continue
        shared = any(rule[0] <= (lines[0].x0 + lines[0].x1) / 2 <= rule[2] for lines in beside)
        under = [n for n, (a, b) in enumerate(columns) if rule[0] - 3 <= (a + b) / 2 <= rule[2] + 3]
        if len(under) > 1 and not shared:
            return under
    return [_nearest_column(held, columns)]


def _head(rows: Mapping[int, Mapping[int, Sequence[str]]], column: int, head_rows: int) -> str:
    """Head of one column: the heads above it, outermost first, group heads included."""
    words: list[str] = []
    for row in range(head_rows):
        words += [text for text in rows.get(row, {}).get(column, ()) if text not in words]
    return " ".join(words)


def level_rules(rules: Sequence[Box], gap: float = 8.0) -> list[Box]:
    """Horizontal rules from the top, pieces of one line joined where no more than `gap` points part them."""
    level = sorted(
        (box for box in rules if box[3] - box[1] <= 3 and box[2] - box[0] > 3), key=lambda b: (round(b[1]), b[0])
    )
    joined: list[Box] = []
    for box in level:
        last = joined[-1] if joined else None
        if last and abs(last[1] - box[1]) <= 2 and box[0] - last[2] <= gap:
            joined[-1] = (last[0], last[1], max(last[2], box[2]), max(last[3], box[3]))
        else:
            joined.append(box)
    return joined
