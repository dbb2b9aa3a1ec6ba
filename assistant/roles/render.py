"""A briefing as Markdown, as a web page that prints well, and as plain text."""

from __future__ import annotations

import html
import re
import textwrap
from collections.abc import Iterator
from itertools import groupby

from assistant.answers import Citation
from assistant.citations import place
from assistant.roles.briefing import Briefing, HatLine, Line, Section
from assistant.roles.reading import ReadFirst

STANDINGS = {
    "in_force": "in force",
    "superseded": "SUPERSEDED",
    "historical": "historical",
    "draft": "DRAFT",
    "review_overdue": "review overdue",
    "unknown": "standing unknown",
}
HATS = "Hats at a glance"
READING = "What to read first"
GAPS = "Not found in the loaded guidance"
NOTICES = "Before you rely on this"
HAT_HEADS = ("Hat", "Primary line", "Secondary line", "Dotted line")
NONE_FOUND = "nothing found"
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def source_of(citation: Citation) -> str:
    """Place, date and standing of a line, in one phrase."""
    dated = f", {citation.date}" if citation.date else ""
    return f"{place(citation)}{dated}; {standing_of(citation)}"


def standing_of(citation: Citation) -> str:
    """Standing in words, with the successor where there is one."""
    by = f" by {citation.superseded_by}" if citation.superseded_by else ""
    return STANDINGS.get(citation.standing, citation.standing) + by


def line_text(line: Line) -> str:
    """The words of a line on one line, without list marks at line starts."""
    parts = [re.sub(r"^[-–•*▪]\s+", "• ", part.strip()) for part in line.text.split("\n")]
    return CONTROL.sub("", " ".join(parts)).removeprefix("• ")


def groups(section: Section) -> Iterator[tuple[str, list[Line]]]:
    """Lines under what they have in common: their document where sources stand side by side, else their label."""
    if section.side_by_side:
        for _, lines in groupby(section.lines, key=lambda line: line.citation.document_id):
            found = list(lines)
            yield document_of(found[0].citation), found
    else:
        for labels, lines in groupby(section.lines, key=lambda line: line.labels):
            yield "; ".join(labels), list(lines)


def document_of(citation: Citation) -> str:
    """A document with its date and standing, as the head of what it says."""
    name = f"{citation.symbol}, {citation.title}" if citation.symbol else citation.title
    dated = f", {citation.date}" if citation.date else ""
    return f"{name}{dated} ({standing_of(citation)})"


def hat_cells(hat: HatLine) -> list[str]:
    """Numbers of the lines for each reporting line of a hat."""
    return [
        " ".join(f"[{number}]" for number in numbers) or NONE_FOUND
        for numbers in (hat.primary, hat.secondary, hat.dotted)
    ]


def reading_text(entry: ReadFirst) -> str:
    """A document to read, with its standing and the places to begin."""
    places = list(dict.fromkeys(_short_place(citation) for citation in entry.places))
    dated = f", {entry.date}" if entry.date and entry.date[:4] not in entry.name else ""
    standing = STANDINGS.get(entry.standing, entry.standing)
    return f"{entry.name}{dated} ({standing}; {entry.passages} passages): {'; '.join(places)}"


def _short_place(citation: Citation) -> str:
    if citation.paragraph:
        return f"para. {citation.paragraph}"
    return f"“{citation.section[-1]}”" if citation.section else f"p. {citation.page}" if citation.page else "beginning"


def to_markdown(briefing: Briefing) -> str:
    """The briefing as Markdown; document words are escaped so that they cannot become markup."""
    out = [f"# {_md(briefing.short)}", "", _md(briefing.title), ""]
    if briefing.notices:
        out += [f"## {NOTICES}", "", *(f"- {_md(notice.text)}" for notice in briefing.notices), ""]
    if briefing.hats:
        out += [f"## {HATS}", "", f"| {' | '.join(HAT_HEADS)} |", "|---|---|---|---|"]
        out += [f"| {_md(hat.name)} | {' | '.join(hat_cells(hat))} |" for hat in briefing.hats] + [""]
    for section in briefing.sections:
        out += [f"## {_md(section.title)}", ""]
        for head, lines in groups(section):
            out += [f"**{_md(head)}**", ""] if head else []
            for line in lines:
                citation = line.citation
                where = _md(_short_place(citation) if section.side_by_side else source_of(citation))
                out.append(f"- {_md(line_text(line))} [[{citation.number}]]({citation.url}) *({where})*")
            out.append("")
    if briefing.reading_list:
        out += [f"## {READING}", ""]
        out += [f"{n}. {_md(reading_text(entry))}" for n, entry in enumerate(briefing.reading_list, 1)] + [""]
    if briefing.not_covered:
        out += [f"## {GAPS}", "", *(f"- {_md(gap.section)}: {_md(gap.question)}" for gap in briefing.not_covered), ""]
    out += [f"*{briefing.classification} · index {briefing.index}*", ""]
    return "\n".join(out)


def _md(text: str) -> str:
    return re.sub(r"([\\`*_\[\]<>#|~])", r"\\\1", CONTROL.sub("", " ".join(text.split())))


def to_text(briefing: Briefing, width: int = 100) -> str:
    """The briefing as plain text."""
    out = [briefing.short.upper(), briefing.title]
    for title, items in _blocks(briefing):
        out += ["", title.upper()]
        for mark, item in items:
            out.append(
                textwrap.fill(CONTROL.sub("", item), width, initial_indent=mark, subsequent_indent=" " * len(mark))
            )
    return "\n".join([*out, "", f"{briefing.classification} · index {briefing.index}"])


def _blocks(briefing: Briefing) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Each heading with its items and the mark before each."""
    if briefing.notices:
        yield NOTICES, [("- ", notice.text) for notice in briefing.notices]
    if briefing.hats:
        yield (
            HATS,
            [
                (
                    "- ",
                    f"{h.name}: "
                    + "; ".join(f"{n.lower()} {c}" for n, c in zip(HAT_HEADS[1:], hat_cells(h), strict=True)),
                )
                for h in briefing.hats
            ],
        )
    for section in briefing.sections:
        items: list[tuple[str, str]] = []
        for head, lines in groups(section):
            items += [("  ", head)] if head else []
            items += [(f"[{x.citation.number}] ", f"{line_text(x)} ({source_of(x.citation)})") for x in lines]
        yield section.title, items
    if briefing.reading_list:
        yield READING, [(f"{n}. ", reading_text(entry)) for n, entry in enumerate(briefing.reading_list, 1)]
    if briefing.not_covered:
        yield GAPS, [("- ", f"{gap.section}: {gap.question}") for gap in briefing.not_covered]


STYLE = """
body { font: 16px/1.5 Georgia, serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem }
body { color: #1a1a1a; background: #fff }
h1, h2, h3, table, footer, .source { font-family: system-ui, sans-serif }
h2 { font-size: 1.15rem; border-bottom: 1px solid #bbb; margin-top: 2rem; break-after: avoid }
h3 { font-size: 1rem; margin-bottom: .3rem; break-after: avoid }
li, tr { break-inside: avoid; margin-bottom: .6rem }
table { border-collapse: collapse; width: 100%; font-size: .9rem }
th, td { border: 1px solid #999; padding: .3rem .5rem; text-align: left; vertical-align: top }
.source { font-size: .82rem; color: #444 }
.warn { font-weight: bold; color: #8a2000 }
a { color: #064a8a }
@media print { body { margin: 0; max-width: none; font-size: 10.5pt } a { color: inherit; text-decoration: none }
@page { margin: 20mm } }
"""


def to_html(briefing: Briefing) -> str:
    """The briefing as one self-contained page."""
    e = html.escape
    out = [f"<h1>{e(briefing.short)}</h1><p>{e(briefing.title)}</p>"]
    if briefing.notices:
        items = "".join(f"<li>{e(notice.text)}</li>" for notice in briefing.notices)
        out.append(f'<section aria-label="{e(NOTICES)}"><h2>{e(NOTICES)}</h2><ul>{items}</ul></section>')
    if briefing.hats:
        heads = "".join(f'<th scope="col">{e(head)}</th>' for head in HAT_HEADS)
        rows = "".join(_hat_row(hat) for hat in briefing.hats)
        out.append(f"<h2>{e(HATS)}</h2><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>")
    for section in briefing.sections:
        out.append(f'<section id="{e(section.id)}"><h2>{e(section.title)}</h2>')
        for head, lines in groups(section):
            out.append((f"<h3>{e(head)}</h3>" if head else "") + f"<ul>{''.join(map(_item, lines))}</ul>")
        out.append("</section>")
    if briefing.reading_list:
        items = "".join(f"<li>{e(reading_text(entry))}</li>" for entry in briefing.reading_list)
        out.append(f"<h2>{e(READING)}</h2><ol>{items}</ol>")
    if briefing.not_covered:
        items = "".join(f"<li>{e(gap.section)}: {e(gap.question)}</li>" for gap in briefing.not_covered)
        out.append(f"<h2>{e(GAPS)}</h2><ul>{items}</ul>")
    out.append(f"<footer><p>{e(briefing.classification)} · index {e(briefing.index)}</p></footer>")
    return page(briefing.short, "\n".join(out))


def page(title: str, body: str) -> str:
    """A whole page around a body, with the style that prints well."""
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
    return (
        f'<!doctype html>\n<html lang="en"><head>{head}<title>{html.escape(title)}</title>'
        f"<style>{STYLE}</style></head>\n<body><main>\n{body}\n</main></body></html>\n"
    )


def _hat_row(hat: HatLine) -> str:
    cells = []
    for numbers in (hat.primary, hat.secondary, hat.dotted):
        links = " ".join(f'<a href="#line-{number}">[{number}]</a>' for number in numbers)
        cells.append(f"<td>{links or html.escape(NONE_FOUND)}</td>")
    return f'<tr><th scope="row">{html.escape(hat.name)}</th>{"".join(cells)}</tr>'


def _item(line: Line) -> str:
    e, citation = html.escape, line.citation
    mark = "source" if citation.standing in ("in_force", "historical", "unknown") else "source warn"
    link = f'<a href="{e(citation.url)}">[{citation.number}]</a>'
    where = f'<span class="{mark}">({e(source_of(citation))})</span>'
    return f'<li id="line-{citation.number}">{e(line_text(line))} {link} {where}</li>'
