"""Real United Nations PDFs, where they are at hand: paragraph numbers must come out as they are printed, 1 to N."""

from __future__ import annotations

import pathlib
from collections import defaultdict

import pytest

from knowledge.documents import Classification, Kind, Reading
from knowledge.errors import ReadError
from knowledge.readers import ocr
from knowledge.readers.pdf import read_pdf

CORPUS = pathlib.Path(__file__).resolve().parents[2] / "shared" / "corpus" / "un-reports"
pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of UN reports is not beside the repository")

# The last number printed in the main part (None) and in each annex, read from the pages.
PRINTED: dict[str, dict[str | None, int]] = {
    "A_79_19.en.pdf": {None: 18},
    "A_79_797.en.pdf": {None: 80},
    "A_79_907.en.pdf": {"Annex": 39},
    "A_80_16.en.pdf": {None: 631},
    "E_2025_61.en.pdf": {None: 75, "Annex I": 6},
    "S_2025_153.en.pdf": {None: 90, "Annex I": 79, "Annex II": 5, "Annex III": 13},
    "S_2025_154.en.pdf": {None: 46},
    "S_2025_194.en.pdf": {None: 82},
    "S_2025_200.en.pdf": {None: 103},
    "S_2025_211.en.pdf": {None: 105},
    "S_2025_54.en.pdf": {None: 107},
    "S_2025_97.en.pdf": {None: 84},
    "S_RES_2771 (2025).en.pdf": {None: 24},
    "S_RES_2779 (2025).en.pdf": {None: 25},
}


def _numbers(reading: Reading) -> dict[str | None, list[int]]:
    found: dict[str | None, list[int]] = defaultdict(list)
    for block in reading.blocks:
        if block.kind == "paragraph" and block.number and block.number.isdigit():
            found[block.part].append(int(block.number))
    return found


@pytest.mark.parametrize("name", PRINTED)
def test_finds_the_printed_paragraph_numbers_in_their_order(name: str) -> None:
    found = _numbers(read_pdf(CORPUS / name))
    for part, last in PRINTED[name].items():
        numbers = found[part]
        assert numbers == sorted(numbers), part
        assert len(set(numbers) & set(range(1, last + 1))) >= 0.98 * last, part
        assert max(numbers) == last, part


@pytest.mark.parametrize("name", PRINTED)
def test_leaves_no_page_furniture_in_the_text(name: str) -> None:
    reading = read_pdf(CORPUS / name)
    symbol = (reading.metadata.symbol or "").partition("-S/")[0]
    for block in reading.blocks:
        assert block.text != symbol
        assert "Please recycle" not in block.text
        assert block.page is not None and block.page_end is not None and block.page <= block.page_end


def test_reads_the_first_page_of_a_resolution() -> None:
    metadata = read_pdf(CORPUS / "S_RES_2779 (2025).en.pdf").metadata
    assert metadata.symbol == "S/RES/2779 (2025)"
    assert metadata.title == "Security Council resolution 2779 (2025)"
    assert (metadata.kind, metadata.organ, metadata.date) == (Kind.RESOLUTION, "Security Council", "2025-05-08")
    assert metadata.classification in (None, Classification.UNCLASSIFIED)


def test_reads_the_first_page_of_a_report_to_two_organs() -> None:
    metadata = read_pdf(CORPUS / "A_79_797.en.pdf").metadata
    assert metadata.symbol == "A/79/797-S/2025/109"
    assert metadata.organ == "General Assembly and Security Council"
    assert (metadata.kind, metadata.date, metadata.language) == (Kind.REPORT, "2025-02-21", "en")


def test_joins_a_table_over_a_page_break_and_keeps_its_last_row() -> None:
    tables = [b for b in read_pdf(CORPUS / "S_2025_97.en.pdf").blocks if b.kind == "table" and b.part == "Annex II"]
    (table,) = tables
    assert (table.page, table.page_end) == (27, 28)
    assert table.rows[0][0] == "Country" and table.rows[-1][0] == "Total"
    assert all(len(row) == 7 and all(row) for row in table.rows)


@pytest.mark.parametrize(
    ("name", "begins"),
    [
        pytest.param(
            "A_45_696_Add.1.en.pdf",
            "no text layer",
            marks=pytest.mark.skipif(ocr.installed(), reason='the "ocr" extra reads it'),
        ),
        ("A_78_1.en.pdf", "the PDF is only a notice"),
        ("E_2024_50.en.pdf", "the PDF is only a notice"),
    ],
)
def test_says_in_one_line_why_a_file_cannot_be_read(name: str, begins: str) -> None:
    with pytest.raises(ReadError) as caught:
        read_pdf(CORPUS / name)
    assert str(caught.value).startswith(begins) and "\n" not in str(caught.value)


def test_warns_of_a_scan_with_misread_words_and_of_pages_without_text() -> None:
    assert any("machine-read" in warning for warning in read_pdf(CORPUS / "A_39_361.en.pdf").warnings)
    assert any("page 16" in warning for warning in read_pdf(CORPUS / "S_2025_194.en.pdf").warnings)


@pytest.mark.skipif(not ocr.installed(), reason='the "ocr" extra is not installed')
def test_a_scan_keeps_its_words_numbers_and_pages_when_text_recognition_reads_it() -> None:
    reading = read_pdf(CORPUS / "A_45_696_Add.1.en.pdf")
    assert (reading.metadata.symbol, reading.metadata.date, reading.pages) == ("A/45/696/Add.1", "1990-11-08", 22)
    numbered = [block.number for block in reading.blocks if block.page == 7 and block.kind == "paragraph"]
    assert numbered == ["2", "3", "4", "5", "6", "7", "8"]
    assert any(block.text == "Polar ice sheets and sea ice;" for block in reading.blocks)


def test_short_lines_of_a_scan_with_a_text_layer_are_text_and_no_labels_of_a_picture() -> None:
    reading = read_pdf(CORPUS / "A_39_361.en.pdf")
    assert sum(len(block.text.split()) for block in reading.blocks) > 1_400
