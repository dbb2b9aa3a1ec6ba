"""Behaviour 9 of the Slack notes, section 4, and the other manners: roles, briefing, hand-over, Home tab, shortcuts."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from slack_double import TEAM
from slack_double_people import TableAssistant, answer
from slack_double_world import CHANNEL, DM, MEMBER, World, button, in_event_loop, world

from bot.desk import Manners

Q = "who decides on quips?"


@in_event_loop
async def test_behaviour_09_conversation_hygiene(tmp_path: Path) -> None:
    async with world(tmp_path, TableAssistant({Q: answer()})) as w:
        first = w.dm(Q)
        ts = first["event"]["ts"]
        await w.send(first)
        await w.send(w.dm("and in emergencies?", thread_ts=ts))
        await w.send(w.dm("another matter"))
        await w.quiet()
        histories = {question.text: question.history for question, _ in w.asks.asked}
        assert histories == {Q: (), "and in emergencies?": (Q,), "another matter": ()}
        post, follow_up = [post for post in w.double.posts() if post["thread_ts"] == ts]
        assert "Special Representative" in post["text"] and "does not answer" in follow_up["text"]
        await _rates(w, post)
        await _edits(w, ts)

        await w.send(w.event({"type": "message", "subtype": "message_deleted", "channel_type": "im", "channel": DM,
                              "deleted_ts": ts, "previous_message": {"user": MEMBER, "text": Q}}))  # fmt: skip
        await w.quiet()
        assert (DM, post["ts"]) not in w.double.messages
        assert not [words for words in (Q, "who decides now?", "who decides at all?") if words in _file(w)]
        assert [post for post in w.double.posts() if "decides" in post["text"]] == []
        assert w.log.forgotten == [(f"{TEAM}/{MEMBER}", f"slack:{DM}/{ts}")]

        assert "another matter" in _file(w)
        await w.click({"action_id": "forget_me", "value": "forget"}, {"channel": ""})
        await w.quiet()
        assert "another matter" not in _file(w)
        assert w.bot.desk.sessions.count(f"{TEAM}/{MEMBER}") == 0
        assert (f"{TEAM}/{MEMBER}", None) in w.log.forgotten
        assert "No questions of yours are kept" in str(w.double.views[-1])


async def _rates(w: World, post: dict) -> None:  # type: ignore[type-arg]
    rating = button(post, "feedback")
    down = {"action_id": "feedback", "type": "feedback_buttons", "value": rating["negative_button"]["value"]}
    clicked = time.monotonic()
    await asyncio.gather(w.click(down, post), w.click(down, post))
    assert time.monotonic() - clicked < 1
    await w.until(lambda: w.double.views)
    assert time.monotonic() - clicked < 3
    assert [verdict for verdict, _, _ in w.log.verdicts.values()] == ["down"]  # once, though clicked twice
    values = {
        "reason": {"reason": {"selected_option": {"value": "outdated"}}},
        "comment": {"comment": {"value": "See X"}},
    }
    view = {**w.double.views[-1], "state": {"values": values}}
    body = {"type": "view_submission", "user": {"id": MEMBER}, "team": {"id": TEAM}, "view": view}
    assert (await w.send(body, form=True)).status_code == 200
    assert list(w.log.verdicts.values()) == [("down", "outdated", "See X")]
    stranger = await w.click(down, post, user="U2")
    assert "Only the person who asked" in await w.said(stranger)


async def _edits(w: World, ts: str) -> None:
    before = len(w.double.posts())
    for old, new in ((Q, Q), (Q, "who decides now?"), ("who decides now?", "who decides at all?")):
        await w.send(w.event({
            "type": "message", "subtype": "message_changed", "channel_type": "im", "channel": DM,
            "message": {"user": MEMBER, "ts": ts, "text": new}, "previous_message": {"user": MEMBER, "text": old},
        }))  # fmt: skip
    await w.quiet()
    assert len(w.double.posts()) == before + 1  # offered once; an unfurl, which changes no words, counts for nothing
    offer = w.double.posts()[-1]
    await w.click(button(offer, "answer_again"), offer)
    await w.quiet()
    assert w.asks.asked[-1][0].text == "who decides at all?"
    assert w.double.posts()[-1]["thread_ts"] == ts


@in_event_loop
async def test_a_question_deleted_while_it_is_answered_gets_no_answer(tmp_path: Path) -> None:
    async with world(tmp_path, TableAssistant({Q: answer()}, seconds=1)) as w:
        body = w.dm(Q)
        await w.send(body)
        await w.until(lambda: w.asks.asked)
        await w.send(w.event({"type": "message", "subtype": "message_deleted", "channel_type": "im", "channel": DM,
                              "deleted_ts": body["event"]["ts"]}))  # fmt: skip
        await w.quiet()
        assert not w.double.posts() and Q not in _file(w) and not w.double.hanging()


@in_event_loop
async def test_a_newcomer_is_offered_the_briefing_section_by_section(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        await w.send(w.dm("I have just been appointed DSRSG"))
        await w.quiet()
        (offer,) = w.double.posts()
        assert "DSRSG/RC/HC" in offer["text"]
        await asyncio.gather(*(w.click(button(offer, "briefing"), offer) for _ in range(2)))
        await w.quiet()
        _, first = w.double.posts()
        assert first["text"].startswith("Reporting lines (1 of 2)\nYou report to the SRSG. [1]")
        assert first["thread_ts"] == offer["thread_ts"]
        await w.click(button(first, "briefing"), first)
        await w.quiet()
        assert "What to read first (2 of 2)" in w.double.posts()[-1]["text"]
        await w.send(w.dm(Q))  # the role is kept, and asked with from now on
        await w.quiet()
        assert w.asks.asked[-1][0].role == "dsrsg-rc-hc"


@in_event_loop
async def test_an_unanswered_question_goes_to_the_focal_point_once(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        await w.send(w.dm("what about drones?"))
        await w.quiet()
        (refusal,) = w.double.posts()
        first = await w.click(button(refusal, "hand_over"), refusal)
        await w.click(button(refusal, "hand_over"), refusal)
        await w.quiet()
        (handed,) = w.double.posts("UFOCAL")
        assert "what about drones?" in handed["text"]
        assert "Passed on" in await w.said(first)
        assert [status for (status, reason, _) in w.log.verdicts.values() if reason == "handed_over"] == ["down"]
        assert str(w.log.added[0][0].status) == "not_found"


@in_event_loop
async def test_the_home_tab_tells_what_is_covered_and_keeps_a_chosen_role(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        home = {"type": "app_home_opened", "user": MEMBER, "channel": DM, "tab": "home"}
        await w.send(w.event(home))
        await w.quiet()
        assert "1 document you may read" in str(w.double.views[0]) and "S/2025/54" in str(w.double.views[0])
        chosen = {"action_id": "choose_role", "type": "static_select", "selected_option": {"value": "srsg"}}
        await w.click(chosen, {"channel": ""})
        await w.quiet()
        assert "'initial_option': {'text': {'type': 'plain_text', 'text': 'SRSG'" in str(w.double.views[-1])
        await w.crash()
        await w.start_bot()
        await w.send(w.event({**home, "tab": "messages"}))
        await w.quiet()
        assert "SRSG" in w.double.prompts[DM][0]["message"]
        assert "thread_ts" not in w.double.called("assistant.threads.setSuggestedPrompts")[0]


@in_event_loop
async def test_a_command_and_a_shortcut_are_answered_privately(tmp_path: Path) -> None:
    async with world(tmp_path, TableAssistant({Q: answer()})) as w:
        assert "Special Representative" in await w.said(await w.command(Q))
        assert "I answer from the mission's own guidance" in await w.said(await w.command(""))
        url = w.respond_url()
        body = {
            "type": "message_action", "callback_id": "check_guidance", "trigger_id": w.trigger(), "response_url": url,
            "user": {"id": MEMBER}, "team": {"id": TEAM}, "channel": {"id": CHANNEL},
            "message": {"text": f"<@U2> asked: {Q}", "ts": "1.1"},
        }  # fmt: skip
        assert (await w.send(body, form=True)).status_code == 200
        await w.said(url.rsplit("/", 1)[1])
        assert w.asks.asked[-1][0].text == f"somebody asked: {Q}"
        assert not w.double.posts()


@in_event_loop
async def test_somebody_in_a_hurry_hears_a_polite_word(tmp_path: Path) -> None:
    async with world(tmp_path, manners=Manners(questions_per_minute=3)) as w:
        for number in range(4):
            await w.send(w.dm(f"question {number}"))
        await w.send(w.dm("question of another person", user="U2", channel="D2"))
        await w.quiet()
        assert len(w.asks.asked) == 4
        assert ["more than 3 questions in a minute" in post["text"] for post in w.double.posts(DM)].count(True) == 1


@in_event_loop
async def test_uninstalling_leaves_nothing_behind(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        await w.send(w.dm("what about drones?"))
        await w.quiet()
        await w.send(w.event({"type": "app_uninstalled"}))
        await w.until(lambda: "drones" not in _file(w))
        assert w.log.forgotten == [(f"{TEAM}/{MEMBER}", None)]


@in_event_loop
async def test_words_that_are_no_question_get_help_instead_of_a_search(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        await w.send(w.dm("Hello!"))
        await w.send(w.dm("", files=[{"id": "F1"}], subtype="file_share"))
        await w.quiet()
        greeting, files = sorted(w.double.posts(), key=lambda post: "files" in post["text"])
        assert "I answer from the mission's own guidance" in greeting["text"]
        assert "cannot read files" in files["text"]
        assert not w.asks.asked


def _file(w: World) -> str:
    """Everything the bot's file holds, erased words that linger on the disk included."""
    return "".join(path.read_bytes().decode("utf-8", "replace") for path in w.home.glob("slack.sqlite3*"))
