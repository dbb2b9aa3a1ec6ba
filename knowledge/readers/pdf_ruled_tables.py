"""Finds tables by their ruling lines and the alignment of their words, on pages whose tags do not tell."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby, pairwise

from knowledge.cleaning import join_lines
from knowledge.readers.pdf_lines import page_lines, rows_of
from knowledge.readers.pdf_page import Box, Line, Page, Run
from knowledge.readers.pdf_tables import Table, level_rules


def ruled_tables(page: Page, known_words: Mapping[str, int]) -> tuple[list[Table], Page]:
    """Tables found between ruling lines, and the page without the runs they hold."""
    tables: list[Table] = []
    spent: set[int] = set()
    for region in _regions(page):
        inside = [(n, run) for n, run in enumerate(page.runs) if n not in spent and run.text and _holds(region, run)]
        if page.number == 1 and any(re.match(r"Distr\b|Nations$|NATIONS$", run.text) for _, run in inside):
            continue  # the rules of a letterhead
        table = _from_region([run for _, run in inside], region, page, known_words)
        if table:
            tables.append(table)
            spent.update(n for n, _ in inside)
    if not spent:
        return [], page
    return tables, replace(page, runs=tuple(run for n, run in enumerate(page.runs) if n not in spent))


def _holds(box: Box, run: Run) -> bool:
    return box[0] - 3 <= run.x0 and run.x1 <= box[2] + 3 and box[1] < run.y <= box[3] + 1


def _regions(page: Page) -> list[Box]:
    """Areas of rows in columns, from a first rule past others with the same ends to the last such row."""
    groups: list[list[Box]] = []
    for rule in level_rules(page.rules):
        if not 0.085 * page.height < rule[1] < 0.97 * page.height or rule[2] - rule[0] < 100:
            continue
        for group in groups:
            if abs(group[0][0] - rule[0]) <= 6 and abs(group[0][2] - rule[2]) <= 6:
                group.append(rule)
                break
        else:
            groups.append([rule])
    rows = rows_of([run for run in page.runs if run.text]) if groups else []
    found = [region for group in groups for region in _parted(group, rows)]
    return sorted(found, key=lambda box: box[1])


def _parted(group: Sequence[Box], rows: Sequence[Sequence[Run]]) -> Iterator[Box]:
    """The areas that rules with the same ends enclose, parted where only plain lines stand between two of them."""
    upper: Box | None = None
    count = 0
    for place, rule in enumerate(group):
        upper, count = upper or rule, count + 1
        following = group[place + 1] if place + 1 < len(group) else None
        if following:
            between = [row for row in rows if rule[1] < row[0].y <= following[1]]
            if not between or any(_in_columns(row) for row in between):
                continue
        bottom = _last_row_below(rule, rows, following[1] if following else None)
        if count >= 2 and bottom - upper[1] > 15:
            yield (upper[0], upper[1], upper[2], bottom)
        upper, count = None, 0


def _in_columns(row: Sequence[Run]) -> bool:
    return any(b.x0 - a.x1 > 1.1 * max(a.size, b.size) for a, b in pairwise(row))


def _last_row_below(rule: Box, rows: Sequence[Sequence[Run]], limit: float | None) -> float:
    """Where the rows in columns under the last rule end: a table cut by the page's end has no closing rule."""
    bottom = rule[3]
    for row in rows:
        base, size = row[0].y, row[0].size
        if base <= rule[1] or (limit is not None and base >= limit):
            continue
        fits = row[0].x0 >= rule[0] - 4 and row[-1].x1 <= rule[2] + 4
        gaps = sum(1 for a, b in pairwise(row) if b.x0 - a.x1 > 1.1 * size)
        numbered_prose = gaps == 1 and len(row) > 8
        if not fits or not gaps or numbered_prose or base - bottom > 3 * size:
            break
        bottom = base + 2
    return bottom


def _from_region(runs: Sequence[Run], region: Box, page: Page, known_words: Mapping[str, int]) -> Table | None:
    if not runs:
        return None
    edges = _column_edges(runs, region, page)
    if len(edges) < 3:
        return None
    columns = list(pairwise(edges))
    head_end = _head_end(region, page)
    held: list[list[Run]] = [[] for _ in columns]
    for phrase in _phrases(runs):
        # A head may overhang its column, so all its words go where its middle is; figures keep their own places.
        middle = (phrase[0].x0 + phrase[-1].x1) / 2
        for run in phrase:
            x = middle if run.y <= head_end else (run.x0 + run.x1) / 2
            held[next((n for n, (left, right) in enumerate(columns) if left <= x < right), 0)].append(run)
    cell_lines = [page_lines(Page(page.number, page.width, page.height, tuple(column), {}, ())) for column in held]
    starts = _row_starts(cell_lines, region, page)
    if len(starts) < 2:
        return None
    cells: list[list[list[str]]] = [[[] for _ in columns] for _ in starts]
    for column, lines in enumerate(cell_lines):
        for line in lines:
            row = max((n for n, start in enumerate(starts) if start <= line.y), default=0)
            cells[row][column].append(line.text)
    rows = tuple(tuple(join_lines(cell, known_words) for cell in row) for row in cells)
    rows = tuple(row for row in rows if any(row))
    filled = sum(1 for row in rows for cell in row if cell)
    if len(rows) < 2 or filled < 0.4 * len(rows) * len(columns) or _mostly_prose(rows):
        return None
    marks = tuple(mark for lines in cell_lines for line in lines for mark in line.marks)
    return Table(rows, page.number, region[1], marks)


def _mostly_prose(rows: Sequence[Sequence[str]]) -> bool:
    return sum(1 for row in rows if sum(1 for cell in row if cell) < 2) > 0.7 * len(rows)


def _phrases(runs: Sequence[Run]) -> Iterator[list[Run]]:
    """Words of each row that stand closer than columns do."""
    for row in rows_of(runs):
        phrase = [row[0]]
        for run in row[1:]:
            if run.x0 - phrase[-1].x1 > 0.9 * run.size:
                yield phrase
                phrase = []
            phrase.append(run)
        yield phrase


def _column_edges(runs: Sequence[Run], region: Box, page: Page) -> list[float]:
    """Left edges of the columns and the right edge of the last: upright rules, or white strips through the rows."""
    upright = sorted(
        box[0]
        for box in page.rules
        if box[3] - box[1] > 5 and box[2] - box[0] <= 3 and region[1] - 4 <= box[1] and box[3] <= region[3] + 4
    )
    inner = [
        x for n, x in enumerate(upright) if region[0] + 8 < x < region[2] - 8 and (n == 0 or x - upright[n - 1] > 8)
    ]
    if inner:
        return [region[0] - 5, *inner, region[2] + 5]
    rows = rows_of([run for run in runs if run.y > _head_end(region, page)]) or rows_of(runs)
    size = sorted(run.size for run in runs)[len(runs) // 2]
    cover = [0] * (int(region[2] - region[0]) + 12)
    for row in rows:
        covered: set[int] = set()
        for run, following in zip(row, [*row[1:], None], strict=True):
            end = run.x1 if following is None or following.x0 - run.x1 > 0.9 * size else following.x0
            covered.update(range(int(run.x0 - region[0]) + 5, int(end - region[0]) + 6))
        for x in covered:
            if 0 <= x < len(cover):
                cover[x] += 1
    most, edges, x = 0.06 * len(rows), [region[0] - 5], 0
    for is_open, group in groupby(cover, key=lambda count: count <= most):
        width = len(list(group))
        if is_open and x and x + width < len(cover) and width >= 0.5 * size:
            edges.append(region[0] - 5 + x + width / 2)
        x += width
    return [*edges, region[2] + 5]


def _head_end(region: Box, page: Page) -> float:
    """Where the heads end: the second of three rules or more, or of two where rows go on below it."""
    rules = _row_rules(region, page)
    if len(rules) >= 3 or (len(rules) == 2 and region[3] > rules[1] + 5):
        return rules[1]
    return rules[0] if rules else region[1]


def _row_rules(region: Box, page: Page) -> list[float]:
    return [
        rule[1]
        for rule in level_rules(page.rules)
        if region[1] - 2 <= rule[1] <= region[3] + 1 and rule[2] - rule[0] > 0.8 * (region[2] - region[0])
    ]


def _row_starts(cell_lines: Sequence[Sequence[Line]], region: Box, page: Page) -> list[float]:
    """Tops of the rows: rules, and lines of the first column that are set off or stand beside figures."""
    rules = [y for y in _row_rules(region, page) if y < region[3] - 4]
    head_end = _head_end(region, page)
    others = [line for lines in cell_lines[1:] for line in lines]
    leads: list[float] = []
    previous: Line | None = None
    for line in cell_lines[0]:
        close = previous is not None and line.y - previous.y < 1.35 * line.size
        beside = [other.text for other in others if abs(other.y - line.y) < 3]
        figures = any(re.fullmatch(r"[\d\s.,()%$–-]+", text) for text in beside)
        full = len(rules) < 4 and len(beside) >= len(cell_lines) - 1
        if line.y > head_end and (not close or figures or full):
            leads.append(line.y - 0.9 * line.size)
        previous = line
    below = [y for y in rules if y > head_end + 2 and not any(0 <= lead - y < 12 for lead in leads)]
    return sorted({region[1], head_end, *leads, *below})
