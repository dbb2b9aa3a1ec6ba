"""A check by strangers' code: our calls against the npm package emulate 0.12.2, where one is running.

npx emulate@0.12.2 start --service slack --port 4003 --seed tests/emulate.yaml      (Node 22 or newer)
SLACK_EMULATE_URL=http://127.0.0.1:4003/api/ pytest tests/test_slack_emulate.py
"""

from __future__ import annotations

import os

import pytest
from slack_double import TOKEN
from slack_double_people import answer
from slack_double_rules import live
from slack_double_world import body_words, in_event_loop
from slack_sdk.web.async_client import AsyncWebClient

from bot import blocks
from bot.errors import Refused
from bot.posting import Poster
from bot.splitting import Message

URL = os.environ.get("SLACK_EMULATE_URL", "")
pytestmark = pytest.mark.skipif(not URL, reason="SLACK_EMULATE_URL names no running emulate")
HOSTILE = "<!channel> <@U1> *b* https://evil.example A & B decide. [1] [2]"


@in_event_loop
async def test_an_answer_is_posted_threaded_updated_and_deleted() -> None:
    poster = Poster(AsyncWebClient(TOKEN, base_url=URL))
    channels = await poster.call(poster.client.api_call, api_method="conversations.list")
    channel = channels["channels"][0]["id"]
    question = await poster.post(channel, None, Message("who decides?"), "question")
    (message,) = blocks.render(answer(HOSTILE), "https://guidance.example.org")
    ts = await poster.post(channel, question, message, "1-0")

    thread = {"channel": channel, "ts": question}
    replies = await poster.call(poster.client.api_call, api_method="conversations.replies", json=thread)
    (kept,) = [reply for reply in replies["messages"] if reply["ts"] == ts]
    assert kept["thread_ts"] == question
    assert body_words(kept) == HOSTILE if kept.get("blocks") else "decide" in kept["text"]
    assert live(kept) == []

    await poster.update(channel, ts, Message("changed"))
    # emulate reads bodies only, while the SDK puts the arguments of some methods into the address.
    delete = {"api_method": "chat.delete", "json": {"channel": channel, "ts": ts}}
    await poster.call(poster.client.api_call, **delete)
    with pytest.raises(Refused, match="message_not_found"):
        await poster.call(poster.client.api_call, **delete)


@in_event_loop
async def test_a_channel_that_is_not_there_is_refused_for_good() -> None:
    poster = Poster(AsyncWebClient(TOKEN, base_url=URL))
    with pytest.raises(Refused, match="channel_not_found"):
        await poster.post("CNOWHERE", None, Message("hello"), "1-0")
