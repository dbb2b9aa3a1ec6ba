"""The pipeline of the LangChain tutorial ("Build a RAG application", part 1): what a developer would have by tonight.

Plain text, RecursiveCharacterTextSplitter 1000/200, the same all-MiniLM-L6-v2 weights, Chroma, the top four pieces.
The tutorial's chat model is left out, as ours is: the text of the pieces, cut to as many words as our answers have on
average, stands for the answer. It cites nothing and refuses nothing.
"""

from __future__ import annotations

import hashlib
import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from assistant.answers import Answer, Engine, Question, Status
from evals.peers.plain_text import plain_text
from evals.subjects import Hit

CHUNK_CHARACTERS, OVERLAP_CHARACTERS, TOP = 1000, 200, 4


class Tutorial:
    """The tutorial's pipeline over files, in memory."""

    def __init__(self, files: Mapping[str, Path], words: int) -> None:
        """Split, embed and index the files, given by document id; answers are cut to `words` words."""
        from langchain_chroma import Chroma
        from langchain_core.documents import Document
        from langchain_text_splitters import RecursiveCharacterTextSplitter

        splitter = RecursiveCharacterTextSplitter(chunk_size=CHUNK_CHARACTERS, chunk_overlap=OVERLAP_CHARACTERS)
        texts = {document: plain_text(path) for document, path in files.items()}
        self._files = dict(files)
        self._pieces = {
            document: [(f"{document}:{i}", piece) for i, piece in enumerate(splitter.split_text(text))]
            for document, text in texts.items()
        }
        self._store = Chroma(collection_name=f"tutorial-{uuid.uuid4().hex[:8]}", embedding_function=_embeddings())
        documents = [
            Document(page_content=piece, metadata={"document": document, "piece": key})
            for document, pieces in self._pieces.items()
            for key, piece in pieces
        ]
        for start in range(0, len(documents), 1000):
            self._store.add_documents(documents[start : start + 1000])
        self._words = words
        self.settings: dict[str, Any] = {
            "splitter": f"{CHUNK_CHARACTERS}/{OVERLAP_CHARACTERS}",
            "top": TOP,
            "words": words,
            "model": "all-MiniLM-L6-v2",
        }
        self.fingerprint = hashlib.sha256("\0".join(texts.values()).encode()).hexdigest()[:16]

    def search(self, question: Question, limit: int) -> list[Hit]:
        """The nearest pieces; earlier turns are not used, as in the tutorial."""
        found = self._store.similarity_search_with_score(question.text, k=limit)
        return [
            Hit(piece.metadata["piece"], piece.metadata["document"], None, None, piece.page_content, -float(distance))
            for piece, distance in found
        ]

    def ask(self, question: Question) -> Answer:
        """The top pieces' words, cut."""
        started = time.perf_counter()
        hits = self.search(question, TOP)
        milliseconds = (time.perf_counter() - started) * 1000
        words = " ".join(hit.text for hit in hits).split()[: self._words]
        engine = Engine("tutorial", None, self.fingerprint)
        answer = Answer(uuid.uuid4().hex, question.text, Status.ANSWERED, " ".join(words), engine=engine)
        return answer.with_timing(retrieve=milliseconds)

    def documents(self) -> dict[str, str]:
        """sha256 of every file, by document id."""
        return {document: hashlib.sha256(path.read_bytes()).hexdigest() for document, path in self._files.items()}

    def passages(self, document_id: str) -> Sequence[tuple[str, str]]:
        """(id, text) of every piece of a document."""
        return self._pieces.get(document_id, [])


def _embeddings() -> Any:
    """The packaged weights behind LangChain's interface, as HuggingFaceEmbeddings would run them."""
    from langchain_core.embeddings import Embeddings
    from sentence_transformers import SentenceTransformer
    from transformers.utils.logging import disable_progress_bar

    from knowledge.embedding import packaged_model

    disable_progress_bar()  # type: ignore[no-untyped-call]  # untyped there
    model = SentenceTransformer(str(packaged_model()), device="cpu", local_files_only=True)
    model.max_seq_length = 256

    class MiniLM(Embeddings):
        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            vectors: list[list[float]] = model.encode(texts, show_progress_bar=False).tolist()
            return vectors

        def embed_query(self, text: str) -> list[float]:
            return self.embed_documents([text])[0]

    return MiniLM()
