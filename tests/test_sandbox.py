"""A file can cost its limits and nothing more; the reader's own process stays small and keeps going."""

from __future__ import annotations

import os
import resource
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from knowledge.documents import Block, Classification, Kind, Metadata, Reading
from knowledge.errors import ReadError
from knowledge.readers.sandbox import Limits, ReaderProcess

HERE = "test_sandbox"


def by_name(path: Path, **_: Any) -> Reading:
    """A reader whose behaviour is the file's name: what hostile files make of a parser."""
    action = path.stem
    if action == "loop":
        while True:
            pass
    if action == "sleep":
        time.sleep(60)
    if action == "memory":
        hoard = [bytearray(50_000_000) for _ in range(1000)]
        assert hoard
    if action == "die":
        os._exit(3)
    if action == "crash":
        raise RuntimeError("bad xref")
    if action == "write":
        path.with_suffix(".out").write_text("x" * 10)
    if action == "network":
        socket.create_connection(("127.0.0.1", 9))
    if action == "program":
        subprocess.run(["true"], check=False)
    if action == "huge":
        return Reading(Metadata(), (Block("paragraph", "x" * 3_000_000),))
    if action == "noise":
        print("a library's chatter")
        os.write(1, b"more chatter")
    return Reading(
        Metadata(kind=Kind.NOTE, classification=Classification.CONFIDENTIAL, audience=("a",)),
        (
            Block("paragraph", f"{os.getpid()} {action} “words”", page=1, number="1", note_marks=("1",)),
            Block("table", "", rows=(("a", ""), ("b", "c"))),
        ),
        pages=3,
        warnings=("one",),
    )


@pytest.fixture
def reader() -> Any:
    limits = Limits(wall_seconds=8, cpu_seconds=1, memory_megabytes=600, result_megabytes=1)
    with ReaderProcess(limits, reader=f"{HERE}:by_name") as process:
        yield process


def pid(reading: Reading) -> str:
    return reading.blocks[0].text.split()[0]


def test_brings_a_reading_back_unchanged_and_keeps_its_child(reader: ReaderProcess) -> None:
    first, second = reader.read_document(Path("one.md")), reader.read_document(Path("two.md"))
    assert pid(first) == pid(second) != str(os.getpid())
    assert first.metadata == Metadata(kind=Kind.NOTE, classification=Classification.CONFIDENTIAL, audience=("a",))
    assert first.blocks[0] == Block("paragraph", f"{pid(first)} one “words”", page=1, number="1", note_marks=("1",))
    assert first.blocks[1].rows == (("a", ""), ("b", "c"))
    assert (first.pages, first.warnings) == (3, ("one",))


@pytest.mark.parametrize(
    ("action", "reason"),
    [
        ("loop", "ran out of time"),
        ("memory", "ran out of memory"),
        ("die", "crashed"),
        ("crash", "bad xref"),
        ("write", "damaged"),
        ("network", "socket"),
        ("program", "subprocess.Popen"),
        ("huge", "larger than"),
    ],
)
def test_names_what_a_hostile_file_did_and_reads_the_next(
    reader: ReaderProcess, tmp_path: Path, action: str, reason: str
) -> None:
    with pytest.raises(ReadError, match=reason):
        reader.read_document(tmp_path / f"{action}.pdf")
    assert "next" in reader.read_document(Path("next.md")).blocks[0].text
    assert list(tmp_path.iterdir()) in ([], [tmp_path / "write.out"])


def test_stops_a_reader_that_waits_for_ever() -> None:
    with ReaderProcess(Limits(wall_seconds=2), reader=f"{HERE}:by_name") as process:
        began = time.monotonic()
        with pytest.raises(ReadError, match=r"limit 2 s"):
            process.read_document(Path("sleep.pdf"))
        assert time.monotonic() - began < 6


def test_what_libraries_print_does_not_mix_with_the_answers(reader: ReaderProcess) -> None:
    assert "noise" in reader.read_document(Path("noise.md")).blocks[0].text


def test_reads_ahead_in_order_and_yields_errors(reader: ReaderProcess) -> None:
    paths = [Path(name) for name in ("a.md", "crash.md", "die.md", "b.md")]
    found = list(reader.read_all(paths))
    assert [path for path, _ in found] == paths
    assert [isinstance(outcome, ReadError) for _, outcome in found] == [False, True, True, False]


def test_the_parent_stays_small_while_a_child_hoards(reader: ReaderProcess) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ReadError):
        reader.read_document(Path("memory.pdf"))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000


def test_the_real_reader_runs_in_the_child(tmp_path: Path) -> None:
    path = tmp_path / "a name\nwith a line end – ü.txt"
    path.write_text("The mission reports to the Council every three months on what it did.")
    with ReaderProcess() as process:
        assert process.read_document(path).blocks[0].text.startswith("The mission reports")
        with pytest.raises(ReadError, match="not a supported format"):
            process.read_document(tmp_path / "x.xyz")
        path.with_name("bad.md").write_text("---\nnonsense: 1\n---\ntext")
        assert "nonsense" in str(next(process.read_all([path.with_name("bad.md")]))[1])


def test_no_heavy_library_is_imported_for_a_text(tmp_path: Path) -> None:
    program = (
        "import sys, knowledge.readers.read; print([m for m in ('torch', 'chromadb', 'numpy') if m in sys.modules])"
    )
    output = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert output.strip() == "[]"
