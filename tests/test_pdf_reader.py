"""PDF files made on the spot, each with one thing that real ones do to a reader."""

from __future__ import annotations

import pathlib
from collections.abc import Callable, Iterable

import pytest
from PIL import Image
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.utils import ImageReader, simpleSplit
from reportlab.pdfgen.canvas import Canvas

from knowledge.documents import Block, Classification, Kind, Reading
from knowledge.errors import ReadError
from knowledge.readers.pdf import read_pdf

LEFT, RIGHT, TOP, PITCH = 123.0, 488.0, 700.0, 12.0
WIDTH, HEIGHT = 612.0, 792.0


class Sheet:
    """Writes down a page of UN shape: margins, first-line numbers, footers."""

    def __init__(self, path: pathlib.Path, **options: object) -> None:
        self.canvas = Canvas(str(path), pagesize=(WIDTH, HEIGHT), **options)  # type: ignore[arg-type]
        self.y = TOP

    def at(self, x: float, y: float, text: str, font: str = "Times-Roman", size: float = 10) -> None:
        self.canvas.setFont(font, size)
        self.canvas.drawString(x, y, text)

    def line(self, text: str, x: float = LEFT, font: str = "Times-Roman", size: float = 10) -> None:
        self.at(x, self.y, text, font, size)
        self.y -= PITCH * max(1, size / 10)

    def heading(self, number: str, text: str, size: float = 14) -> None:
        self.y -= 10
        self.at(LEFT - 22, self.y, number, "Times-Bold", size)
        self.line(text, font="Times-Bold", size=size)
        self.y -= 6

    def paragraph(self, text: str, number: str | None = None, x: float = LEFT, width: float = RIGHT - LEFT) -> None:
        if number:
            self.at(x, self.y, number)
        indent = 24.0 if number else 0.0
        first, *rest = simpleSplit(text, "Times-Roman", 10, width - indent)
        self.line(first, x + indent)
        if rest:
            for row in simpleSplit(" ".join(rest), "Times-Roman", 10, width):
                self.line(row, x)
        self.y -= 6

    def turn(self, head: str = "S/2031/7", foot: str = "31-04417") -> None:
        number = self.canvas.getPageNumber()
        self.at(60, 733, head, "Times-Bold", 8.5)
        self.at(60, 38, f"{number}/9", "Times-Bold", 8.5)
        self.at(510, 38, foot, "Times-Roman", 7)
        self.canvas.showPage()
        self.y = TOP

    def save(self) -> None:
        self.canvas.save()


def _words(subject: str, count: int = 34) -> str:
    filler = (
        "the convoy leaves the camp before dawn and its leader reports each halt to the duty officer on watch".split()
    )
    return " ".join([subject, *(filler[n % len(filler)] for n in range(count))]) + "."


Draw = Callable[[Sheet], None]


@pytest.fixture
def read(tmp_path: pathlib.Path) -> Callable[[Draw], Reading]:
    def reading(draw: Draw) -> Reading:
        path = tmp_path / "made.pdf"
        sheet = Sheet(path)
        draw(sheet)
        sheet.save()
        return read_pdf(path)

    return reading


def _texts(blocks: Iterable[Block], kind: str) -> list[str]:
    return [block.text for block in blocks if block.kind == kind]


def _numbered(blocks: Iterable[Block], part: str | None = None) -> list[str]:
    return [b.number for b in blocks if b.kind == "paragraph" and b.number and b.part == part]


def test_numbers_paragraphs_and_takes_no_year_for_a_number(read: Callable[[Draw], Reading]) -> None:
    def draw(sheet: Sheet) -> None:
        sheet.heading("I.", "Movement")
        sheet.paragraph(_words("First"), "1.")
        sheet.paragraph("The depot was handed over in the spring of the year which everybody here calls the year", "2.")
        sheet.y += 6
        sheet.line("2029. The new depot opened a month later.")
        sheet.y -= 6
        sheet.paragraph(_words("Third"), "3.")
        sheet.turn()

    blocks = read(draw).blocks
    assert _numbered(blocks) == ["1", "2", "3"]
    assert any("2029. The new depot" in text for text in _texts(blocks, "paragraph"))


def test_numbering_starts_again_in_each_annex(read: Callable[[Draw], Reading]) -> None:
    def draw(sheet: Sheet) -> None:
        sheet.heading("I.", "Movement")
        for number in ("1.", "2.", "3."):
            sheet.paragraph(_words("Main"), number)
        sheet.turn()
        for label, title in (("Annex I", "Terms of the lease"), ("Annex II", "Stores")):
            sheet.line(label, 60, "Times-Bold", 14)
            sheet.line(title, LEFT, "Times-Bold", 14)
            sheet.y -= 8
            for number in ("1.", "2."):
                sheet.paragraph(_words("Annexed"), number)
            sheet.turn()

    blocks = read(draw).blocks
    assert _numbered(blocks) == ["1", "2", "3"]
    assert _numbered(blocks, "Annex I") == _numbered(blocks, "Annex II") == ["1", "2"]
    heads = [(b.number, b.text, b.part) for b in blocks if b.kind == "heading" and b.part]
    assert heads == [("Annex I", "Terms of the lease", "Annex I"), ("Annex II", "Stores", "Annex II")]


def _sentence_over_two_pages(sheet: Sheet) -> None:
    sheet.heading("I.", "Water")
    sheet.paragraph(_words("Wells"), "1.")
    sheet.at(LEFT, sheet.y, "2.")
    sheet.line("The wells of the northern sector cost $2.35", LEFT + 24)
    sheet.at(RIGHT - 130, sheet.y + PITCH + 3.4, "4", size=6.5)
    sheet.at(RIGHT - 123, sheet.y + PITCH, "billion and the pumps that lift")
    sheet.canvas.line(LEFT, 108, LEFT + 72, 108)
    sheet.at(LEFT + 8, 99.5, "4", size=6)
    sheet.at(LEFT + 14, 97, "Figures of the quartermaster, rounded.", size=8.5)
    sheet.turn()
    sheet.line("the water stand idle for two days in every week.")
    sheet.y -= 6
    sheet.paragraph(_words("Pumps"), "3.")
    sheet.turn()


def test_a_footnote_does_not_cut_the_sentence_that_goes_on_overleaf(read: Callable[[Draw], Reading]) -> None:
    blocks = read(_sentence_over_two_pages).blocks
    (second,) = [b for b in blocks if b.number == "2"]
    assert second.text == (
        "The wells of the northern sector cost $2.35 billion and the pumps that lift the water stand idle for two days "
        "in every week."
    )
    assert (second.page, second.page_end, second.note_marks) == (1, 2, ("4",))
    (note,) = [b for b in blocks if b.kind == "footnote"]
    assert (note.number, note.text, note.page) == ("4", "Figures of the quartermaster, rounded.", 1)
    assert blocks.index(note) > blocks.index(second)


def test_running_heads_page_and_job_numbers_vanish(read: Callable[[Draw], Reading]) -> None:
    def draw(sheet: Sheet) -> None:
        for number in range(1, 5):
            sheet.at(LEFT, 748, "Handbook of the river patrol", "Times-Italic", 9)
            sheet.paragraph(_words(f"Leg {number}"), f"{number}.")
            sheet.turn()

    text = " ".join(block.text for block in read(draw).blocks)
    assert "Handbook" not in text and "31-04417" not in text and "S/2031/7" not in text and "/9" not in text


def test_line_end_hyphens_go_only_where_the_typesetter_put_them(read: Callable[[Draw], Reading]) -> None:
    def draw(sheet: Sheet) -> None:
        sheet.paragraph("Our post-conflict work and its implementation are described below in short words", "1.")
        sheet.at(LEFT, sheet.y, "2.")
        sheet.line("This chapter treats the whole of the post-", LEFT + 24)
        sheet.line("conflict phase and shows how the imple-")
        sheet.line("mentation of the plan was checked.")
        sheet.turn()

    (second,) = [b for b in read(draw).blocks if b.number == "2"]
    assert "post-conflict phase" in second.text and "implementation of the plan" in second.text


def test_letter_spacing_makes_no_spaces_inside_words(read: Callable[[Draw], Reading]) -> None:
    def draw(sheet: Sheet) -> None:
        sheet.at(LEFT, sheet.y, "The report wa")
        width = sheet.canvas.stringWidth("The report wa", "Times-Roman", 10)
        sheet.at(LEFT + width + 1.2, sheet.y, "s sent to the commander of the sector on the same day.")
        sheet.turn()

    assert "The report was sent" in read(draw).blocks[0].text


def _table_page(sheet: Sheet, rows: list[tuple[str, ...]], close: bool) -> None:
    columns = (LEFT, LEFT + 170, LEFT + 260, LEFT + 340)
    sheet.canvas.line(LEFT, sheet.y + 12, RIGHT, sheet.y + 12)
    for place, row in enumerate(rows):
        for x, cell in zip(columns, row, strict=True):
            sheet.at(x, sheet.y, cell, size=8.5)
        if place == 0:
            sheet.canvas.line(LEFT, sheet.y - 5, RIGHT, sheet.y - 5)
        sheet.y -= 14
    if close:
        sheet.canvas.line(LEFT, sheet.y + 9, RIGHT, sheet.y + 9)


def test_a_table_over_a_page_break_is_one_table_with_its_heads_once(read: Callable[[Draw], Reading]) -> None:
    heads = ("Post", "Boats", "Crew", "Fuel")

    def draw(sheet: Sheet) -> None:
        sheet.paragraph(_words("Boats"), "1.")
        sheet.line("Table 3", font="Times-Bold")
        sheet.line("Boats of the river patrol", font="Times-Bold")
        sheet.y = 180
        _table_page(sheet, [heads, *((f"Post {n}", str(n), f"{n} 101", "–") for n in range(1, 9))], close=False)
        sheet.turn()
        _table_page(sheet, [heads, *((f"Post {n}", str(n), f"{n} 101", "–") for n in range(9, 13))], close=True)
        sheet.y -= 20
        sheet.paragraph(_words("After the table"), "2.")
        sheet.turn()

    blocks = read(draw).blocks
    (table,) = [b for b in blocks if b.kind == "table"]
    assert table.text == "Table 3: Boats of the river patrol"
    assert table.rows[0] == heads and len(table.rows) == 13
    assert table.rows[4] == ("Post 4", "4", "4 101", "–") and table.rows[12][0] == "Post 12"
    assert (table.page, table.page_end) == (1, 2)
    assert _numbered(blocks) == ["1", "2"]


def test_cells_of_a_grid_keep_their_wrapped_lines_together(read: Callable[[Draw], Reading]) -> None:
    def draw(sheet: Sheet) -> None:
        sheet.paragraph(_words("Grid"), "1.")
        tops, xs = (600, 570, 530, 490), (LEFT, 260, 380, RIGHT)
        for y in tops:
            sheet.canvas.line(xs[0], y, xs[-1], y)
        for x in xs:
            sheet.canvas.line(x, tops[0], x, tops[-1])
        for y, cells in zip(
            tops,
            (
                ("Risk", "Owner", "Measure"),
                ("Flood of the lower camp", "Chief Engineer", "Dyke"),
                ("Fire", "Marshal", "Drill"),
            ),
            strict=False,
        ):
            for x, cell in zip(xs, cells, strict=False):
                for n, row in enumerate(simpleSplit(cell, "Times-Roman", 9, 70)):
                    sheet.at(x + 4, y - 12 - 10 * n, row, size=9)
        sheet.turn()

    (table,) = [b for b in read(draw).blocks if b.kind == "table"]
    assert table.rows == (
        ("Risk", "Owner", "Measure"),
        ("Flood of the lower camp", "Chief Engineer", "Dyke"),
        ("Fire", "Marshal", "Drill"),
    )


def test_short_bold_lines_with_numbers_are_headings_not_paragraphs(read: Callable[[Draw], Reading]) -> None:
    def draw(sheet: Sheet) -> None:
        sheet.heading("I.", "Conduct of patrols")
        sheet.heading("A.", "On the river", 12)
        sheet.paragraph(_words("Boats"), "1.")
        sheet.heading("1.", "Rule of the road", 10)
        sheet.paragraph(_words("Lights"), "2.")
        sheet.heading("II.", "Care of boats")
        sheet.paragraph(_words("Hulls"), "3.")
        sheet.turn()

    blocks = read(draw).blocks
    assert [(b.level, b.number, b.text) for b in blocks if b.kind == "heading"] == [
        (1, "I", "Conduct of patrols"),
        (2, "A", "On the river"),
        (3, "1", "Rule of the road"),
        (1, "II", "Care of boats"),
    ]
    assert _numbered(blocks) == ["1", "2", "3"]


def test_list_items_keep_their_numbers_and_depth(read: Callable[[Draw], Reading]) -> None:
    def draw(sheet: Sheet) -> None:
        sheet.paragraph(
            "The watch officer keeps a log of the following matters, in ink, on every day of the year:", "1."
        )
        for x, mark, text in (
            (147, "(a)", "Arrivals, namely:"),
            (171, "(i)", "Boats;"),
            (171, "(ii)", "Persons;"),
            (147, "(b)", "Departures."),
        ):
            sheet.at(x, sheet.y, mark)
            sheet.line(text, x + 24)
            sheet.y -= 6
        sheet.turn()

    items = [(b.number, b.level, b.text) for b in read(draw).blocks if b.kind == "list_item"]
    assert items == [
        ("(a)", 1, "Arrivals, namely:"),
        ("(i)", 2, "Boats;"),
        ("(ii)", 2, "Persons;"),
        ("(b)", 1, "Departures."),
    ]


def _letterhead(sheet: Sheet, symbol: str) -> None:
    sheet.at(LEFT, 734, "United Nations", size=14)
    sheet.at(440, 734, symbol, size=14)
    sheet.canvas.line(60, 728, 552, 728)
    sheet.at(LEFT, 704, "Security Council", "Times-Bold", 18)
    for n, text in enumerate(("Distr.: General", "4 March 2031", "", "Original: English")):
        sheet.at(397, 706 - 12 * n, text)
    sheet.canvas.line(60, 590, 552, 590)
    sheet.at(65, 44, "31-04417 (E)    050331")
    sheet.at(65, 30, "*3104417*")
    sheet.at(400, 40, "Please recycle", "Times-Bold", 8)
    sheet.y = 560


@pytest.mark.parametrize("printed", ["S/2031/177", "S/2031/I77"], ids=["as printed", "as an old scan has it"])
def test_reads_the_first_page_of_a_un_report(read: Callable[[Draw], Reading], printed: str) -> None:
    def draw(sheet: Sheet) -> None:
        _letterhead(sheet, printed)
        sheet.line("United Nations Mission on the Upper River", font="Times-Bold", size=14)
        sheet.y -= 12
        sheet.line("Report of the Secretary-General", font="Times-Bold", size=12)
        sheet.heading("I.", "Introduction")
        for number in ("1.", "2."):
            sheet.paragraph(_words("Opening"), number)
        sheet.canvas.showPage()

    reading = read(draw)
    found = reading.metadata
    assert found.title == "United Nations Mission on the Upper River – Report of the Secretary-General"
    assert (found.symbol, found.organ, found.date) == ("S/2031/177", "Security Council", "2031-03-04")
    assert (found.kind, found.language) == (Kind.REPORT, "en")
    assert reading.blocks[0].text == "Introduction"
    assert _numbered(reading.blocks) == ["1", "2"]


def test_resolutions_have_a_preamble_and_operative_paragraphs(read: Callable[[Draw], Reading]) -> None:
    def draw(sheet: Sheet) -> None:
        _letterhead(sheet, "S/RES/3111 (2031)")
        sheet.line("Resolution 3111 (2031)", font="Times-Bold", size=12)
        sheet.y -= 10
        sheet.line("Adopted by the Security Council at its 9999th meeting, on", font="Times-Bold", size=12)
        sheet.line("4 March 2031", font="Times-Bold", size=12)
        sheet.y -= 10
        sheet.line("The Security Council,", 147, "Times-Italic")
        sheet.y -= 6
        sheet.paragraph("Recalling the ferry agreement between the two banks,", x=147)
        sheet.paragraph("Decides to keep the ferry running until the end of the year;", "1.", x=147)
        sheet.paragraph("Decides to remain seized of the matter.", "2.", x=147)
        sheet.canvas.showPage()

    reading = read(draw)
    assert reading.metadata.title == "Security Council resolution 3111 (2031)"
    assert (reading.metadata.kind, reading.metadata.symbol) == (Kind.RESOLUTION, "S/RES/3111 (2031)")
    assert _texts(reading.blocks, "preamble")[0] == "The Security Council,"
    assert _numbered(reading.blocks) == ["1", "2"]


def test_reads_the_cover_of_a_department_policy(read: Callable[[Draw], Reading]) -> None:
    def draw(sheet: Sheet) -> None:
        sheet.line("Department of Peacekeeping Operations", size=12)
        sheet.line("Ref. 2031.07", size=12)
        sheet.y -= 40
        sheet.line("Policy", font="Times-Bold", size=20)
        sheet.line("Ferries and Landing Places", font="Times-Bold", size=20)
        sheet.y -= 40
        sheet.line("Approved by: The Under-Secretary-General", size=11)
        sheet.line("Effective date: 1 May 2031", size=11)
        sheet.line("Review date: 30 April 2034", size=11)
        sheet.turn()
        for number in ("1.", "2.", "3."):
            sheet.paragraph(_words("Ferry", 60), number)
        sheet.turn()

    found = read(draw).metadata
    assert (found.title, found.kind, found.symbol) == ("Ferries and Landing Places", Kind.POLICY, "2031.07")
    assert (found.date, found.review_due) == ("2031-05-01", "2034-04-30")
    assert found.publisher == "Department of Peacekeeping Operations"


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ("STRICTLY CONFIDENTIAL", Classification.STRICTLY_CONFIDENTIAL),
        ("CONFIDENTIAL", Classification.CONFIDENTIAL),
        ("The inquiry is confidential and its papers are strictly confidential", None),
    ],
)
def test_takes_a_marking_line_but_not_the_word_in_prose(
    read: Callable[[Draw], Reading], line: str, level: Classification | None
) -> None:
    def draw(sheet: Sheet) -> None:
        sheet.at(240, 750, line, "Times-Bold", 11)
        sheet.paragraph(_words("Inquiry"), "1.")
        sheet.turn()

    assert read(draw).metadata.classification is level


def test_reads_two_columns_one_after_the_other(read: Callable[[Draw], Reading]) -> None:
    def draw(sheet: Sheet) -> None:
        for x, side in ((60.0, "left"), (320.0, "right")):
            sheet.y = 680
            for n in range(3):
                sheet.paragraph(_words(f"The {side} {n}", 60), x=x, width=230)
        sheet.canvas.showPage()

    text = " ".join(block.text for block in read(draw).blocks)
    places = [text.index(f"The {side} {n}") for side in ("left", "right") for n in range(3)]
    assert places == sorted(places)


def _save(path: pathlib.Path, text: str = "", **options: object) -> pathlib.Path:
    sheet = Sheet(path, **options)
    if text:
        sheet.paragraph(text)
    sheet.canvas.showPage()
    sheet.save()
    return path


def _refusal(path: pathlib.Path) -> str:
    with pytest.raises(ReadError) as caught:
        read_pdf(path)
    message = str(caught.value)
    assert "\n" not in message and path.name not in message
    return message


def test_refuses_an_encrypted_file(tmp_path: pathlib.Path) -> None:
    path = _save(tmp_path / "a.pdf", _words("Secret"), encrypt=StandardEncryption("open sesame"))
    assert _refusal(path).startswith("the PDF is encrypted")


def test_refuses_a_file_cut_short_and_one_that_is_no_pdf(tmp_path: pathlib.Path) -> None:
    whole = _save(tmp_path / "a.pdf", _words("Whole")).read_bytes()
    for name, data in (("b.pdf", whole[:200]), ("c.pdf", b""), ("d.pdf", b"Dear colleague, no PDF here.")):
        (tmp_path / name).write_bytes(data)
        assert "get a fresh copy" in _refusal(tmp_path / name)


def test_refuses_a_file_without_a_word(tmp_path: pathlib.Path) -> None:
    assert _refusal(_save(tmp_path / "a.pdf")).startswith("the PDF is empty")


def _picture(sheet: Sheet) -> None:
    sheet.canvas.drawImage(ImageReader(Image.new("L", (600, 780), 220)), 0, 0, WIDTH, HEIGHT)


def test_a_scan_is_refused_for_want_of_a_text_layer(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "scan.pdf"
    sheet = Sheet(path)
    for _ in range(2):
        _picture(sheet)
        sheet.canvas.showPage()
    sheet.save()
    assert _refusal(path).startswith("no text layer")


def test_warns_of_single_pages_without_a_text_layer(read: Callable[[Draw], Reading]) -> None:
    def draw(sheet: Sheet) -> None:
        sheet.paragraph(_words("Before"), "1.")
        sheet.turn()
        _picture(sheet)
        sheet.canvas.showPage()
        sheet.paragraph(_words("After"), "2.")
        sheet.turn()

    (warning,) = read(draw).warnings
    assert warning.startswith("page 2 has no text layer")


@pytest.mark.parametrize(
    "notice",
    [
        "We are sorry. The file that was requested could not be found on this server. Please write to the help desk.",
        "Error 404: page not found",
        "The record with this number does not exist in our catalogue.",
    ],
)
def test_refuses_a_notice_that_the_document_was_not_found(tmp_path: pathlib.Path, notice: str) -> None:
    assert "was not found" in _refusal(_save(tmp_path / "a.pdf", notice))


def test_a_contents_list_makes_no_headings(read: Callable[[Draw], Reading]) -> None:
    def draw(sheet: Sheet) -> None:
        sheet.line("Contents", font="Times-Bold", size=14)
        for n, title in enumerate(("Landing places", "Lights", "Crews"), 1):
            sheet.line(f"{n}. {title} {'.' * 60} {n + 4}")
        sheet.turn()
        sheet.heading("I.", "Landing places")
        sheet.paragraph(_words("Landing"), "1.")
        sheet.turn()

    blocks = read(draw).blocks
    assert _texts(blocks, "heading") == ["Landing places"]
    assert not any("...." in block.text for block in blocks)


def test_a_title_over_a_chart_is_no_heading_and_chart_labels_are_no_text(read: Callable[[Draw], Reading]) -> None:
    def draw(sheet: Sheet) -> None:
        sheet.heading("I.", "Traffic")
        sheet.paragraph(_words("Boats"), "1.")
        sheet.line("Figure II", font="Times-Bold")
        sheet.line("Boats by month", font="Times-Bold")
        sheet.canvas.rect(LEFT, sheet.y - 150, RIGHT - LEFT, 150)
        for n, label in enumerate(("Jan.", "Feb.", "Mar.", "40", "80")):
            sheet.at(LEFT + 20 + 60 * n, sheet.y - 140 + 20 * n, label, "Helvetica", 7)
        sheet.y -= 170
        sheet.paragraph(_words("Crews"), "2.")
        sheet.turn()

    blocks = read(draw).blocks
    assert _texts(blocks, "heading") == ["Traffic"]
    assert "Figure II: Boats by month" in _texts(blocks, "paragraph")
    assert not any("Feb." in block.text for block in blocks)
    assert _numbered(blocks) == ["1", "2"]


def test_reads_the_words_of_a_turned_page(read: Callable[[Draw], Reading]) -> None:
    def draw(sheet: Sheet) -> None:
        sheet.canvas.setPageRotation(90)
        sheet.canvas.translate(WIDTH, 0)
        sheet.canvas.rotate(90)
        for n in range(6):
            sheet.at(100, 500 - 12 * n, f"Line {n} of a page that is bound on its side but read upright")
        sheet.canvas.showPage()

    text = " ".join(block.text for block in read(draw).blocks)
    assert [text.index(f"Line {n}") for n in range(6)] == sorted(text.index(f"Line {n}") for n in range(6))
