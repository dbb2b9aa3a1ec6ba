"""Reads documents in a child process, so that a hostile or broken file can cost its limits and nothing more."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, fields
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

from knowledge.documents import Binding, Block, Classification, Kind, Metadata, Reading, Standing
from knowledge.errors import KnowledgeError, MetadataError, ReadError
from knowledge.readers.allowance import ASK_FOR_A_PAGE

_READER = "knowledge.readers.read:read_document"
_HEADER_BYTES = 8
_A_PAGE = b"\xff" * _HEADER_BYTES
"""In place of a header: the child starts on a page that takes long, and asks for the time."""
MB = 1_000_000
_FILES_A_CHILD = 200
"""A child is replaced after this many files, so that what parsers leak does not add up."""


@dataclass(frozen=True)
class Limits:
    """What reading one file may cost (fault row 11)."""

    wall_seconds: float = 60
    cpu_seconds: int = 45
    memory_megabytes: int = 1_500
    file_megabytes: int = 200
    result_megabytes: int = 100
    page_seconds: float = 60
    """More time for each page that text recognition says it starts on; one takes 1 to 5 s on a free core."""
    scan_seconds: float = 1800
    """All that pages may add to the wall-clock limit of one file."""


class ReaderProcess:
    """Reads documents in a child process that lives as long as this object and is replaced whenever it dies.

    Use it as a context manager. Not for several threads at once.
    """

    def __init__(self, limits: Limits | None = None, reader: str = _READER) -> None:
        """`reader` names the function to call in the child, as "module:function", taking a Path and `max_bytes`."""
        self._limits = limits or Limits()
        self._reader = reader
        self._child: subprocess.Popen[bytes] | None = None
        self._files = 0

    def __enter__(self) -> ReaderProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def read_document(self, path: Path) -> Reading:
        """Read one file. Raises ReadError or MetadataError, also where the child died or ran over a limit."""
        child = self._ready_child()
        assert child.stdin and child.stdout
        header = b""
        deadline = time.monotonic() + self._limits.wall_seconds
        last_deadline = deadline + self._limits.scan_seconds
        try:
            child.stdin.write(json.dumps(os.fspath(path.absolute())).encode() + b"\n")
            child.stdin.flush()
            while (header := self._receive(child.stdout, _HEADER_BYTES, deadline)) == _A_PAGE:
                deadline = max(deadline, min(time.monotonic() + self._limits.page_seconds, last_deadline))
            size = int.from_bytes(header, "big")
            if size > self._limits.result_megabytes * MB:
                raise ReadError(f"its text is larger than {self._limits.result_megabytes} MB; split it")
            outcome = json.loads(self._receive(child.stdout, size, deadline))
        except TimeoutError:
            self._stop()
            limit = f"limit {self._limits.wall_seconds:g} s"
            if header == _A_PAGE:
                limit = f"limit {self._limits.page_seconds:g} s a page, {self._limits.scan_seconds:g} s in all"
            raise ReadError(f"the reader ran out of time ({limit}); split the file or save it anew") from None
        except (EOFError, OSError):
            raise ReadError(self._cause_of_death()) from None
        except BaseException:
            self._stop()
            raise
        return _unpack(outcome)

    def read_all(self, paths: Iterable[Path]) -> Iterator[tuple[Path, Reading | ReadError]]:
        """Read the files in order, each while the caller is still busy with the one before; errors are yielded."""
        with ThreadPoolExecutor(1) as pool:
            ahead: tuple[Path, Future[Reading | ReadError]] | None = None
            for path in paths:
                following = (path, pool.submit(self._outcome, path))
                if ahead:
                    yield ahead[0], ahead[1].result()
                ahead = following
            if ahead:
                yield ahead[0], ahead[1].result()

    def _outcome(self, path: Path) -> Reading | ReadError:
        try:
            return self.read_document(path)
        except ReadError as error:
            return error
        except MetadataError as error:  # faulty front matter is a reason not to read the file
            return ReadError(str(error))

    def _ready_child(self) -> subprocess.Popen[bytes]:
        self._files += 1
        if self._child is not None and (self._child.poll() is not None or self._files > _FILES_A_CHILD):
            self._stop()
        if self._child is None:
            self._files = 1
            limits = json.dumps(asdict(self._limits))
            environment = {
                "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry),
                "PYTHONDONTWRITEBYTECODE": "1",
                "PATH": os.defpath,
                "LC_ALL": "C.UTF-8",
                # Address space, which the memory limit counts, is set aside for each thread that might allocate.
                "MALLOC_ARENA_MAX": "2",
                "OPENBLAS_NUM_THREADS": "1",
            }
            self._child = subprocess.Popen(
                [sys.executable, "-m", "knowledge.readers.sandbox", self._reader, limits],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment,
            )
        return self._child

    def _receive(self, stream: BinaryIO | Any, size: int, deadline: float) -> bytes:
        """Read exactly `size` bytes. Raises TimeoutError at the deadline, EOFError when the child is gone."""
        received = bytearray()
        while len(received) < size:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([stream], [], [], left)[0]:
                raise TimeoutError
            data = os.read(stream.fileno(), min(size - len(received), 1 << 20))
            if not data:
                raise EOFError
            received += data
        return bytes(received)

    def _cause_of_death(self) -> str:
        child, limits = self._child, self._limits
        try:
            code = child.wait(timeout=5) if child else 0
        except subprocess.TimeoutExpired:
            code = 0
        self._stop()
        if code == -signal.SIGXCPU:
            return f"the reader ran out of time (limit {limits.cpu_seconds} s of CPU); split the file or save it anew"
        if code in (-signal.SIGKILL, -signal.SIGABRT, _OUT_OF_MEMORY):
            limit = f"limit {limits.memory_megabytes} MB"
            return f"the reader ran out of memory ({limit}); split the file or save it anew"
        return f"the reader crashed on it (exit status {code}); open the file in its own program and save it anew"

    def _stop(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        for stream in (child.stdin, child.stdout):
            if stream:
                with contextlib.suppress(OSError):  # unsent bytes for a child that is gone
                    stream.close()
        child.wait()


def _unpack(outcome: dict[str, Any]) -> Reading:
    """Rebuild a reading from JSON: unlike a pickle it runs no code of a child that a file has taken over."""
    if "error" in outcome:
        raise (MetadataError if outcome["kind"] == "MetadataError" else ReadError)(str(outcome["error"]))
    blocks = tuple(Block(**{**block, **_tuples(block)}) for block in outcome["blocks"])
    enums = {"kind": Kind, "binding": Binding, "standing": Standing, "classification": Classification}
    metadata: dict[str, Any] = {
        key: enums[key](value) if key in enums else tuple(value) if isinstance(value, list) else value
        for key, value in outcome["metadata"].items()
        if value is not None
    }
    return Reading(Metadata(**metadata), blocks, outcome["pages"], tuple(outcome["warnings"]))


def _tuples(block: dict[str, Any]) -> dict[str, Any]:
    changed: dict[str, Any] = {}
    if block.get("rows"):
        changed["rows"] = tuple(tuple(row) for row in block["rows"])
    if block.get("note_marks"):
        changed["note_marks"] = tuple(block["note_marks"])
    return changed


_DEFAULTS = {field.name: field.default for field in fields(Block)}


def _pack(reading: Reading) -> dict[str, Any]:
    blocks = [
        {name: value for name in _DEFAULTS if (value := getattr(block, name)) != _DEFAULTS[name]}
        for block in reading.blocks
    ]
    metadata = asdict(reading.metadata)
    return {"metadata": metadata, "blocks": blocks, "pages": reading.pages, "warnings": reading.warnings}


_OUT_OF_MEMORY = 71
_FORBIDDEN_EVENTS = frozenset(["socket.connect", "socket.bind", "socket.getaddrinfo", "subprocess.Popen", "os.system",
                               "os.exec", "os.fork", "os.posix_spawn"])  # fmt: skip


def _refuse(event: str, arguments: tuple[object, ...]) -> None:
    """No parser has any business on the network or with other programs."""
    if event in _FORBIDDEN_EVENTS:
        raise PermissionError(f"a document's reader tried {event}")


def _set_limits(memory_bytes: int) -> None:
    import resource

    for limit, size in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 64),
    ):
        hard = resource.getrlimit(limit)[1]
        if hard == resource.RLIM_INFINITY or size <= hard:
            resource.setrlimit(limit, (size, size))


def _allow_cpu(seconds: float, *, at_least: bool = False) -> None:
    """Grant `seconds` of CPU from now on: the limit counts the whole life of a process.

    With `at_least`, a limit that is further off stays.
    """
    import resource

    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = int(used.ru_utime + used.ru_stime + seconds) + 1
    if at_least:
        limit = max(limit, resource.getrlimit(resource.RLIMIT_CPU)[0])
    resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))


def _serve(reader_name: str, limits: Limits) -> None:
    """Answer one request a line until standard input closes."""
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not mix with the answers
    sys.stdout = sys.stderr
    _set_limits(limits.memory_megabytes * MB)
    sys.addaudithook(_refuse)
    module, _, name = reader_name.partition(":")
    function: Callable[..., Reading] = getattr(importlib.import_module(module), name)
    reader = partial(function, max_bytes=limits.file_megabytes * MB)

    def ask() -> None:
        # Several threads may be busy with one page; the wall clock is what bounds it.
        _allow_cpu(limits.page_seconds * (os.cpu_count() or 1), at_least=True)
        output.write(_A_PAGE)
        output.flush()

    ASK_FOR_A_PAGE.set(ask)
    for line in sys.stdin.buffer:
        _allow_cpu(limits.cpu_seconds)
        answer = json.dumps(_answer(reader, Path(json.loads(line)))).encode()
        output.write(len(answer).to_bytes(_HEADER_BYTES, "big"))
        if len(answer) <= limits.result_megabytes * MB:
            output.write(answer)
        output.flush()


def _answer(reader: Callable[[Path], Reading], path: Path) -> dict[str, Any]:
    try:
        return _pack(reader(path))
    except KnowledgeError as error:
        return {"error": str(error), "kind": type(error).__name__}
    except MemoryError:
        os._exit(_OUT_OF_MEMORY)
    except Exception as error:  # a parser's own failure on a broken file is that file's failure
        return {"error": f"its content is damaged or not as its format demands ({type(error).__name__}: {error})"[:300],
                "kind": "ReadError"}  # fmt: skip


if __name__ == "__main__":
    _serve(sys.argv[1], Limits(**json.loads(sys.argv[2])))
