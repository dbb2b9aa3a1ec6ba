"""The bot in the real service: signed requests through the guard, the same words as HTTP, the real answer log."""

from __future__ import annotations

import json
import time
from pathlib import Path

import httpx
from fakes_api import PUBLIC_PAPERS, Paper, open_world, settings_for
from fakes_api import SECRET as RESTRICTED
from slack_double import APP_TOKEN, TEAM, TOKEN, SlackDouble
from slack_double_world import DM, MEMBER, PEOPLE, SECRET, USERS, body_words, in_event_loop
from slack_sdk.signature import SignatureVerifier

from assistant.api.app import create_app, guarded
from assistant.api.guard import Hosts
from bot.audience import FILE_NAME
from bot.doctor import checks_of, manifest
from bot.serving import SlackCompanion
from knowledge.documents import Classification

Q = "How does every convoy leave the compound?"


def _event(double: SlackDouble, text: str) -> dict[str, object]:
    ts = double.ts()
    event = {"type": "message", "channel_type": "im", "channel": DM, "user": MEMBER, "text": text, "ts": ts}
    double.messages[DM, ts] = dict(event)
    return {"type": "event_callback", "team_id": TEAM, "event_id": f"Ev{ts}", "event": event}


async def _deliver(client: httpx.AsyncClient, body: dict[str, object]) -> int:
    raw, stamp = json.dumps(body), str(int(time.time()))
    signature = SignatureVerifier(SECRET).generate_signature(timestamp=stamp, body=raw) or ""
    headers = {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": signature, "Content-Type": "application/json"}
    return (await client.post("/slack/events", content=raw, headers=headers)).status_code


@in_event_loop
async def test_slack_and_http_give_the_same_words_for_the_same_asker(tmp_path: Path) -> None:
    papers = (*PUBLIC_PAPERS, Paper("informant", RESTRICTED, Classification.CONFIDENTIAL))
    async with SlackDouble(users=dict(USERS)) as double:
        changes = {
            "slack_bot_token": TOKEN, "slack_signing_secret": SECRET, "slack_api_url": f"{double.url}/api/",
            "public_url": "https://guidance.example.org",
        }  # fmt: skip
        with open_world(tmp_path, papers, **changes) as service:
            (service.settings.folder / FILE_NAME).write_text(PEOPLE, encoding="utf-8")
            app, companion = create_app(service), SlackCompanion()
            await companion.start(app.router, service)
            transport = httpx.ASGITransport(app=guarded(app, Hosts.of(["focal.test"]), 10))
            async with httpx.AsyncClient(transport=transport, base_url="http://focal.test") as client:
                for question in (Q, "Where does informant Zebulon meet the commander?"):
                    over_http = (await client.post("/v1/ask", json={"question": question})).json()
                    assert await _deliver(client, _event(double, question)) == 200
                    count = len(double.posts())
                    end = time.monotonic() + 8
                    while len(double.posts()) == count and time.monotonic() < end:
                        await _pause()
                    post = double.posts()[-1]
                    shown = body_words(post).split("\nNearest guidance: ")[0]
                    assert shown.split() == over_http["answer"].split()
                    assert "Zebulon" not in str(post)
                    for citation in over_http["citations"]:
                        assert f"https://guidance.example.org{citation['url']}" in str(post["blocks"])
                assert (await client.get("/slack/health")).json() == {"ok": True, "detail": "nothing waiting"}
            await companion.close(1)
            logged = service.answers.rows()
            assert [row.surface for row in logged].count("slack_dm") == 2
            assert MEMBER not in str(logged)  # people stand in it under pseudonyms


async def _pause() -> None:
    import asyncio

    await asyncio.sleep(0.02)


async def _checks(tmp_path: Path, **changes: object) -> dict[str, tuple[bool, str]]:
    import asyncio

    settings = settings_for(tmp_path, **changes)
    found = await asyncio.to_thread(lambda: list(checks_of(settings)))
    return {check.name: (check.ok, check.detail) for check in found}


@in_event_loop
async def test_the_doctor_names_what_is_missing_and_what_to_do(tmp_path: Path) -> None:
    async with SlackDouble(users=dict(USERS)) as double:
        base = {"slack_bot_token": TOKEN, "slack_app_token": APP_TOKEN, "slack_api_url": f"{double.url}/api/"}
        good = await _checks(tmp_path, **base)
        assert all(ok for ok, _ in good.values()), good
        assert set(good) == {"slack token", "slack scopes", "slack events", "slack stop button", "slack people"}

        double.scopes = "chat:write,commands"
        double.stop_subscribed = False
        (tmp_path / FILE_NAME).write_text("people: {U1: {clearance: cosmic}}", encoding="utf-8")
        bad = await _checks(tmp_path, **{**base, "slack_app_token": "xapp-wrong"})
        assert "im:history" in bad["slack scopes"][1]
        assert "connections:write" in bad["slack events"][1]
        assert "agent_session_stopped" in bad["slack stop button"][1]
        assert "clearance" in bad["slack people"][1]
        assert not any(ok for name, (ok, _) in bad.items() if name != "slack token")

        assert "xoxb-" in (await _checks(tmp_path, **{**base, "slack_bot_token": "xoxp-1"}))["slack token"][1]
        assert "invalid_auth" in (await _checks(tmp_path, **{**base, "slack_bot_token": "xoxb-old"}))["slack token"][1]
        assert (
            "FOCAL_SLACK_APP_TOKEN"
            in (await _checks(tmp_path, slack_bot_token=TOKEN, slack_api_url=base["slack_api_url"]))["slack events"][1]
        )
    assert await _checks(tmp_path) == {}


def test_the_manifest_asks_for_what_is_used_and_for_no_reading_of_channels() -> None:
    scopes = manifest()["oauth_config"]["scopes"]["bot"]
    events = manifest()["settings"]["event_subscriptions"]["bot_events"]
    assert not [scope for scope in scopes if scope.startswith(("channels", "groups", "mpim", "users:read.email"))]
    assert {"app_mention", "message.im", "app_home_opened", "agent_session_stopped"} <= set(events)
    assert "agent_view" in manifest()["features"] and "assistant_view" not in manifest()["features"]
