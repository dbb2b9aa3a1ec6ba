"""The dense index: passage vectors in Chroma, one collection for each access class.

Only ids and vectors go in; text and metadata stay in the register, so erasing a document there erases its words.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from knowledge.errors import IndexDamaged
from knowledge.vectors import Vectors

REPAIR = "run `focal ingest --repair` (vectors are restored from the register, nothing is read again)"
BATCH = 2000
HNSW: Any = {"space": "ip", "ef_construction": 200, "ef_search": 300}
"""Searched widely enough that two builds of the same index give the same 60 nearest (recall 0.9998 on 3,738 passages;
Chroma's defaults: 0.994, and a fifth of the questions differ from build to build), in 0.7 ms."""


class VectorIndex:
    """Nearest passages by cosine. Open in one process at a time: Chroma's embedded store allows no second one."""

    def __init__(self, folder: Path) -> None:
        """Open or create the store in `folder`. Raises IndexDamaged if Chroma cannot open it."""
        import chromadb
        from chromadb.config import Settings

        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        try:
            self._client = chromadb.PersistentClient(str(folder), settings=Settings(anonymized_telemetry=False))
            self._collections: dict[int, Any] = {
                int(c.name.removeprefix("class-")): self._client.get_collection(c.name, embedding_function=None)
                for c in self._client.list_collections()
            }
        except Exception as error:
            raise IndexDamaged(
                f"the vector store in {folder} cannot be opened ({type(error).__name__}): {REPAIR}"
            ) from error

    def upsert(self, access_class: int, ids: Sequence[str], vectors: Vectors) -> None:
        """Add or overwrite vectors, shape (len(ids), dimensions), unit length."""
        collection = self._collections.get(access_class)
        if collection is None:
            collection = self._collections[access_class] = self._client.get_or_create_collection(
                f"class-{access_class}", embedding_function=None, configuration={"hnsw": HNSW}
            )
        for start in range(0, len(ids), BATCH):
            collection.upsert(ids=list(ids[start : start + BATCH]), embeddings=vectors[start : start + BATCH])

    def delete(self, access_class: int, ids: Sequence[str]) -> None:
        """Remove vectors; ids that are not there are ignored."""
        collection = self._collections.get(access_class)
        if collection is not None:
            for start in range(0, len(ids), BATCH):
                collection.delete(ids=list(ids[start : start + BATCH]))

    def search(self, access_class: int, vector: Vectors, limit: int) -> dict[str, float]:
        """Passage id to cosine (-1 to 1) of the `limit` nearest to one unit vector, nearest first."""
        collection = self._collections.get(access_class)
        if collection is None or limit < 1:
            return {}
        try:
            found = collection.query(query_embeddings=vector[None, :], n_results=limit, include=["distances"])
        except Exception as error:
            raise IndexDamaged(f"the vector store in {self.folder} cannot be searched: {REPAIR}") from error
        return {i: 1.0 - d for i, d in zip(found["ids"][0], found["distances"][0], strict=True)}

    def ids(self, access_class: int) -> set[str]:
        """Every id in the collection of an access class."""
        collection = self._collections.get(access_class)
        return set(collection.get(include=[])["ids"]) if collection is not None else set()

    def count(self, access_class: int) -> int:
        """Vectors in the collection of an access class."""
        collection = self._collections.get(access_class)
        try:
            return int(collection.count()) if collection is not None else 0
        except Exception as error:
            raise IndexDamaged(f"the vector store in {self.folder} cannot be read: {REPAIR}") from error

    def close(self) -> None:
        """Let go of the store's files."""
        self._client.close()  # type: ignore[attr-defined]  # on the concrete client, not on its interface
