"""Tells the words of a document from what surrounds them: running heads, page numbers, job numbers, contents lists."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from knowledge.readers.pdf_page import Box, Line, Page

SYMBOL = re.compile(
    r"(?<![\w/])(?:ST|[ASET]|[A-Z]{2,6})/(?:[A-Z0-9][\w.()-]*/?)+(?: \(\d{4}\))?(?:[/-][\w./-]+)?\*{0,3}"
)
_PARTS = (
    SYMBOL,
    re.compile(r"\d{2}-\d{5}(?: ?\([A-Z]\))?(?:\s+\d{6})*\*?"),
    re.compile(r"\*\d{6,8}\*"),
    re.compile(r"/?(?:page\s+)?[-–]?\s?\d{1,4}\s?[-–]?(?:\s?(?:/|of)\s?\d{1,4})?", re.IGNORECASE),
    re.compile(r"[ivxl]{1,6}"),
    re.compile(r"please recycle.*", re.IGNORECASE),
    re.compile(r"/\.\.\.|English|Original: English"),
)
_TOP, _BOTTOM = 0.105, 0.915
_PART = re.compile(r"(?:annex|appendix|enclosure|attachment|chapter|section|part)\b", re.IGNORECASE)
_LEADERS = re.compile(r"(?:\.\s?){5,}|…{2,}")
_ORIGINAL = re.compile(r"[\[(]original:[^\])]*[\])]", re.IGNORECASE)
_RULE_OF_UNDERSCORES = re.compile(r"[_\s]{5,}|[*\s]{5,}")


def without_furniture(pages: Sequence[Page], lines_of: Sequence[list[Line]]) -> list[list[Line]]:
    """The lines of each page without running heads, page and job numbers, drawn labels and contents lists."""
    repeated = _repeated(pages, lines_of)
    left = [
        [line for line in lines if not _is_furniture(line, page, repeated, _prose_beside(lines, page))]
        for page, lines in zip(pages, lines_of, strict=True)
    ]
    return _without_contents(left)


def _repeated(pages: Sequence[Page], lines_of: Sequence[list[Line]]) -> set[str]:
    """Texts (digits blanked) that stand in the margin of three pages or more."""
    counts = Counter(
        key
        for page, lines in zip(pages, lines_of, strict=True)
        for key in {_key(line.text) for line in lines if _in_margin(line, page, 0.12) and not _PART.match(line.text)}
    )
    least = max(2, min(3, len(pages) // 2))
    return {key for key, count in counts.items() if count >= least and len(pages) > 1}


def _key(text: str) -> str:
    return re.sub(r"\d+", "#", re.sub(r"\s+", " ", text)).strip().lower()


def _in_margin(line: Line, page: Page, share: float) -> bool:
    return line.y < share * page.height or line.y > (1 - share) * page.height


def _prose_beside(lines: Sequence[Line], page: Page) -> set[int]:
    """Ids of lines without a tag that stand among others like them: a paragraph that its author forgot to tag."""
    bare = [line for line in lines if line.tag is None and _is_prose(line, page)]
    return {id(a) for a in bare if any(a is not b and abs(a.y - b.y) < 2 * a.size for b in bare)}


def _is_furniture(line: Line, page: Page, repeated: set[str], prose: set[int]) -> bool:
    if _RULE_OF_UNDERSCORES.fullmatch(line.text) or _ORIGINAL.fullmatch(line.text):
        return True
    if page.tagged and line.tag is not None and (line.tag.cell or line.tag.role == "Figure"):
        return line.tag.role == "Figure"
    in_margin = line.y < _TOP * page.height or line.y > _BOTTOM * page.height
    if in_margin and all(_is_small_print(part) for part in line.text.split("\t")):
        return True
    if page.tagged:
        return line.tag is None and (in_margin or id(line) not in prose)
    if _in_margin(line, page, 0.12) and _key(line.text) in repeated:
        return True
    return any(_inside(line, box) for box in page.drawings) and not _is_prose(line, page)


def _is_small_print(part: str) -> bool:
    words = part.strip()
    return any(pattern.fullmatch(words) for pattern in _PARTS) or not words


def _is_prose(line: Line, page: Page) -> bool:
    """True for a line that can only be running text, whatever drawing or tag surrounds it."""
    return line.x1 - line.x0 > 0.45 * page.width and len(line.text.split()) >= 7 and "\t" not in line.text


def _inside(line: Line, box: Box) -> bool:
    wide, high = box[2] - box[0], box[3] - box[1]
    return wide > 60 and high > 40 and box[0] - 2 <= line.x0 and line.x1 <= box[2] + 2 and box[1] < line.y < box[3]


def _without_contents(lines_of: list[list[Line]]) -> list[list[Line]]:
    """Everything from a "Contents" heading to the last dotted line dropped, and stray dotted lines."""
    flat = [(number, line) for number, lines in enumerate(lines_of) for line in lines]
    dotted = [place for place, (_, line) in enumerate(flat) if _LEADERS.search(line.text)]
    dropped = set(dotted)
    titles = [
        place
        for place, (_, line) in enumerate(flat)
        if re.fullmatch(r"(?:table of )?contents", line.text.strip(), re.IGNORECASE)
    ]
    for title in titles:
        end = _end_of_contents(title, dotted, len(flat))
        dropped.update(range(title, end + 1))
    for place in dotted:
        number, line = flat[place]
        beside = range(place + 1, min(place + 3, len(flat)))
        dropped.update(n for n in beside if flat[n][0] == number and abs(flat[n][1].y - line.y) < 3)
    kept: list[list[Line]] = [[] for _ in lines_of]
    for place, (number, line) in enumerate(flat):
        if place not in dropped:
            kept[number].append(line)
    return kept


def _end_of_contents(title: int, dotted: Iterable[int], limit: int) -> int:
    end = title
    for place in dotted:
        if title < place <= end + 25 and place < limit:
            end = place
    return end
