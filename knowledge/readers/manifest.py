"""Reads `manifest.yaml`, the file beside documents that says what they do not say of themselves."""

from __future__ import annotations

from pathlib import Path

import yaml

from knowledge.documents import Metadata
from knowledge.errors import MetadataError
from knowledge.readers.metadata import from_mapping

MANIFEST_NAME = "manifest.yaml"
MAX_BYTES = 5_000_000


def read_manifest(path: Path) -> dict[str, Metadata]:
    """Return the metadata of each file that the manifest at `path` names, by file name.

    Raises MetadataError that names the manifest, the entry and the field.
    """
    if not path.is_file():
        raise MetadataError(f"{path}: there is no such file")
    if path.stat().st_size > MAX_BYTES:
        raise MetadataError(f"{path}: is larger than {MAX_BYTES // 1_000_000} MB; split the folder")
    try:
        content = yaml.load(path.read_text(encoding="utf-8-sig"), Loader=_PlainLoader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise MetadataError(f"{path}: is not YAML: {' '.join(str(error).split())}") from error
    entries = content.get("documents") if isinstance(content, dict) else None
    if not isinstance(entries, list):
        raise MetadataError(f'{path}: needs a list named "documents", one entry a file')
    found: dict[str, Metadata] = {}
    for number, entry in enumerate(entries, 1):
        name, metadata = _entry(path, number, entry)
        if name in found:
            raise MetadataError(f'{path}: entry {number}: "{name}" has two entries; keep one')
        found[name] = metadata
    _refuse_shared_ids(path, found)
    return found


class _PlainLoader(yaml.SafeLoader):
    """YAML without aliases, which can unfold a short file into an endless one."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases (*name) are not allowed; write the value out")
        return super().compose_node(parent, index)


def _entry(path: Path, number: int, entry: object) -> tuple[str, Metadata]:
    if not isinstance(entry, dict) or not isinstance(entry.get("file"), str):
        raise MetadataError(f'{path}: entry {number}: needs a field "file" with the name of a file beside the manifest')
    name = entry["file"]
    if "/" in name or "\\" in name or name in ("", ".", ".."):
        raise MetadataError(f'{path}: entry {number}: file "{name}" must be the name of a file beside the manifest')
    try:
        return name, from_mapping({key: value for key, value in entry.items() if key != "file"})
    except MetadataError as error:
        raise MetadataError(f"{path}: entry {number} ({name}): {error}") from error


def _refuse_shared_ids(path: Path, found: dict[str, Metadata]) -> None:
    owner: dict[str, str] = {}
    for name, metadata in found.items():
        if metadata.id is not None and owner.setdefault(metadata.id, name) != name:
            raise MetadataError(
                f'{path}: {name}: id "{metadata.id}" is also that of {owner[metadata.id]}; ids are unique'
            )
