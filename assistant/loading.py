"""Bringing documents in: files found, read in a child process, stored one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from assistant.bootstrap import NOTES, Home
from knowledge.documents import Classification, Metadata
from knowledge.errors import MetadataError
from knowledge.ingestion import Outcome, ingest
from knowledge.readers.manifest import MANIFEST_NAME, read_manifest
from knowledge.readers.read import find_files
from knowledge.readers.sandbox import Limits, ReaderProcess


def load(
    home: Home,
    paths: Sequence[Path],
    level: Classification = Classification.UNCLASSIFIED,
    found: Callable[[int], None] = lambda count: None,
    starter: bool = False,
    may_replace: Callable[[str], bool] = lambda document_id: True,
) -> Iterator[Outcome]:
    """Take in files and folders, one outcome a file as it is known; `found` hears how many files there are."""
    files, problems = find_files(paths)
    found(len(files) + len(problems))
    for path, reason in problems:
        yield Outcome(path, "failed", reason=reason)
    settings = home.settings
    limits = Limits(
        wall_seconds=settings.read_seconds,
        memory_megabytes=settings.read_megabytes,
        file_megabytes=settings.max_file_megabytes,
    )
    with ReaderProcess(limits) as reader:
        yield from ingest(
            home.store, reader, files, _Manifests(), level, starter, settings.highest_classification, may_replace
        )


def load_starter_notes(home: Home) -> list[Outcome]:
    """Take in the notes that come with the product."""
    return list(load(home, [NOTES], starter=True))


class _Manifests:
    """Each folder's manifest, read once; a faulty one is an error for every file it speaks for."""

    def __init__(self) -> None:
        self._entries: dict[Path, dict[str, Metadata] | MetadataError] = {}

    def __call__(self, path: Path) -> Metadata:
        folder = path.parent
        if folder not in self._entries:
            try:
                manifest = folder / MANIFEST_NAME
                self._entries[folder] = read_manifest(manifest) if manifest.exists() else {}
            except MetadataError as error:
                self._entries[folder] = error
        entries = self._entries[folder]
        if isinstance(entries, MetadataError):
            raise entries
        return entries.get(path.name, Metadata())
