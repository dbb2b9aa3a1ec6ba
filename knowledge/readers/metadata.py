"""What a document says of itself, what others say of it, and which of them is believed."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from enum import StrEnum

from knowledge.documents import Binding, Block, Classification, Kind, Metadata, Standing
from knowledge.errors import MetadataError

_ENUMS: dict[str, type[StrEnum]] = {
    "kind": Kind,
    "binding": Binding,
    "standing": Standing,
    "classification": Classification,
}
_NAMES = tuple(field.name for field in fields(Metadata))
_DATES = ("date", "review_due")
_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")


def from_mapping(values: Mapping[object, object]) -> Metadata:
    """Make Metadata of front matter or of a manifest entry.

    Raises MetadataError that names the field, its value and what may stand there.
    """
    found: dict[str, object] = {}
    for key, value in values.items():
        name = str(key)
        if name not in _NAMES:
            raise MetadataError(f'unknown field "{name}"; use one of {", ".join(_NAMES)}')
        if value is not None:
            found[name] = _parse(name, value)
    return Metadata(**found)  # type: ignore[arg-type]  # `_parse` gives each field its type


def _parse(name: str, value: object) -> object:
    if name in _ENUMS:
        options = _ENUMS[name]
        word = str(value).strip().lower().replace(" ", "_").replace("-", "_")
        if word not in options.__members__.values():
            raise MetadataError(f'{name} is "{value}"; use one of {", ".join(options)}')
        return options(word)
    if name in _DATES:
        return parse_date(name, value)
    if name == "audience":
        return _parse_audience(value)
    if isinstance(value, (dict, list, tuple, set)):
        raise MetadataError(f"{name} holds a list or a table; write one line of text")
    text = " ".join(str(value).split())
    if name == "language" and not re.fullmatch(r"[a-z]{2}", text):
        raise MetadataError(f'language is "{text}"; use a two-letter code such as "en" or "fr"')
    return text or None


def _parse_audience(value: object) -> tuple[str, ...]:
    groups = value if isinstance(value, (list, tuple)) else str(value).split(",")
    if not all(isinstance(group, (str, int)) for group in groups):
        raise MetadataError("audience must be a list of group names")
    return tuple(name for group in groups if (name := str(group).strip()))


def parse_date(name: str, value: object) -> str:
    """Return an ISO 8601 date as exact as the source ("2008", "2008-05", "2008-05-17"); else MetadataError."""
    text = value.isoformat()[:10] if isinstance(value, dt.date) else str(value).strip()
    if _DATE.fullmatch(text):
        padded = text + "-01-01"[len(text) - 4 :] if len(text) < 10 else text
        try:
            dt.date.fromisoformat(padded)
        except ValueError:
            pass
        else:
            return text
    raise MetadataError(f'{name} is "{text}"; write it as 2008, 2008-05 or 2008-05-17')


def merge(*sources: Metadata) -> Metadata:
    """Merge, the first source that knows a field winning: give the manifest first, then the document's own.

    Classification is the exception: the highest mark of all wins, so that nobody lowers a document by a side file.
    """
    merged: dict[str, object] = {}
    for name in _NAMES:
        merged[name] = next((value for source in sources if (value := getattr(source, name)) is not None), None)
    marks = [source.classification for source in sources if source.classification is not None]
    merged["classification"] = max(marks, key=lambda mark: mark.rank, default=None)
    return Metadata(**merged)  # type: ignore[arg-type]  # the values were Metadata's own


_STRICT = r"(?:un\s+)?strictly\s+confidential|strictement\s+confidentiel(?:le)?"
_PLAIN = r"(?:un\s+)?(?:confidential|confidentiel(?:le)?|restricted|no\s+distribution|not\s+for\s+distribution)"
_MARKING = re.compile(
    rf"[\W_]*(?:(?:classification|classified|status|distr(?:ibution)?)\s*[:.–-]+\s*)?"
    rf"(?:(?P<strict>{_STRICT})|(?P<plain>{_PLAIN}))(?:\s*[/–-]\s*[\w ]{{1,30}})?[\W_]*",
    re.IGNORECASE,
)
_EDGE_LINES = 6
"""How many lines at the top and the foot of a page may carry its marking."""


def marking(source: str | Iterable[Block]) -> Classification | None:
    """Return the highest classification marking that stands alone on a line at a page's top or foot; None without one.

    In a text, pages are cut at form feeds; without these, a marking in capitals counts anywhere. The word in a sentence
    never counts.
    """
    if isinstance(source, str):
        pages = [[line for line in page.split("\n") if line.strip()] for page in source.split("\f")]
    else:
        pages = _block_pages(source)
    return max((mark for page in pages for mark in _page_markings(page)), key=lambda mark: mark.rank, default=None)


def _block_pages(blocks: Iterable[Block]) -> list[list[str]]:
    pages: dict[int | None, list[str]] = {}
    for block in blocks:
        if block.kind != "table":
            pages.setdefault(block.page, []).append(block.text)
    return list(pages.values())


def _page_markings(lines: Sequence[str]) -> Iterable[Classification]:
    for index, line in enumerate(lines):
        at_edge = index < _EDGE_LINES or index >= len(lines) - _EDGE_LINES
        if len(line) > 90 or not (at_edge or line.isupper()):
            continue
        found = _MARKING.fullmatch(line.strip())
        if found and (at_edge or len(line.split()) <= 4):
            yield Classification.STRICTLY_CONFIDENTIAL if found.group("strict") else Classification.CONFIDENTIAL


_SYMBOL = re.compile(
    r"\b(?:[AES]|ST|DP|E/CN|A/C|CCPR|CEDAW|HRI|TD)/(?:[A-Z0-9().-]+/){0,4}[A-Z0-9().-]*\d[A-Z0-9().*-]*"
)
_REFERENCE = re.compile(r"(?i)\bref(?:erence)?\.?\s*(?:no\.?|number)?\s*[:.]?\s*(\d{4}[./-]\d{1,3}(?:[./-]\d+)?)\b")
_ORGANS = (
    "Security Council", "General Assembly", "Economic and Social Council", "Human Rights Council",
    "Peacebuilding Commission", "Trusteeship Council", "Conseil de sécurité", "Assemblée générale",
)  # fmt: skip
_MONTHS = {
    month: number
    for names in (
        "january february march april may june july august september october november december",
        "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    )
    for number, month in enumerate(names.split(), 1)
}
_WRITTEN_DATE = re.compile(rf"\b(?:(\d{{1,2}})(?:er)? )?({'|'.join(_MONTHS)}) (\d{{4}})\b", re.IGNORECASE)


def written_date(text: str) -> str | None:
    """Return the first date written out in `text` ("17 February 2025", "May 2008") as ISO 8601."""
    found = _WRITTEN_DATE.search(text)
    if not found:
        return None
    day, month, year = found.group(1), _MONTHS[found.group(2).lower()], found.group(3)
    return f"{year}-{month:02d}-{int(day):02d}" if day and 1 <= int(day) <= 31 else f"{year}-{month:02d}"


def first_page(lines: Sequence[str]) -> Metadata:
    """Read symbol, organ and date off the first lines of a document, where they stand as on a UN first page."""
    short = [line.strip() for line in lines if 0 < len(line.strip()) < 90]
    symbols = ((line, _SYMBOL.search(line)) for line in short)
    symbol = next((match for line, match in symbols if match and len(line) < len(match.group()) + 30), None)
    reference = next((found for line in short if (found := _REFERENCE.search(line))), None)
    printed = Metadata(symbol=symbol.group().rstrip(".*") if symbol else (reference.group(1) if reference else None))
    if symbol is None:
        alone = next((line for line in short[:15] if _WRITTEN_DATE.fullmatch(line)), "")
        return replace(printed, date=written_date(alone))
    organ = next((organ for organ in _ORGANS for line in short if line.startswith(organ)), None)
    dated = next((line for line in short if (found := _WRITTEN_DATE.search(line)) and len(line) < 40 and found), "")
    return replace(printed, organ=organ, date=written_date(dated))
