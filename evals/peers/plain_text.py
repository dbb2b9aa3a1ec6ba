"""The words of a file as the usual loaders give them: no structure, no cleaning."""

from __future__ import annotations

import re
from pathlib import Path


def plain_text(path: Path) -> str:
    """The text of a PDF by pdfium, page after page, or of a text file as it stands; front matter is left out."""
    if path.suffix.lower() == ".pdf":
        import pypdfium2  # type: ignore[import-untyped]  # ships no types

        with pypdfium2.PdfDocument(path) as pdf:
            return "\n".join(page.get_textpage().get_text_range() for page in pdf)
    return re.sub(r"\A---\n.*?\n---\n", "", path.read_text(encoding="utf-8", errors="replace"), flags=re.DOTALL)
