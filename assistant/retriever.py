"""Our retrieval as a LangChain retriever, for chains of one's own; it cannot be made without an asker."""

from __future__ import annotations

import datetime as dt
from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import Field

from assistant.citations import cite, place
from assistant.surfaces import DEFAULT_CEILINGS, Ceilings, Surface, lowered
from knowledge.access import Asker
from knowledge.retrieval import Retriever
from knowledge.retrieved import RetrievedPassage, Scope


class FocalPointRetriever(BaseRetriever):
    """Gives the passages that one asker may read, best first, as LangChain documents.

    >>> retriever = FocalPointRetriever(search=assistant.retriever, asker=PUBLIC)  # doctest: +SKIP
    >>> retriever.invoke("Who chairs the integrated mission task force?")  # doctest: +SKIP

    `page_content` is the passage; `metadata` holds what a citation needs, the document's standing among it. A chain
    that shows the text elsewhere names that surface, so that its ceiling holds.
    """

    search: Retriever
    asker: Asker
    limit: int = Field(default=10, ge=1, le=50)
    scope: Scope = Scope()
    surface: Surface = Surface.CLI
    ceilings: Ceilings = Field(default_factory=lambda: dict(DEFAULT_CEILINGS))

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        asker = lowered(self.asker, self.surface, self.ceilings)
        found = self.search.retrieve(query, asker, (), self.scope, self.limit)
        return [as_document(passage, number) for number, passage in enumerate(found.passages, 1)]


def as_document(found: RetrievedPassage, number: int) -> Document:
    """A retrieved passage as a LangChain document with plain metadata."""
    citation = cite(found, found.passage.text, number, dt.date.today())
    metadata: dict[str, Any] = {
        "passage_id": citation.passage_id,
        "document_id": citation.document_id,
        "symbol": citation.symbol,
        "title": citation.title,
        "date": citation.date,
        "section": list(citation.section),
        "paragraph": citation.paragraph,
        "part": citation.part,
        "page": citation.page,
        "place": place(citation),
        "standing": citation.standing,
        "superseded_by": citation.superseded_by,
        "binding": citation.binding,
        "classification": str(found.document.classification),
        "score": round(found.score, 4),
    }
    return Document(page_content=found.passage.text, metadata=metadata, id=citation.passage_id)
