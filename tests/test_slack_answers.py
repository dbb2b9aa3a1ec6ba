"""Behaviours 2 to 5 of the Slack notes, section 4: never silent, stop, streams that survive, sources that work."""

from __future__ import annotations

import dataclasses
import hashlib
import re
import time
from pathlib import Path
from urllib.parse import unquote, urlsplit

from slack_double_people import OLD_DOCUMENT, TableAssistant, answer, citation
from slack_double_rules import Fault, live, size
from slack_double_world import CHANNEL, DM, body_words, in_event_loop, world

from assistant.answers import Status
from bot.desk import Manners

Q = "who decides on quips?"
MESSAGE_BYTES = 9_000
PATIENT = Manners("https://guidance.example.org", 10, 0.05)


@in_event_loop
async def test_behaviour_02_never_silent(tmp_path: Path) -> None:
    broken = TableAssistant(failures=[RuntimeError("secret detail in /etc")] * 3)
    async with world(tmp_path, broken) as w:
        await w.send(w.mention(Q))
        await w.quiet()
        (post,) = w.double.posts(CHANNEL)
        assert re.search(r"FP-\d{5}", post["text"])
        assert "secret detail" not in str(post)
        assert not w.double.hanging()

        w.asks.failures = [RuntimeError("once")]
        w.asks.table[Q] = answer()
        await w.send(w.dm(Q))
        await w.quiet()
        assert "Special Representative" in w.double.posts(DM)[0]["text"]

        w.double.fail("chat.postMessage", Fault(200, "not_in_channel"), Fault(200, "not_in_channel"))
        await w.send(w.mention(Q))
        await w.quiet()
        assert re.search(r"FP-\d{5}", w.double.posts("UMEMBER")[0]["text"])  # said directly instead


@in_event_loop
async def test_a_slow_answer_shows_a_status_that_is_taken_down_again(tmp_path: Path) -> None:
    async with world(tmp_path, TableAssistant({Q: answer()}, seconds=0.5), manners=PATIENT) as w:
        body = w.dm(Q)
        await w.send(body)
        await w.until(lambda: w.double.hanging())
        assert w.double.sessions[DM, body["event"]["ts"]] == "processing"  # carries the stop button
        await w.quiet()
        assert not w.double.hanging()
        assert w.double.sessions[DM, body["event"]["ts"]] == "active"


@in_event_loop
async def test_a_question_that_cannot_be_asked_is_answered_with_the_reason(tmp_path: Path) -> None:
    from assistant.errors import QuestionError

    async with world(tmp_path, TableAssistant(failures=[QuestionError("the question has 5000 characters")])) as w:
        await w.send(w.dm("x"))
        await w.quiet()
        assert w.double.posts()[0]["text"] == "The question has 5000 characters."


@in_event_loop
async def test_behaviour_03_stop_works(tmp_path: Path) -> None:
    words = answer("word " * 400)
    asks = TableAssistant({Q: words}, seconds=0.02, pieces=lambda text: re.findall(r"\S+ ", text))
    async with world(tmp_path, asks, stream=True, manners=PATIENT) as w:
        body = w.dm(Q)
        await w.send(body)
        await w.until(lambda: len(w.double.called("chat.appendStream")) >= 1)
        stop = {"type": "agent_session_stopped", "channel": DM, "thread_ts": body["event"]["ts"], "user": "UMEMBER"}
        pressed = time.monotonic()
        await w.send(w.event(stop))
        await w.until(lambda: asks.ended)
        assert asks.ended[0] - pressed < 1
        appended = len(w.double.called("chat.appendStream"))
        await w.quiet()
        assert len(w.double.called("chat.appendStream")) == appended
        (post,) = w.double.posts()
        assert "Stopped" in post["text"] and "word" not in str(post["blocks"])
        assert not w.double.hanging()


@in_event_loop
async def test_an_append_refused_as_stopped_by_user_is_a_stop(tmp_path: Path) -> None:
    asks = TableAssistant({Q: answer("word " * 400)}, pieces=lambda text: re.findall(r"\S+ ", text))
    async with world(tmp_path, asks, stream=True) as w:
        w.double.fail("chat.appendStream", Fault(200, "stopped_by_user"))
        await w.send(w.dm(Q))
        await w.quiet()
        assert "Stopped" in w.double.posts()[0]["text"]
        assert len(w.double.called("chat.appendStream")) == 1


@in_event_loop
async def test_behaviour_04_streams_survive(tmp_path: Path) -> None:
    text = " ".join(f"Sentence {n} says what the guidance says." for n in range(60)) + " [1]"
    asks = TableAssistant({Q: answer(text, [citation()])}, pieces=lambda text: re.findall(r"\S+\s*", text))
    for method in ("chat.appendStream", "chat.stopStream", None):
        async with world(tmp_path / str(method), asks, stream=True) as w:
            gone = Fault(200, "message_not_in_streaming_state")
            if method == "chat.appendStream":
                w.double.fail(method, Fault(503), gone)
            elif method:
                w.double.fail(method, gone)
            await w.send(w.dm(Q))
            await w.quiet()
            (post,) = w.double.posts()
            shown = post["markdown_text"].replace("\\", "") or body_words(post)
            assert _hash(shown) == _hash(text), method
            kinds = [block["type"] for block in post["blocks"]]
            assert "container" in kinds and "context_actions" in kinds
            assert bool(w.double.called("chat.update")) == (method is not None)


@in_event_loop
async def test_a_stream_that_outlives_five_minutes_keeps_its_whole_text(tmp_path: Path) -> None:
    text = "word " * 800
    asks = TableAssistant({Q: answer(text, [citation()])}, seconds=0.002, pieces=lambda t: re.findall(r"\S+ ", t))
    async with world(tmp_path, asks, stream=True) as w:
        await w.send(w.dm(Q))
        await w.until(lambda: w.double.called("chat.appendStream"))
        w.double.offset += 301
        await w.quiet()
        (post,) = w.double.posts()
        assert _hash(body_words(post)) == _hash(text)


@in_event_loop
async def test_a_long_arabic_answer_arrives_in_order_in_small_messages(tmp_path: Path) -> None:
    paragraph = "تتولى البعثة حماية المدنيين وفقا للولاية الممنوحة لها من مجلس الأمن. " * 14
    text = "\n".join(f"{number}. {paragraph.strip()}" for number in range(20))
    assert len(text) > 19_000
    for stream in (False, True):
        asks = TableAssistant({Q: answer(text, [citation(n) for n in range(1, 14)])})
        async with world(tmp_path / str(stream), asks, stream=stream) as w:
            await w.send(w.dm(Q))
            await w.quiet()
            posts = w.double.posts()
            assert all(size(post) <= MESSAGE_BYTES for post in posts)
            assert _hash("\n".join(body_words(post) for post in posts)) == _hash(text)
            assert not w.double.refusals


@in_event_loop
async def test_a_message_found_too_long_is_parted_and_odd_blocks_are_replaced(tmp_path: Path) -> None:
    text = "\n".join(f"Line {number} of the answer." for number in range(30))
    async with world(tmp_path, TableAssistant({Q: answer(text, [citation()])})) as w:
        w.double.fail("chat.postMessage", Fault(200, "msg_blocks_too_long"), Fault(200, "invalid_blocks"))
        await w.send(w.dm(Q))
        await w.quiet()
        first, second = w.double.posts()
        assert _hash(body_words(first) + "\n" + body_words(second)) == _hash(text)


@in_event_loop
async def test_behaviour_05_every_claim_has_a_working_source(tmp_path: Path) -> None:
    odd = "/documents/a (b) | c & d#p23"
    cited = [citation(1, url=odd), citation(2, standing="superseded", superseded_by="s-2026-1")]
    asks = TableAssistant({Q: answer(citations=cited, status=Status.ANSWERED_WITH_CAVEAT, notices=(OLD_DOCUMENT,))})
    async with world(tmp_path, asks) as w:
        await w.send(w.dm(Q))
        await w.send(w.dm("something the guidance does not hold"))
        await w.quiet()
        post, refusal = sorted(w.double.posts(), key=lambda post: "does not answer" in post["text"])
        (sources,) = [block for block in post["blocks"] if block["type"] == "container"]
        entries = [child["elements"][0]["elements"] for child in sources["child_blocks"]]
        numbers = [entry[0]["text"].strip() for entry in entries]
        assert numbers == sorted(set(re.findall(r"\[\d+\]", asks.table[Q].answer)))
        for entry, source in zip(entries, cited, strict=True):
            link = next(element for element in entry if element["type"] == "link")
            assert link["text"] == f"S/2025/54, para. {source.paragraph}"
            assert urlsplit(link["url"]).scheme == "https" and not set(link["url"]) & set(" ()|<>")
            assert unquote(link["url"]).endswith(source.url)
            assert source.title in str(entry) and str(source.date) in str(entry)
        assert sources["child_blocks"][0]["elements"][1]["elements"][0]["text"] == f"“{cited[0].quote}”"
        assert post["blocks"][0]["type"] == "alert" and post["blocks"][0]["level"] == "warning"
        assert "superseded by S/2026/1" in post["blocks"][0]["text"]["text"]
        assert "Sources" not in refusal["text"] and "Nearest guidance: S/2025/54" in refusal["text"]


@in_event_loop
async def test_without_a_public_address_sources_have_no_link(tmp_path: Path) -> None:
    async with world(tmp_path, TableAssistant({Q: answer()}), manners=Manners()) as w:
        await w.send(w.dm(Q))
        await w.quiet()
        (post,) = w.double.posts()
        assert '"link"' not in str(post["blocks"]).replace("'", '"')
        assert "S/2025/54, para. 23" in str(post["blocks"])


@in_event_loop
async def test_slack_says_the_same_words_as_the_assistant(tmp_path: Path) -> None:
    text = "A & B decide <together>. [1]\n- first\n- *second* item"
    async with world(tmp_path, TableAssistant({Q: answer(text, [citation()])})) as w:
        await w.send(w.dm(Q))
        name = await w.command(Q)
        await w.quiet()
        (post,) = w.double.posts()
        assert body_words(post) == text
        assert body_words(w.double.responses[name][0]) == text
        assert post["text"].startswith("A &amp; B decide &lt;together&gt;. [1]")
        assert "S/2025/54, para. 23" in post["text"]  # the notification names the source
        assert not live(post)


@in_event_loop
async def test_a_marked_answer_shows_its_marking_first(tmp_path: Path) -> None:
    marked = dataclasses.replace(answer(), classification="confidential")
    async with world(tmp_path, TableAssistant({Q: marked})) as w:
        await w.send(w.dm(Q, user="UCLEARED"))
        await w.quiet()
        assert w.double.posts()[0]["blocks"][0]["elements"][0]["text"] == "CONFIDENTIAL"


def _hash(text: str) -> str:
    return hashlib.sha256(" ".join(text.split()).encode()).hexdigest()


@in_event_loop
async def test_stop_works_where_nothing_is_streamed_too(tmp_path: Path) -> None:
    asks = TableAssistant({Q: answer()}, seconds=20)
    async with world(tmp_path, asks, manners=PATIENT) as w:
        body = w.mention(Q)
        await w.send(body)
        await w.until(lambda: w.double.hanging())
        thread = {"channel": CHANNEL, "thread_ts": body["event"]["ts"], "user": "UMEMBER"}
        pressed = time.monotonic()
        await w.send(w.event({"type": "agent_session_stopped", **thread}))
        await w.until(lambda: asks.ended)
        assert asks.ended[0] - pressed < 1
        await w.quiet()
        assert [post["text"] for post in w.double.posts()] == ["Stopped. Ask again whenever you like."]
        assert not w.double.hanging()
