"""Groups the lines of a page into chunks: paragraphs, headings and notes, as far as one page shows them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from knowledge.readers.pdf_page import Box, Line, Page

_STARTS_ITEM = re.compile(
    r"(?:\d{1,3}(?:\.\d{1,3}){0,3}[.)]|\((?:[a-z]{1,2}|[ivxl]{1,6}|\d{1,2})\)|[a-z][.)]|[IVX]{1,6}\.|[A-Z]\.|[•▪●■◦○‣·–—-])\s"
)
_CLOSED = re.compile(r"[.:;?!,][\"'”’)\]]*$|[;,] (?:and|or)$")


@dataclass(frozen=True)
class Measures:
    """What is usual in a document: size of its type, distance of its lines, where its lines end."""

    body_size: float
    pitch: float
    right: float


@dataclass(frozen=True)
class Chunk:
    """Lines that belong together on one page."""

    lines: tuple[Line, ...]
    page_turned: bool = False
    """True for the first chunk of a page or a column."""
    right: float = 0.0
    """Where full lines end."""
    left: float = 0.0
    """Where most lines of its page begin."""
    over_drawing: bool = False
    """True where a chart, a map or a picture stands right under it, so that it is a title of that."""

    @property
    def first(self) -> Line:
        """Its first line."""
        return self.lines[0]

    @property
    def last(self) -> Line:
        """Its last line."""
        return self.lines[-1]

    @cached_property
    def text(self) -> str:
        """Its words with plain spaces, line ends not yet judged."""
        return " ".join(" ".join(line.text.split()) for line in self.lines)

    @property
    def bold(self) -> bool:
        """True where every line is bold."""
        return all(line.bold for line in self.lines)

    @property
    def italic(self) -> bool:
        """True where every line is italic."""
        return all(line.italic for line in self.lines)

    @property
    def tagged(self) -> bool:
        """True where the structure tree says where it begins and ends."""
        return self.first.tag is not None

    @property
    def indented(self) -> bool:
        """True where the first line begins to the right of the next."""
        return len(self.lines) > 1 and self.first.x0 > self.lines[1].x0 + 6

    @property
    def opens_indented(self) -> bool:
        """True where the first line is set off by an indent or a number."""
        return self.indented or self.first.hanging_x is not None

    @property
    def fills_its_last_line(self) -> bool:
        """True where the last line reaches the right edge, so that more may follow overleaf."""
        return self.last.x1 >= self.right - 4

    def flush_with(self, other: Chunk) -> bool:
        """True where it begins at the left edge of the later lines of `other`."""
        return abs(self.first.x0 - other.last.x0) <= 4


def measure(lines_of: Sequence[Sequence[Line]]) -> Measures:
    """What is usual, weighed by the number of letters."""
    sizes: Counter[float] = Counter()
    for lines in lines_of:
        for line in lines:
            sizes[round(line.size * 2) / 2] += len(line.text)
    body = max(sizes, key=lambda size: sizes[size], default=10.0)
    steps: Counter[float] = Counter()
    rights: Counter[int] = Counter()
    for lines in lines_of:
        for above, below in pairwise(lines):
            if abs(above.size - body) < 0.8 and abs(below.size - body) < 0.8 and 0 < below.y - above.y < 4 * body:
                steps[round(below.y - above.y)] += 1
        for line in lines:
            if abs(line.size - body) < 0.8:
                rights[round(line.x1 / 4) * 4] += 1
    # Short documents have more steps between paragraphs than inside them: the smallest common one is the pitch.
    common = [step for step, count in steps.items() if 4 * count >= max(steps.values())]
    pitch = min(common, default=1.2 * body)
    if pitch > 1.45 * body and steps.total() < 20:
        pitch = 1.2 * body
    right = max(rights, key=lambda place: rights[place], default=500)
    return Measures(body, float(pitch), float(right))


def split_notes(lines: Sequence[Line], page: Page, usual: Measures) -> tuple[list[Line], list[Line]]:
    """Body lines and footnote lines of a page: tagged notes, and the small type at its foot that a mark opens."""
    tagged = [line for line in lines if line.tag and line.tag.role in ("Note", "FENote")]
    body = [line for line in lines if line not in tagged] if tagged else list(lines)
    first = len(body)
    for place in range(len(body) - 1, -1, -1):
        if body[place].size > 0.93 * usual.body_size or (body[place].tag and body[place].tag.cell):  # type: ignore[union-attr]
            break
        first = place
    below_text = 0 < first < len(body)
    opening = next((n for n in range(first, len(body)) if _opens_note(body[n], page, usual, below_text)), None)
    if opening is not None and below_text and _under_rule(body[first], page):
        opening = first
    if opening is None:
        return body, tagged
    return body[:opening], tagged + body[opening:]


def _opens_note(line: Line, page: Page, usual: Measures, below_text: bool) -> bool:
    if line.y < 0.35 * page.height:
        return False
    plain_mark = re.match(r"(?:\d{1,2}|\*{1,3}|[†‡])\s+[^\W\d]", line.text) is not None
    return line.opening_mark is not None or (plain_mark and below_text and line.size < 0.9 * usual.body_size)


def _under_rule(line: Line, page: Page) -> bool:
    """True where a short rule stands just above the line, as printers set between text and notes."""

    def short(box: Box) -> bool:
        return 30 < box[2] - box[0] < 0.45 * page.width and box[3] - box[1] <= 3

    return any(short(box) and 0 < line.y - box[3] < 3 * line.size and abs(box[0] - line.x0) < 40 for box in page.rules)


def chunks(lines: Sequence[Line], usual: Measures, drawings: Sequence[Box] = ()) -> list[Chunk]:
    """Lines of one page, grouped; `drawings` are the shapes on that page."""
    groups: list[list[Line]] = []
    turned: list[bool] = []
    for line in lines:
        above = groups[-1][-1] if groups else None
        new_column = above is not None and line.y < above.y - 2 and line.x0 > above.x0
        if above is None or new_column or _breaks(groups[-1], line, usual):
            groups.append([line])
            turned.append(above is None or new_column)
        else:
            groups[-1].append(line)
    starts = Counter(round(line.x0) for line in lines)
    left = float(max(starts, key=lambda x: starts[x], default=0))
    return [
        Chunk(tuple(group), is_first, _right_edge(group, usual), left, _over(group[-1], drawings))
        for group, is_first in zip(groups, turned, strict=True)
    ]


def _over(line: Line, drawings: Sequence[Box]) -> bool:
    return any(
        box[3] - box[1] > 60
        and box[2] - box[0] > 120
        and -2 <= box[1] - line.y < 40
        and box[0] < line.x1 < box[2] + 300
        for box in drawings
    )


def _right_edge(group: Sequence[Line], usual: Measures) -> float:
    return max(line.x1 for line in group) if len(group) > 2 else usual.right


def _breaks(group: Sequence[Line], line: Line, usual: Measures) -> bool:
    above = group[-1]
    if line.tag and above.tag:
        if line.tag.element == above.tag.element:
            return False
        # A label ("(a)") and its body are separate elements of one list item, and so are a paragraph and its links.
        return not (line.tag.role == "LBody" and above.tag.role == "Lbl")
    if line.opening_mark or abs(line.size - above.size) > 1.3 or line.bold != above.bold:
        return _breaks_by_type(above, line)
    gap = line.y - above.y
    if gap > 1.32 * max(usual.pitch * min(1.0, line.size / usual.body_size), 1.05 * line.size):
        return True
    closed, shifted = bool(_CLOSED.search(above.text)), abs(line.x0 - above.x0) > 6
    if _STARTS_ITEM.match(line.text) and line.hanging_x is not None and (closed or gap > 1.15 * usual.pitch):
        # "(b)" at the start of a line that simply goes on belongs to an enumeration inside the sentence.
        inline = line.text.startswith("(") and not shifted and above.x1 > usual.right - 15 and gap < 1.15 * usual.pitch
        return not inline
    if line.x0 > group[0].x0 + 8 and line.x0 > above.x0 + 8 and len(group) > 1:
        return True
    if len(group) > 1 and shifted and line.x0 < above.x0 - 8 and above.x0 > group[0].x0 + 8:
        return True
    short = above.x1 < usual.right - 0.2 * (usual.right - group[0].x0)
    return short and closed and not above.text.endswith(",")


def _breaks_by_type(above: Line, line: Line) -> bool:
    """A change of type starts a chunk, unless the odd line is the last, partly bold one of a sentence going on."""
    if line.opening_mark or abs(line.size - above.size) > 1.3:
        return True
    mid_sentence = line.text[:1].islower() and not _CLOSED.search(above.text)
    return not mid_sentence
