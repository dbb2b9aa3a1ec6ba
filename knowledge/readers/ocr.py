"""Reads pictures of pages with text recognition, where the optional extra `ocr` is installed.

RapidOCR runs PP-OCRv6 (small) models, which come inside its package: nothing is fetched. Its text lines become runs
of letters like those of a PDF with text, so that everything after them is the same for both.
"""

from __future__ import annotations

import functools
import importlib.util
import math
import os
import re
from collections.abc import Iterator, Sequence
from typing import Any

from knowledge.readers.allowance import ask_for_a_page
from knowledge.readers.pdf_page import Run

SCALE = 2.0
"""Pixels a point (144 an inch): at 2.5 the pages of A/45/696/Add.1 read no better and take longer."""
LONGEST_SIDE = 2000
"""Pixels; a larger picture is scaled down by the engine anyway."""
THREADS = 4
_TYPE_SIZE = 0.62
"""Size of type as a share of the height of a detected line, which has a margin around the letters."""
_DESCENT = 0.3
"""From the middle of a line down to its baseline, in sizes of type."""
_MISREAD_NUMBER = re.compile(r"^(?=\D?\d|\d)[\dlIO]{2,3}\.(?=\s|[A-Z])")
_AS_DIGITS = str.maketrans("lIO", "110")
_RUN_TOGETHER = re.compile(r"^(\d{1,3}\.|\([a-z]{1,3}\)|[a-z]\))(?=[^\W\d])")


def installed() -> bool:
    """True where the optional extra is installed."""
    return importlib.util.find_spec("rapidocr") is not None


def scale_for(width: float, height: float) -> float:
    """Pixels a point at which to draw a page of this size in points."""
    return min(SCALE, LONGEST_SIDE / max(width, height, 1.0))


def recognize(picture: Any, scale: float) -> tuple[Run, ...]:
    """The words in a picture (height x width x 3 bytes, blue first) drawn at `scale`, placed in points."""
    ask_for_a_page()
    try:
        found = _engine()(picture)
    except Exception as error:  # of the engine's own kind, which only its package defines
        if "alloc" in str(error):
            raise MemoryError from error
        raise
    if not found.txts:
        return ()
    return tuple(
        run for corners, text in zip(found.boxes, found.txts, strict=True) for run in _runs(corners, text, scale)
    )


@functools.cache
def _engine() -> Any:
    from rapidocr import RapidOCR  # type: ignore[import-not-found,import-untyped,unused-ignore]

    threads = min(THREADS, os.cpu_count() or 1)
    return RapidOCR(
        params={
            "Global.log_level": "critical",
            "Global.use_cls": False,  # for lines upside down, which upright pages do not have
            "Rec.rec_batch_num": 1,  # six lines at once take as long and 300 MB more
            "EngineConfig.onnxruntime.intra_op_num_threads": threads,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )


def _runs(corners: Sequence[Sequence[float]], text: str, scale: float) -> Iterator[Run]:
    """The words of a detected line, its width shared out by their letters; corners go clockwise from the top left."""
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = (map(float, corner) for corner in corners)
    text = _RUN_TOGETHER.sub(r"\1 ", _MISREAD_NUMBER.sub(lambda m: m[0].translate(_AS_DIGITS), text.strip()))
    if not text or math.hypot(bx - ax, by - ay) < 0.7 * math.hypot(dx - ax, dy - ay):
        return  # turned text
    left, right = (ax + dx) / 2 / scale, (bx + cx) / 2 / scale
    size = _TYPE_SIZE * (math.hypot(dx - ax, dy - ay) + math.hypot(cx - bx, cy - by)) / 2 / scale
    baseline = (ay + by + cy + dy) / 4 / scale + _DESCENT * size
    letter = (right - left) / len(text)
    for word in re.finditer(r"\S+", text):
        x0, x1 = left + word.start() * letter, left + word.end() * letter
        yield Run(word[0], x0, x1, baseline, size, False, False, True, -1)
