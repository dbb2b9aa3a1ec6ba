from collections.abc import Iterator

import openai
import pytest

from assistant.api.completions import Message, to_ask
from assistant.api.problems import Problem
from assistant.api.service import Service
from tests.fakes_api import open_world, serving

QUESTION = "With how many armed vehicles does every convoy leave the compound?"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with open_world(tmp_path_factory.mktemp("openai")) as opened:
        yield opened


@pytest.fixture(scope="module")
def client(service: Service) -> Iterator[openai.OpenAI]:
    _, secret = service.keys.add("chat front end")
    with serving(service) as url, openai.OpenAI(base_url=f"{url}/v1", api_key=secret, max_retries=0) as made:
        yield made


def test_the_client_lists_the_model(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["focal-point"]


def test_a_completion_carries_its_sources_in_the_text_and_in_a_field(client: openai.OpenAI) -> None:
    made = client.chat.completions.create(
        model="focal-point",
        temperature=0.2,
        max_tokens=500,
        messages=[{"role": "system", "content": "Be brief."}, {"role": "user", "content": QUESTION}],
    )
    text = made.choices[0].message.content or ""
    assert "[1]" in text and "Sources:\n[1] Convoy-Rules, para. 1" in text
    assert made.choices[0].finish_reason == "stop" and made.usage is not None
    assert made.model_extra is not None
    assert made.model_extra["citations"][0]["document_id"] == "convoy-rules"
    assert made.model_extra["focal"]["status"] == "answered"


def test_a_streamed_completion_gives_the_same_text(client: openai.OpenAI) -> None:
    messages: list = [{"role": "user", "content": [{"type": "text", "text": QUESTION}]}]  # type: ignore[type-arg]
    plain = client.chat.completions.create(model="x", messages=messages).choices[0].message.content
    text, citations, usage = "", None, None
    stream = client.chat.completions.create(
        model="x", messages=messages, stream=True, stream_options={"include_usage": True}
    )
    for chunk in stream:
        if chunk.choices:
            text += chunk.choices[0].delta.content or ""
        citations = (chunk.model_extra or {}).get("citations", citations)
        usage = chunk.usage or usage
    assert text == plain and citations and usage and usage.total_tokens > 0


def test_a_wrong_key_is_the_clients_authentication_error(client: openai.OpenAI) -> None:
    with pytest.raises(openai.AuthenticationError):
        client.with_options(api_key="focal_wrong_key").models.list()


def test_nothing_to_answer_is_the_clients_unprocessable_error(client: openai.OpenAI) -> None:
    with pytest.raises(openai.UnprocessableEntityError, match="no user message"):
        client.chat.completions.create(model="x", messages=[{"role": "system", "content": "hello"}])


def test_earlier_turns_are_the_history_and_refused_ones_are_not() -> None:
    turns = [("user", "first?"), ("assistant", "yes [1]"), ("user", "refused?"), ("assistant", "not in the guidance"),
             ("user", "third?"), ("user", "now?")]  # fmt: skip
    asked = to_ask([Message(role=role, content=text) for role, text in turns])  # type: ignore[arg-type]
    assert asked.question == "now?" and asked.history == ("first?", "third?")


def test_a_question_that_is_too_long_is_refused_not_cut() -> None:
    with pytest.raises(Problem) as caught:
        to_ask([Message(role="user", content="x" * 5000)])
    assert caught.value.status == 422
