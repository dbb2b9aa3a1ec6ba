"""Our retrieval inside a LangChain chain: an asker is required, and the access rules hold."""

from __future__ import annotations

import pytest
from langchain_core.runnables import RunnableLambda
from library import SECRET_WORD
from pydantic import ValidationError

from assistant.assistant import Assistant
from assistant.retriever import FocalPointRetriever
from assistant.surfaces import Surface
from knowledge.access import PUBLIC, Asker
from knowledge.documents import Classification
from knowledge.retrieved import Scope

CLEARED = Asker(Classification.CONFIDENTIAL)


def test_documents_carry_what_a_citation_needs(library: Assistant) -> None:
    retriever = FocalPointRetriever(search=library.retriever, asker=PUBLIC, limit=3)
    documents = retriever.invoke("How fast may a convoy drive on paved roads?")
    assert len(documents) == 3
    best = documents[0]
    assert "60 kilometres" in best.page_content and best.id == best.metadata["passage_id"]
    assert best.metadata["place"] == "FP/SOP/2024/7, para. 4" and best.metadata["standing"] == "in_force"


def test_there_is_no_retriever_without_an_asker(library: Assistant) -> None:
    with pytest.raises(ValidationError, match="asker"):
        FocalPointRetriever(search=library.retriever)  # type: ignore[call-arg]


def test_only_a_cleared_asker_on_a_surface_that_carries_it_sees_confidential_text(restricted: Assistant) -> None:
    def seen(asker: Asker, surface: Surface = Surface.CLI) -> bool:
        retriever = FocalPointRetriever(search=restricted.retriever, asker=asker, surface=surface)
        return any(SECRET_WORD in d.page_content.lower() for d in retriever.invoke(SECRET_WORD))

    assert seen(CLEARED)
    assert not seen(PUBLIC)
    assert not seen(CLEARED, Surface.SLACK_CHANNEL)


def test_it_composes_with_other_runnables_and_keeps_to_its_scope(library: Assistant) -> None:
    scope = Scope(documents=("convoy-sop-2019",))
    retriever = FocalPointRetriever(search=library.retriever, asker=PUBLIC, scope=scope)
    chain = retriever | RunnableLambda(lambda documents: {d.metadata["document_id"] for d in documents})
    assert chain.invoke("speed limit of a convoy") == {"convoy-sop-2019"}
