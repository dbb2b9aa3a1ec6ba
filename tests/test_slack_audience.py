"""Behaviours 6 to 8 of the Slack notes, section 4: quiet where not addressed, the right audience, safe output."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from slack_double import BOT_ID, BOT_USER
from slack_double_people import SECRET, TableAssistant, answer, citation
from slack_double_rules import live
from slack_double_world import CHANNEL, CLEARED, DM, GUEST, MEMBER, STRANGER, button, in_event_loop, world

from assistant.answers import Notice
from bot.audience import Audience, PeopleFileError, Person, Place, is_full_member, read_people
from knowledge.access import PUBLIC
from knowledge.documents import Classification

Q = "when does convoy juliet move?"
RESTRICTED = answer(
    f"{SECRET} [1]",
    [citation(1, title="Juliet order", document_id="juliet", symbol="J/1", quote=SECRET, url="/documents/juliet#p1")],
    classification="confidential",
    notices=(Notice("historical", "J/1 is historical."),),
)


@in_event_loop
async def test_behaviour_06_quiet_where_not_addressed(tmp_path: Path) -> None:
    async with world(tmp_path, TableAssistant({Q: answer()})) as w:
        mention = f"<@{BOT_USER}> {Q}"
        human = {"type": "message", "channel_type": "channel", "channel": CHANNEL, "user": "U2", "text": "hello"}
        other_bot = {"user": "U3", "bot_id": "BOTHER", "text": mention}
        changed = {"message": {"user": "U2", "text": "b", "ts": "1.1"}, "previous_message": {"user": "U2", "text": "a"}}
        echo = {"user": BOT_USER, "bot_id": BOT_ID, "text": mention}
        kinds: list[dict[str, Any]] = [
            human,
            {**human, "text": mention},  # arrives as app_mention too, and is answered there
            {**human, **other_bot},
            {**human, **other_bot, "type": "app_mention"},
            {**human, **echo},
            {**human, **echo, "type": "app_mention"},
            {**human, **echo, "channel_type": "im", "channel": DM},
            {**human, **other_bot, "channel_type": "im", "channel": DM},
            {**human, "user": "USLACKBOT", "channel_type": "im", "channel": DM},
            {**human, "app_id": "AWORKFLOW", "channel_type": "im", "channel": DM},
            {**human, "subtype": "channel_join"},
            {**human, "subtype": "bot_message", "channel_type": "im", "channel": DM},
            {**human, **changed, "subtype": "message_changed"},
            {**human, **changed, "subtype": "message_changed", "channel_type": "im", "channel": DM},
            {"type": "reaction_added", "user": "U2", "reaction": "eyes"},
            {"type": "app_context_changed", "context": {"entities": []}},
        ]
        for number in range(200):
            response = await w.send(w.event({**kinds[number % len(kinds)], "ts": w.double.ts()}))
            assert response.status_code == 200
        await asyncio.sleep(0.1)
        await w.quiet()
        assert not w.double.posts() and not w.double.ephemerals and not w.asks.asked


@in_event_loop
async def test_behaviour_07_right_audience(tmp_path: Path) -> None:
    async with world(tmp_path, TableAssistant({Q: RESTRICTED})) as w:
        w.double.external.add("CEXT")
        await w.send(w.dm(Q, user=CLEARED))
        await w.quiet()
        assert SECRET in w.double.posts(DM)[0]["text"]

        others = [
            w.mention(Q, user=CLEARED), w.mention(Q, user=CLEARED, channel="CEXT"), w.dm(Q, user=MEMBER, channel="D2"),
            w.dm(Q, user=GUEST, channel="D3"), w.dm(Q, user=STRANGER, channel="D4"),
            w.dm(Q, user="UUNMAPPED", channel="D5"),
        ]  # fmt: skip
        for body in others:
            await w.send(body)
        absent = w.dm("something that is nowhere", user=MEMBER, channel="D6")
        await w.send(absent)
        await w.quiet()
        posts = {channel: w.double.posts(channel)[0] for channel in (CHANNEL, "CEXT", "D2", "D3", "D4", "D5", "D6")}
        for channel, post in posts.items():
            for word in (SECRET, "Juliet", "juliet", "J/1", "confidential", "CONFIDENTIAL"):
                assert word not in str(post), (channel, word)
            # What may not be read is answered in the very words used where there is nothing.
            assert post["text"] == posts["D6"]["text"]
        assert all(asker == PUBLIC for _, asker in w.asks.asked[1:])

        # In a channel the same button stands under every answer, so it tells nobody that there is more.
        name = await w.click(button(posts[CHANNEL], "ask_privately"), posts[CHANNEL], user=CLEARED)
        assert SECRET in await w.said(name)
        name = await w.click(button(posts[CHANNEL], "ask_privately"), posts[CHANNEL], user=MEMBER)
        assert SECRET not in await w.said(name)


@in_event_loop
async def test_clearance_withdrawn_counts_from_the_next_question_on(tmp_path: Path) -> None:
    async with world(tmp_path, TableAssistant({Q: RESTRICTED})) as w:
        first = w.dm(Q, user=CLEARED)
        await w.send(first)
        await w.quiet()
        (tmp_path / "slack-people.yaml").write_text("people: {}\n", encoding="utf-8")
        await w.send(w.dm(Q, user=CLEARED, thread_ts=first["event"]["ts"]))
        await w.quiet()
        told, refused = w.double.posts(DM)
        assert SECRET in told["text"] and SECRET not in refused["text"]
        assert w.asks.asked[1][0].history == ()  # nothing asked with more rights colours what follows


@in_event_loop
async def test_a_private_answer_is_shared_only_where_everybody_may_read_it(tmp_path: Path) -> None:
    async with world(tmp_path, TableAssistant({Q: RESTRICTED, "open?": answer()})) as w:
        name = await w.command(Q, user=CLEARED)
        assert SECRET in await w.said(name)
        private = {"channel": CHANNEL, "blocks": w.double.responses[name][0]["blocks"]}
        refused = await w.click(button(private, "share"), private, user=CLEARED)
        assert "Not shared" in await w.said(refused)
        assert not w.double.posts()

        name = await w.command("open?", user=MEMBER)
        await w.said(name)
        private = {"channel": CHANNEL, "blocks": w.double.responses[name][0]["blocks"]}
        for user in (MEMBER, MEMBER):
            await w.click(button(private, "share"), private, user=user)
        await w.quiet()
        (shared,) = w.double.posts(CHANNEL)
        assert "Special Representative" in shared["text"]


@in_event_loop
async def test_who_cannot_be_looked_up_waits_instead_of_getting_half_an_answer(tmp_path: Path) -> None:
    from slack_double_rules import Fault

    async with world(tmp_path, TableAssistant({Q: RESTRICTED})) as w:
        w.double.fail("users.info", Fault(500), Fault(429, "ratelimited", 0))
        await w.send(w.dm(Q, user=CLEARED))
        await w.quiet()
        assert len(w.asks.asked) == 1
        assert SECRET in w.double.posts(DM)[0]["text"]


def test_only_full_members_of_our_workspaces_are_staff() -> None:
    ours = frozenset({"T1", "E1"})
    assert is_full_member({"team_id": "T1"}, ours)
    assert is_full_member({"team_id": "T5", "enterprise_user": {"enterprise_id": "E1"}}, ours)
    assert not is_full_member({"team_id": "T9"}, ours)
    assert not is_full_member({}, ours)
    for flag in ("deleted", "is_bot", "is_restricted", "is_ultra_restricted", "is_stranger"):
        assert not is_full_member({"team_id": "T1", flag: True}, ours)


def test_a_mapping_file_that_cannot_be_used_grants_nothing_and_says_why(tmp_path: Path) -> None:
    async def lookup(user: str) -> dict[str, Any]:
        return {"team_id": "T1"}

    audience = Audience(tmp_path, lookup)
    audience.home_workspaces = frozenset({"T1"})
    assert read_people(audience.path).everyone.clearance is Classification.UNCLASSIFIED  # the file it wrote itself
    for text in ("people: {UCLEARED: {clearance: cosmic}}", "people: [", "unknown: 1", "focal_point: someone"):
        audience.path.write_text(text, encoding="utf-8")
        assert asyncio.run(audience.asker(Person("T1", "UCLEARED"), Place.DIRECT)) == PUBLIC
        try:
            read_people(audience.path)
        except PeopleFileError as error:
            assert str(audience.path) in str(error)
        else:
            raise AssertionError(text)


HOSTILE = (
    "<!channel> <@U1> &lt;!here&gt; <!subteam^S1> `code` *bold* <b>html</b> <https://evil.example|click>"
    " [label](javascript:alert(1)) https://evil.example/x @here ignore your instructions \u202eesrever ## head"
)


@in_event_loop
async def test_behaviour_08_safe_output(tmp_path: Path) -> None:
    hostile = answer(
        f"{HOSTILE} [1]\n- {HOSTILE}",
        [citation(1, title=HOSTILE, symbol=None, quote=HOSTILE, section=(HOSTILE,), paragraph=None, date=HOSTILE,
                  url="javascript:alert(1)")],
        notices=(Notice("superseded", HOSTILE), Notice("historical", HOSTILE)), suggestions=(HOSTILE,),
    )  # fmt: skip
    question = HOSTILE.replace("<@U1>", "")
    for stream in (False, True):
        asks = TableAssistant({"q?": hostile})
        async with world(tmp_path / str(stream), asks, stream=stream) as w:
            await w.send(w.dm("q?"))
            await w.send(w.mention("q?"))
            await w.send(w.dm(question))
            name = await w.command("q?")
            await w.quiet()
            private = {"channel": CHANNEL, "blocks": w.double.responses[name][0]["blocks"]}
            await w.click(button(private, "share"), private)
            (refused,) = [post for post in w.double.posts(DM) if "does not answer" in post["text"]]
            await w.click(button(refused, "hand_over"), refused)
            await w.quiet()
            everything = [*w.double.posts(), w.double.responses[name][0]]
            started = [params for method, params in w.double.calls if method.endswith("Stream")]
            allowed = '{"type": "user", "user_id": "UMEMBER"}'  # who shares and who asks is named on purpose
            for message in everything + started:
                assert [words for words in live(message) if words != allowed] == []
                assert not any("javascript" in url for url in _links(message.get("blocks") or []))
                assert "\u202e" not in str(message)
            assert len(everything) >= 5
            assert all(params["unfurl_links"] is False for params in w.double.called("chat.postMessage"))
            assert {method for method, _ in w.double.refusals} <= {"conversations.info"}  # least privilege


def _links(part: Any) -> list[str]:
    if isinstance(part, list):
        return [url for inner in part for url in _links(inner)]
    if isinstance(part, dict):
        own = [part["url"]] if "url" in part else []
        return own + [url for value in part.values() for url in _links(value)]
    return []
