"""Puts the runs of a page into lines, in reading order, column by column, and takes raised note marks out of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import groupby
from statistics import mean

from knowledge.readers.pdf_page import Line, Page, Run
from knowledge.readers.pdf_tags import Tag

WORD_GAP = 0.18
"""A gap narrower than this share of the type size is letter-spacing between two runs, not a space: justified Word
exports show gaps up to 0.15 inside a word, and justified lines rarely squeeze their spaces below 0.2."""
_MARK = re.compile(r"(?:\d{1,3}|[a-z]|\*{1,3}|[†‡§])(?:,(?:\d{1,3}|[a-z]))*")
_UNIT = re.compile(r"(?:^|[\s\d(/])(?:[kcdm]?m|ft|mi)$")
_ENUMERATOR = re.compile(r"(?:\d{1,3}(?:\.\d{1,3})*[.)]?|[IVXLC]{1,6}\.|[A-Z]\.|\(?[a-z]{1,4}\)|[•●▪■◦○–—-])")


def page_lines(page: Page) -> list[Line]:
    """Lines of a page in reading order; turned text is left out."""
    runs = [run for run in page.runs if run.text and run.x1 > 0 and 0 < run.y < page.height + 5]
    rows = rows_of(runs, slack=0.5 if page.scanned else 0.3)
    lines: list[Line] = []
    for band in _bands(rows, page):
        for column in band:
            for row in column:
                lines.extend(_line(group, page) for group in _cells(row, page.tags))
    return [line for line in lines if line.text or line.opening_mark]


def rows_of(runs: Sequence[Run], slack: float = 0.3) -> list[list[Run]]:
    """Runs on a common baseline, raised and lowered ones with the row they belong to, from the top."""
    rows: list[list[Run]] = []
    for run in sorted(runs, key=lambda r: r.y):
        for row in reversed(rows[-4:]):
            base = row[0]
            if abs(run.y - base.y) <= slack * min(run.size, base.size):
                row.append(run)
                break
        else:
            rows.append([run])
    ordered = [sorted(row, key=lambda r: r.x0) for row in rows]
    return ordered if slack > 0.3 else _with_raised(ordered)


def _with_raised(rows: list[list[Run]]) -> list[list[Run]]:
    """Small runs just above or below a row's baseline moved into that row."""
    kept: list[list[Run]] = []
    loose: list[Run] = []
    for row in rows:
        size = max((run.size for run in row), default=0.0)
        neighbour = [
            other for other in rows if other and other is not row and 0 < abs(other[0].y - row[0].y) < 0.7 * size + 4
        ]
        for run in list(row):
            if any(_sits_on(run, other) for other in neighbour):
                row.remove(run)
                loose.append(run)
        if row:
            kept.append(row)
    for run in loose:
        host = min((row for row in kept if _sits_on(run, row)), key=lambda row: abs(row[0].y - run.y), default=None)
        if host is None:
            kept.append([run])
        else:
            host.append(run)
            host.sort(key=lambda r: r.x0)
    return sorted(kept, key=lambda row: min(run.y for run in row if run.size == max(r.size for r in row)))


def _sits_on(run: Run, row: Sequence[Run]) -> bool:
    """True for a run set smaller than the words beside it and off their baseline."""
    return len(run.text) <= 8 and any(
        run.size < 0.83 * other.size
        and -0.65 * other.size < run.y - other.y < 0.3 * other.size
        and run.x0 - other.x1 < 0.6 * other.size
        and other.x0 - run.x1 < 0.6 * other.size
        for other in row
        if other is not run
    )


def _bands(rows: list[list[Run]], page: Page) -> list[list[list[list[Run]]]]:
    """The page cut into bands from top to bottom; each band is a list of columns, each column a list of rows."""
    gutter = _gutter(rows, page)
    if gutter is None:
        return [[rows]]
    first, last, x = gutter
    left = [[run for run in row if run.x1 <= x] for row in rows[first : last + 1]]
    right = [[run for run in row if run.x1 > x] for row in rows[first : last + 1]]
    return [[rows[:first]], [[row for row in left if row], [row for row in right if row]], [rows[last + 1 :]]]


def _gutter(rows: list[list[Run]], page: Page) -> tuple[int, int, float] | None:
    """First row, last row and place of the white strip between two columns of prose, if the page has one."""
    best: tuple[int, int, float] | None = None
    in_table = [any((tag := page.tags.get(run.content)) and tag.cell for run in row) for row in rows]
    for step in range(30, 71, 2):
        x = page.width * step / 100
        open_rows = [
            not table and not any(run.x0 < x + 4 and run.x1 > x - 4 for run in row)
            for row, table in zip(rows, in_table, strict=True)
        ]
        place = 0
        for is_open, group in groupby(open_rows):
            length = len(list(group))
            if (
                is_open
                and length > (best[1] - best[0] + 1 if best else 7)
                and _two_columns_of_prose(rows[place : place + length], x, page.width)
            ):
                best = (place, place + length - 1, x)
            place += length
    return best


def _two_columns_of_prose(rows: Iterable[list[Run]], x: float, page_width: float) -> bool:
    left: list[tuple[float, int]] = []
    right: list[tuple[float, int]] = []
    for row in rows:
        for side, runs in ((left, [r for r in row if r.x1 <= x]), (right, [r for r in row if r.x1 > x])):
            if runs:
                side.append((runs[-1].x1 - runs[0].x0, len(runs)))
    return all(
        len(side) >= 6 and mean(w for w, _ in side) > 0.24 * page_width and mean(n for _, n in side) >= 4
        for side in (left, right)
    )


def _cells(row: list[Run], tags: dict[int, Tag]) -> list[list[Run]]:
    """A row of a tagged table cut where one cell ends; any other row whole."""

    def cell(run: Run) -> tuple[int, int, int] | None:
        tag = tags.get(run.content)
        return tag.cell if tag else None

    return [list(group) for _, group in groupby(row, key=cell)]


def _line(runs: list[Run], page: Page) -> Line:
    size = max(runs, key=lambda run: len(run.text) * (run.size if run.size > 4 else 0.1)).size
    base = next(run.y for run in runs if run.size == size)
    text, opening = "", None
    marks: list[str] = []
    previous: Run | None = None
    hanging: float | None = None
    for run in runs:
        gap = run.x0 - previous.x1 if previous else 0.0
        if _is_mark(run, size, base, text):
            opening, marks = (run.text, marks) if not text else (opening, [*marks, run.text])
            previous = run
            continue
        if text and gap > 2.5 * size:
            text += "\t"
        elif text and (gap > WORD_GAP * size or (run.spaced and gap > -0.3 * size)):
            text += " "
        if previous and hanging is None and text[-1:].isspace() and _ENUMERATOR.fullmatch(text.strip()):
            hanging = run.x0
        text += run.text
        previous = run
    letters = sum(len(run.text) for run in runs) or 1
    return Line(
        text=re.sub(r" {2,}", " ", text).strip(),
        page=page.number,
        x0=runs[0].x0,
        x1=runs[-1].x1,
        y=base,
        size=round(size, 1),
        bold=sum(len(run.text) for run in runs if run.bold) >= 0.8 * letters,
        italic=sum(len(run.text) for run in runs if run.italic) >= 0.8 * letters,
        marks=tuple(mark for group in marks for mark in group.split(",")),
        opening_mark=opening,
        tag=_commonest_tag(runs, page.tags),
        hanging_x=hanging,
    )


def _is_mark(run: Run, size: float, base: float, before: str) -> bool:
    """True for a raised footnote mark, false for the 2 of km2 and the th of 29th."""
    if run.size > 0.83 * size or base - run.y < 0.12 * size or not _MARK.fullmatch(run.text):
        return False
    return not (run.text in ("2", "3") and _UNIT.search(before))


def _commonest_tag(runs: list[Run], tags: dict[int, Tag]) -> Tag | None:
    weights: dict[Tag, int] = {}
    for run in runs:
        if tag := tags.get(run.content):
            weights[tag] = weights.get(tag, 0) + len(run.text)
    return max(weights, key=lambda tag: weights[tag]) if weights else None
