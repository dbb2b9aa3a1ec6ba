"""A briefing as a Word file."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from assistant.roles.briefing import Briefing, Line
from assistant.roles.render import (
    CONTROL,
    GAPS,
    HAT_HEADS,
    HATS,
    NOTICES,
    READING,
    groups,
    hat_cells,
    line_text,
    reading_text,
    source_of,
)

if TYPE_CHECKING:
    from docx.document import Document


def to_docx(briefing: Briefing) -> bytes:
    """The bytes of a Word file with headings, lists and the table of hats as Word knows them."""
    import docx

    document = docx.Document()
    document.core_properties.title = briefing.short
    document.core_properties.comments = f"{briefing.classification}; index {briefing.index}"
    document.add_heading(_clean(briefing.short), level=0)
    document.add_paragraph(_clean(briefing.title))
    if briefing.notices:
        document.add_heading(NOTICES, level=1)
        for notice in briefing.notices:
            document.add_paragraph(_clean(notice.text), style="List Bullet")
    if briefing.hats:
        _add_hats(document, briefing)
    for section in briefing.sections:
        document.add_heading(_clean(section.title), level=1)
        for head, lines in groups(section):
            if head:
                document.add_heading(_clean(head), level=2)
            for line in lines:
                _add_line(document, line)
    if briefing.reading_list:
        document.add_heading(READING, level=1)
        for entry in briefing.reading_list:
            document.add_paragraph(_clean(reading_text(entry)), style="List Number")
    if briefing.not_covered:
        document.add_heading(GAPS, level=1)
        for gap in briefing.not_covered:
            document.add_paragraph(_clean(f"{gap.section}: {gap.question}"), style="List Bullet")
    document.sections[0].footer.paragraphs[0].text = f"{briefing.classification} · index {briefing.index}"
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def _add_hats(document: Document, briefing: Briefing) -> None:
    document.add_heading(HATS, level=1)
    table = document.add_table(rows=1, cols=len(HAT_HEADS), style="Table Grid")
    for cell, head in zip(table.rows[0].cells, HAT_HEADS, strict=True):
        cell.text = head
    for hat in briefing.hats:
        for cell, text in zip(table.add_row().cells, [hat.name, *hat_cells(hat)], strict=True):
            cell.text = _clean(text)


def _add_line(document: Document, line: Line) -> None:
    paragraph = document.add_paragraph(style="List Bullet")
    paragraph.add_run(_clean(line_text(line)) + " ")
    source = paragraph.add_run(f"[{line.citation.number}] {_clean(source_of(line.citation))}")
    source.italic = True
    if line.citation.standing in ("superseded", "draft", "review_overdue"):
        source.bold = True


def _clean(text: str) -> str:
    """XML holds no control characters."""
    return CONTROL.sub("", " ".join(text.split()))
