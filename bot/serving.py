"""The bot beside the HTTP service, over the same open index: what `focal serve` starts where a bot token is set."""

from __future__ import annotations

from typing import Protocol

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Router

from assistant.answer_log import AnswerLog
from assistant.assistant import Assistant
from assistant.roles.roles import load_roles
from assistant.settings import Settings
from bot.adapters import LoggedAnswers, RoleBriefings
from bot.app import EVENTS_PATH, SlackBot, build

HEALTH_PATH = "/slack/health"


class Opened(Protocol):
    """What an opened service shares with the bot."""

    settings: Settings
    assistant: Assistant
    answers: AnswerLog


class SlackCompanion:
    """Starts and closes the bot along with the service."""

    def __init__(self) -> None:
        """Nothing runs yet."""
        self._bot: SlackBot | None = None

    async def start(self, router: Router, service: Opened) -> None:
        """Start the bot; with a signing secret its request URL is opened too."""
        settings = service.settings
        briefings = RoleBriefings(service.assistant, load_roles(settings.folder))
        self._bot = build(service.assistant, settings, LoggedAnswers(service.answers), briefings)
        if self._bot is None:
            return
        if settings.slack_signing_secret is not None:
            router.add_route(EVENTS_PATH, self._bot.handle, methods=["POST"])
        router.add_route(HEALTH_PATH, self._health)
        await self._bot.start()

    async def _health(self, request: Request) -> Response:
        """Whether questions from Slack are heard and answered: 200 or 503, and why."""
        assert self._bot is not None
        health = await self._bot.health()
        return JSONResponse({"ok": health.ok, "detail": health.detail}, 200 if health.ok else 503)

    async def close(self, grace_seconds: float) -> None:
        """Let running answers finish."""
        if self._bot is not None:
            await self._bot.close(grace_seconds)
