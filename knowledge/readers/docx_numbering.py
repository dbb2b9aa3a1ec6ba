"""Computes the numbers that Word prints: they stand in no paragraph, only as counters in `numbering.xml`."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, replace
from xml.etree.ElementTree import Element

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


def value(element: Element | None) -> str | None:
    """The `w:val` attribute of an element that may be absent."""
    return element.get(f"{W}val") if element is not None else None


@dataclass(frozen=True)
class _Level:
    """How one level of a list counts: its format, the pattern it prints ("%1.%2"), and where it starts."""

    kind: str = "decimal"
    pattern: str = "%1."
    start: int = 1


class Numbering:
    """The lists of one document, with their counters as the paragraphs go by."""

    def __init__(self, numbering: Element | None, styles: Element | None) -> None:
        self._levels: dict[str, dict[int, _Level]] = {}
        self._abstract: dict[str, str] = {}
        self._restarts: dict[str, dict[int, int]] = {}
        self._counters: dict[str, dict[int, int]] = defaultdict(dict)
        self._started: set[tuple[str, int]] = set()
        self._style_lists: dict[str, tuple[str, int]] = {}
        if numbering is not None:
            self._read_lists(numbering)
        if styles is not None:
            self._read_styles(styles)

    def _read_lists(self, numbering: Element) -> None:
        for abstract in numbering.findall(f"{W}abstractNum"):
            levels = {int(level.get(f"{W}ilvl") or 0): _level(level) for level in abstract.findall(f"{W}lvl")}
            self._levels[abstract.get(f"{W}abstractNumId") or ""] = levels
        for instance in numbering.findall(f"{W}num"):
            identity = instance.get(f"{W}numId") or ""
            self._abstract[identity] = value(instance.find(f"{W}abstractNumId")) or ""
            for override in instance.findall(f"{W}lvlOverride"):
                start = value(override.find(f"{W}startOverride"))
                if start is not None and start.isdigit():
                    self._restarts.setdefault(identity, {})[int(override.get(f"{W}ilvl") or 0)] = int(start)

    def _read_styles(self, styles: Element) -> None:
        """Numbers may hang on a style, or on the style that it is based on."""
        own: dict[str, tuple[str, int]] = {}
        parents: dict[str, str] = {}
        for style in styles.iter(f"{W}style"):
            identity = style.get(f"{W}styleId") or ""
            parents[identity] = value(style.find(f"{W}basedOn")) or ""
            number = value(style.find(f"{W}pPr/{W}numPr/{W}numId"))
            if number is not None:
                own[identity] = (number, int(value(style.find(f"{W}pPr/{W}numPr/{W}ilvl")) or 0))
        for identity in parents:
            ancestor, steps = identity, 0
            while ancestor and ancestor not in own and steps < 20:
                ancestor, steps = parents.get(ancestor, ""), steps + 1
            if ancestor in own:
                self._style_lists[identity] = own[ancestor]

    def next(self, properties: Element | None, style: str | None) -> tuple[str, int] | None:
        """Count one paragraph; return what Word prints before it and the level (from 0), or None without a number."""
        number, level = self._style_lists.get(style or "", ("0", 0))
        direct = properties.find(f"{W}numPr") if properties is not None else None
        if direct is not None:
            number = value(direct.find(f"{W}numId")) or number
            level = int(value(direct.find(f"{W}ilvl")) or level)
        if number == "0" or number not in self._abstract:
            return None
        return self._count(number, level), level

    def _count(self, number: str, level: int) -> str:
        # Instances of one abstract list share its counters, unless an instance restarts them.
        abstract = self._abstract[number]
        counters, levels = self._counters[abstract], self._levels.get(abstract, {})
        restart = self._restarts.get(number, {}).get(level)
        if restart is not None and (number, level) not in self._started:
            counters[level] = restart
        else:
            counters[level] = counters.get(level, levels.get(level, _Level()).start - 1) + 1
        self._started.add((number, level))
        for deeper in [key for key in counters if key > level]:
            del counters[deeper]
        return _printed(levels, counters, level)


def _level(element: Element) -> _Level:
    start = value(element.find(f"{W}start")) or "1"
    found = _Level(
        kind=value(element.find(f"{W}numFmt")) or "decimal",
        pattern=value(element.find(f"{W}lvlText")) or "",
        start=int(start) if start.isdigit() else 1,
    )
    legal = element.find(f"{W}isLgl") is not None
    return replace(found, kind="decimal") if legal and found.kind != "bullet" else found


def _printed(levels: dict[int, _Level], counters: dict[int, int], level: int) -> str:
    if levels.get(level, _Level()).kind in ("bullet", "none"):
        return "•"

    def counter(match: re.Match[str]) -> str:
        index = int(match.group(1)) - 1
        other = levels.get(index, _Level())
        return _numeral(counters.get(index, other.start), other.kind)

    return re.sub(r"%([1-9])", counter, levels.get(level, _Level()).pattern).strip() or "•"


def _numeral(number: int, kind: str) -> str:
    if kind in ("lowerLetter", "upperLetter"):
        letter = chr(ord("a") + (number - 1) % 26) * min((number - 1) // 26 + 1, 5)
        return letter if kind == "lowerLetter" else letter.upper()
    if kind in ("lowerRoman", "upperRoman"):
        roman = _roman(number)
        return roman.lower() if kind == "lowerRoman" else roman
    return f"{number:02d}" if kind == "decimalZero" else str(number)


def _roman(number: int) -> str:
    digits = (
        (1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X"),
        (9, "IX"), (5, "V"), (4, "IV"), (1, "I"),
    )  # fmt: skip
    text = ""
    for size, letters in digits:
        text += letters * min(number // size, 9)
        number %= size
    return text
