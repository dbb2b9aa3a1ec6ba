"""What the first page of a United Nations document says about it: symbol, organ, date, title, kind, marking."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from knowledge.documents import Classification, Kind, Metadata
from knowledge.readers.pdf_furniture import SYMBOL
from knowledge.readers.pdf_page import Line, Page

_MONTHS = "january february march april may june july august september october november december".split()
_DATE = re.compile(rf"\b(\d{{1,2}})\s+({'|'.join(_MONTHS)})\s+((?:19|20)\s?\d{{2}})\b", re.IGNORECASE)
_MONTH = re.compile(rf"\b({'|'.join(_MONTHS)})\s+((?:19|20)\d{{2}})\b", re.IGNORECASE)
_ORGANS = (
    "General Assembly",
    "Security Council",
    "Economic and Social Council",
    "Trusteeship Council",
    "Human Rights Council",
    "Peacebuilding Commission",
    "Secretariat",
)
_LETTERHEAD = re.compile(
    r".*\bdistr\b.*|united nations|general|limited|original:?.*|\w+ only|united|nations|english|restricted|"
    rf"{'|'.join(_ORGANS)}",
    re.IGNORECASE,
)
_SESSION = re.compile(
    r".*\b(?:session|year|meeting)\b\s*\**|.*\bagenda items?\b.*|items? \d+.*|official records.*|.*supplement no.*"
    r"|part \w+|\(?(?:new york|geneva|vienna|nairobi)?,? ?\d{1,2}(?: \w+)?(?: \d{4})?[–-]\d{1,2} \w+ \d{4}\)?",
    re.IGNORECASE,
)
_MARKING = re.compile(
    r"(?:(?:UN|UNITED NATIONS)[ –-]+)?(?P<level>(?:STRICTLY )?CONFIDENTIAL|UNCLASSIFIED)"
    r"|(?:[Cc]lassification|CLASSIFICATION)\s*:\s*(?P<named>(?:[Ss]trictly )?[Cc]onfidential|[Uu]nclassified)"
)
_GUIDANCE_KINDS = {
    "policy directive": Kind.POLICY,
    "policy": Kind.POLICY,
    "guidelines": Kind.GUIDELINE,
    "guideline": Kind.GUIDELINE,
    "standard operating procedures": Kind.SOP,
    "standard operating procedure": Kind.SOP,
    "sop": Kind.SOP,
    "manual": Kind.GUIDELINE,
    "handbook": Kind.GUIDELINE,
}
_DEPARTMENT = re.compile(
    r"\bDepartments? of (?:Peacekeeping Operations|Peace Operations|Field Support|Operational Support|Political Affairs"
    r"|Political and Peacebuilding Affairs|Safety and Security|Management)\b",
    re.IGNORECASE,
)
_LABELS = {
    "reference": re.compile(
        r"(?:document )?ref(?:erence|\.)?(?: no\.?| number)?[.:]?\s+(?P<value>(?=\S*\d)\S+.*)", re.I
    ),
    "date": re.compile(
        r"(?:effective|approval|issue)\s+date\s*:?\s*(?P<value>.*)|date of approval\s*:?\s*(?P<alt>.*)", re.I
    ),
    "review": re.compile(r"(?:next |mandatory )?review date\s*:?\s*(?P<value>.*)", re.I),
    "approved": re.compile(r"approved by\s*:?\s*(?P<value>.*)", re.I),
}


@dataclass(frozen=True)
class FrontPage:
    """Metadata, and the lines of the first page that are spent on it."""

    metadata: Metadata
    spent: frozenset[int]
    """Positions of lines that must not become blocks."""


def read_front_page(lines: Sequence[Line], page: Page, body_size: float, pdf_title: str | None) -> FrontPage:
    """Read the first page; `pdf_title` is the title in the file's own properties."""
    marking = find_marking(lines)
    if any(_is_symbol_line(line, page) for line in lines) and any(_is_issuer(line) for line in lines):
        return _letterhead(lines, page, body_size, marking)
    labels = _labels(lines)
    if "reference" in labels or len(labels) >= 2:
        return _guidance(lines, labels, body_size, pdf_title, marking)
    title, spent = _largest(lines, body_size)
    named = _useful(pdf_title)
    return FrontPage(Metadata(title=named or title, classification=marking), frozenset() if named else spent)


def find_marking(lines: Sequence[Line]) -> Classification | None:
    """The classification printed on a line of its own, never the word inside prose."""
    found = []
    for line in lines:
        for part in line.text.split("\t"):
            if match := _MARKING.fullmatch(part.strip(" []()*–-")):
                level = (match["level"] or match["named"]).lower().replace(" ", "_")
                found.append(Classification(level))
    return max(found, key=lambda level: level.rank, default=None)


def iso_date(text: str) -> str | None:
    """The first date in `text` as ISO 8601, exact to the day or the month."""
    if match := _DATE.search(text):
        month = _MONTHS.index(match[2].lower()) + 1
        return f"{match[3].replace(' ', '')}-{month:02d}-{int(match[1]):02d}"
    if match := _MONTH.search(text):
        return f"{match[2]}-{_MONTHS.index(match[1].lower()) + 1:02d}"
    return None


def _is_issuer(line: Line) -> bool:
    return re.match(r"(?:united nations|united|nations)\b\s*(?:\t|$)|.*\bdistr\b", line.text, re.IGNORECASE) is not None


def _is_symbol_line(line: Line, page: Page) -> bool:
    return line.y < 0.25 * page.height and any(SYMBOL.fullmatch(part.strip()) for part in line.text.split("\t"))


def _digits(part: str) -> str:
    """A part of a symbol whose letters can only be misread digits ("36I" in an old scan), put right."""
    return part.translate(_MISREAD) if re.fullmatch(r"[\dIlO]*\d[\dIlO]*", part) else part


_MISREAD = str.maketrans("IlO", "110")


def _letterhead(lines: Sequence[Line], page: Page, body_size: float, marking: Classification | None) -> FrontPage:
    start = _end_of_letterhead(lines, page, body_size)
    title_lines = _title_lines(lines, start, body_size)
    cover = not any(len(line.text) > 60 and not line.bold for line in lines)
    head = [part.strip() for line in (lines if cover else lines[:start]) for part in line.text.split("\t")]
    symbol = next((part for line in lines for part in line.text.split("\t") if SYMBOL.fullmatch(part.strip())), "")
    symbol = "/".join(_digits(part) for part in symbol.strip().rstrip("*").split("/"))
    organs = [organ for organ in _ORGANS if any(part.lower().startswith(organ.lower()) for part in head)]
    title = _title([lines[n] for n in title_lines], organs)
    below = " ".join(line.text for line in lines[: start + 14])
    first_lines = range(len(lines)) if cover and title else range(max(title_lines, default=start - 1) + 1)
    return FrontPage(
        Metadata(
            symbol=symbol or None,
            title=title,
            publisher="United Nations",
            organ=" and ".join(organs) or None,
            date=iso_date(" | ".join(head)) or iso_date(below),
            kind=_kind(symbol, title or ""),
            classification=marking,
        ),
        frozenset(first_lines),
    )


def _end_of_letterhead(lines: Sequence[Line], page: Page, body_size: float) -> int:
    """Position of the first line after the letterhead and the session's particulars."""
    agenda_x: float | None = None
    for place, line in enumerate(lines):
        if line.y > 0.5 * page.height:
            return place
        if _is_letterhead(line):
            if re.match(r"(?:provisional )?agenda items?\b|items? \d", line.text.strip(), re.IGNORECASE):
                agenda_x = line.x0
        elif not (
            # The agenda item's own title stands under it, smaller than the document's.
            agenda_x is not None and abs(line.x0 - agenda_x) < 4 and line.size <= body_size + 0.8
        ):
            return place
    return len(lines)


def _is_letterhead(line: Line) -> bool:
    parts = [part.strip() for part in line.text.split("\t")]
    return len(line.text) < 90 and any(
        _LETTERHEAD.fullmatch(part) or SYMBOL.fullmatch(part) or _SESSION.fullmatch(part) or _DATE.fullmatch(part)
        for part in parts
    )


def _title_lines(lines: Sequence[Line], start: int, body_size: float) -> list[int]:
    """Positions of the title: the emphasised lines after the letterhead, up to the first heading or paragraph."""
    found: list[int] = []
    for place in range(start, min(len(lines), start + 14)):
        line = lines[place]
        if re.match(r"(?:[IVX]+|[A-Z]|\d+)\.\s|(?:summary|contents|annex)\b", line.text, re.IGNORECASE):
            break
        apart = bool(found) and line.y - lines[found[-1]].y > 1.5 * line.size
        if apart and _is_letterhead(line):
            break
        if not (line.bold or line.size > body_size + 1.2):
            if found or len(line.text) > 60 or line.italic:
                break
            continue
        if found and line.size < 0.8 * lines[found[0]].size and line.size <= body_size + 0.6:
            break
        found.append(place)
    return found


def _title(lines: Sequence[Line], organs: Sequence[str]) -> str | None:
    """The title's lines as one line: parts set apart on the page are set apart by a dash."""
    parts: list[list[str]] = []
    previous: Line | None = None
    for line in lines:
        text = " ".join(line.text.split()).rstrip("*")
        apart = previous is None or line.y - previous.y > 1.5 * line.size or abs(line.size - previous.size) > 1
        if apart:
            parts.append([text])
        else:
            parts[-1].append(text)
        previous = line
    whole = [" ".join(part) for part in parts]
    if whole and re.match(r"resolution \d+/?\d* ?\(\d{4}\)", whole[0], re.IGNORECASE) and organs:
        return f"{organs[0]} {whole[0][0].lower()}{whole[0][1:]}"
    kept = [part for part in whole if not re.match(r"adopted by\b", part, re.IGNORECASE)]
    return " – ".join(kept) or None


def _kind(symbol: str, title: str) -> Kind | None:
    if "/RES/" in symbol:
        return Kind.RESOLUTION
    return Kind.REPORT if re.search(r"\breport\b", title, re.IGNORECASE) else None


def _labels(lines: Sequence[Line]) -> dict[str, str]:
    """Values of the labels that departments print on a policy's cover ("Effective date: 1 May 2008")."""
    found: dict[str, str] = {}
    for place, line in enumerate(lines):
        text = re.sub(r"\s+", " ", line.text).strip()
        for name, pattern in _LABELS.items():
            match = pattern.fullmatch(text)
            if match is None or name in found:
                continue
            value = next((group for group in match.groups() if group), "").strip(" :")
            if not value and place + 1 < len(lines):
                value = lines[place + 1].text.strip()
            found[name] = value
    return found


def _guidance(
    lines: Sequence[Line],
    labels: dict[str, str],
    body_size: float,
    pdf_title: str | None,
    marking: Classification | None,
) -> FrontPage:
    words = [re.sub(r"\s+", " ", line.text).strip() for line in lines]
    kind_line = next((n for n, text in enumerate(words) if text.lower() in _GUIDANCE_KINDS), None)
    title, spent = _largest(lines, body_size, after=kind_line)
    kind = _GUIDANCE_KINDS[words[kind_line].lower()] if kind_line is not None else _kind_in_title(title or "")
    department = _DEPARTMENT.findall(" ".join(words))
    last = max((n for n, line in enumerate(lines) if any(p.match(words[n]) for p in _LABELS.values())), default=0)
    return FrontPage(
        Metadata(
            symbol=labels.get("reference"),
            title=title or _useful(pdf_title),
            publisher="; ".join(dict.fromkeys(_headline(name) for name in department)) or None,
            date=iso_date(labels.get("date", "")),
            review_due=iso_date(labels.get("review", "")),
            kind=kind,
            classification=marking,
        ),
        spent | frozenset(range(last + 1)),
    )


def _headline(name: str) -> str:
    return re.sub(r"\b(Of|And)\b", lambda match: match[0].lower(), name.title())


def _kind_in_title(title: str) -> Kind | None:
    words = title.lower()
    return next((kind for name, kind in _GUIDANCE_KINDS.items() if re.search(rf"\b{name}\b", words)), None)


def _largest(lines: Sequence[Line], body_size: float, after: int | None = None) -> tuple[str | None, frozenset[int]]:
    """The largest words of the page (below the line `after`), and where they stand; nothing if all is body size."""
    below = [n for n, line in enumerate(lines) if (after is None or n > after) and len(line.text) > 2]
    emphasised = [n for n in below if lines[n].size > body_size + 1] or (
        [n for n in below[:6] if lines[n].bold] if after is not None else []
    )
    if not emphasised:
        return None, frozenset()
    emphasised = [n for n in emphasised if not re.match(r"(?:[IVX]+|[A-Z]|\d+)[.)]\s", lines[n].text)]
    if not emphasised:
        return None, frozenset()
    size = max(lines[n].size for n in emphasised)
    first = next(n for n in emphasised if lines[n].size >= size - 0.5)
    places = [first]
    for place in range(first + 1, min(len(lines), first + 5)):
        if abs(lines[place].size - lines[first].size) > 0.5 or lines[place].bold != lines[first].bold:
            break
        places.append(place)
    text = " ".join(" ".join(lines[place].text.split()) for place in places)
    return (text if 3 < len(text) < 250 else None), frozenset(places)


def _useful(pdf_title: str | None) -> str | None:
    """The title of the file's properties, unless a program or a habit put it there."""
    title = re.sub(r"^Microsoft Word - |\.(?:docx?|pdf|indd|rtf)$", "", (pdf_title or "").strip(), flags=re.IGNORECASE)
    if len(title) < 6 or " " not in title or re.match(r"(?:untitled|document\d*|template)\b", title, re.IGNORECASE):
        return None
    return title
