"""Pictures of pages are read where the extra is installed; a slow reader gets time only while it gets on."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from knowledge.documents import Block, Metadata, Reading
from knowledge.errors import ReadError
from knowledge.readers import ocr, pdf
from knowledge.readers.allowance import ask_for_a_page
from knowledge.readers.pdf import read_pdf
from knowledge.readers.read import read_document
from knowledge.readers.sandbox import Limits, ReaderProcess

needs_ocr = pytest.mark.skipif(not ocr.installed(), reason='the "ocr" extra is not installed')
without_ocr = pytest.mark.skipif(ocr.installed(), reason='the "ocr" extra is installed')

TEXT = (
    ("1. The convoy leaves the northern depot on Monday", "and returns to the harbour before Thursday."),
    ("2. Each driver carries two radios, a printed map", "and the telephone list of the operations centre."),
    ("3. Fuel is counted by the transport officer, who", "reports the figures to the mission every week."),
)


def scan(path: Path, pages: int = 1, first: Callable[[Canvas], None] | None = None) -> Path:
    """A PDF whose pages are pictures of TEXT; `first` draws a page with text before them."""
    canvas = Canvas(str(path), pagesize=(612, 792))
    if first:
        first(canvas)
        canvas.showPage()
    for _ in range(pages):
        picture = Image.new("RGB", (1224, 1584), "white")
        pen, y = ImageDraw.Draw(picture), 240
        for lines in TEXT:
            for line in lines:
                pen.text((160, y), line, "black", ImageFont.load_default(34))
                y += 44
            y += 40
        canvas.drawImage(ImageReader(picture), 0, 0, 612, 792)
        canvas.showPage()
    canvas.save()
    return path


def typed(canvas: Canvas) -> None:
    for row in range(8):
        canvas.drawString(
            100, 700 - 14 * row, f"This page {row} holds words of its own that need no recognition at all."
        )


@needs_ocr
def test_reads_numbered_paragraphs_from_a_picture(tmp_path: Path) -> None:
    reading = read_pdf(scan(tmp_path / "scan.pdf"))
    assert [(b.kind, b.number, b.page, b.text) for b in reading.blocks] == [
        ("paragraph", str(n), 1, " ".join(lines).removeprefix(f"{n}. ")) for n, lines in enumerate(TEXT, 1)
    ]
    assert any("machine-read" in warning for warning in reading.warnings)


@needs_ocr
def test_reads_the_pictured_page_of_a_file_with_text_and_says_which(tmp_path: Path) -> None:
    reading = read_pdf(scan(tmp_path / "mixed.pdf", first=typed))
    assert {b.page for b in reading.blocks} == {1, 2}
    assert any(w.startswith("page 2 has no text layer: the words are machine-read") for w in reading.warnings)


@needs_ocr
def test_reads_scans_within_the_limits_of_the_reader_process(tmp_path: Path) -> None:
    with ReaderProcess(Limits(wall_seconds=1, cpu_seconds=1)) as reader:
        assert reader.read_document(scan(tmp_path / "long.pdf", pages=3)).pages == 3


@needs_ocr
def test_a_picture_without_words_is_refused_as_such(tmp_path: Path) -> None:
    path = tmp_path / "photo.pdf"
    canvas = Canvas(str(path), pagesize=(612, 792))
    canvas.drawImage(ImageReader(Image.new("RGB", (600, 800), "navy")), 0, 0, 612, 792)
    canvas.save()
    with pytest.raises(ReadError, match="finds no words"):
        read_pdf(path)


@without_ocr
def test_a_scan_is_refused_with_the_extra_that_reads_it(tmp_path: Path) -> None:
    with pytest.raises(
        ReadError, match=r'^no text layer: .* install the "ocr" extra .*pip install "focal-point\[ocr\]"'
    ):
        read_document(scan(tmp_path / "scan.pdf"))


@without_ocr
def test_a_pictured_page_is_named_with_the_extra_that_reads_it(tmp_path: Path) -> None:
    (warning,) = read_pdf(scan(tmp_path / "mixed.pdf", first=typed)).warnings
    assert warning == f"page 2 has no text layer: what stands there was not read; {pdf.OCR_ADVICE}"


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        ("1l. A specific initiative", ["11.", "A", "specific", "initiative"]),
        ("l0.Recent events", ["10.", "Recent", "events"]),
        ("(b)Early warning", ["(b)", "Early", "warning"]),
        ("Il. Title", ["Il.", "Title"]),
        ("IO. Abbreviation", ["IO.", "Abbreviation"]),
    ],
)
def test_numbers_of_paragraphs_are_mended_and_set_apart(seen: str, words: list[str]) -> None:
    box = [[100, 100], [500, 100], [500, 130], [100, 130]]
    assert [run.text for run in ocr._runs(box, seen, 2.0)] == words


def test_words_lie_inside_their_line_and_turned_lines_are_left_out() -> None:
    runs = list(ocr._runs([[100, 100], [500, 104], [499, 134], [99, 130]], "one two", 2.0))
    assert 49 < runs[0].x0 < runs[0].x1 < runs[1].x0 < runs[1].x1 < 251
    assert runs[0].y == runs[1].y
    assert 50 < runs[0].y < 67
    assert list(ocr._runs([[100, 100], [130, 100], [130, 500], [100, 500]], "turned", 2.0)) == []


def slow(path: Path, **_: Any) -> Reading:
    """A reader that takes its time over pages, and on one page perhaps for ever."""
    for page in range(int(path.stem.split("-")[1])):
        ask_for_a_page()
        time.sleep(0.25)
        while path.stem.startswith("loop") and page == 2:
            pass
        while path.stem.startswith("hang") and page == 2:
            time.sleep(1)
    return Reading(Metadata(), (Block("paragraph", path.stem),))


def slow_process(**limits: Any) -> ReaderProcess:
    return ReaderProcess(Limits(memory_megabytes=600, **limits), reader="test_ocr:slow")


def test_a_reader_that_gets_on_page_by_page_may_take_longer_than_the_limit_for_a_file() -> None:
    with slow_process(wall_seconds=2, cpu_seconds=1, page_seconds=2) as reader:
        assert reader.read_document(Path("pages-12.pdf")).blocks[0].text == "pages-12"


@pytest.mark.parametrize("name", ["loop-5.pdf", "hang-5.pdf"])
def test_a_reader_that_stops_getting_on_is_stopped(name: str) -> None:
    begun = time.monotonic()
    with slow_process(wall_seconds=2, cpu_seconds=1, page_seconds=1.5) as reader:
        with pytest.raises(ReadError, match=r"ran out of time \(limit 1.5 s a page"):
            reader.read_document(Path(name))
        assert reader.read_document(Path("pages-1.pdf")).blocks
    assert time.monotonic() - begun < 10


def test_pages_cannot_buy_more_than_all_the_time_set_for_them() -> None:
    begun = time.monotonic()
    with slow_process(wall_seconds=1.5, page_seconds=1.5, scan_seconds=1) as reader, pytest.raises(ReadError):
        reader.read_document(Path("pages-60.pdf"))
    assert time.monotonic() - begun < 8
