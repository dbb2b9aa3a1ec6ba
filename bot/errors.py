"""What can go wrong between us and Slack.

BotError
├── Later       worth another try after a while; the delivery queue keeps the job
├── Refused     Slack will not do this, however often it is asked
├── Revoked     our token is no longer accepted; nothing can be posted until it is renewed
├── Stopped     the person pressed stop
└── TakenOver   another worker has the job now; nothing more may be said for it here
"""

from __future__ import annotations


class BotError(Exception):
    """Base of every error of this package."""


class Later(BotError):
    """Worth another try after a while."""

    def __init__(self, reason: str, seconds: float | None = None, unsure: bool = False) -> None:
        """`seconds` until the next try, where Slack named them; `unsure`: Slack may have done it all the same."""
        super().__init__(reason + (f": again in {seconds:g} s" if seconds is not None else ""))
        self.seconds, self.unsure = seconds, unsure


class Refused(BotError):
    """Slack will not do this."""

    def __init__(self, method: str, code: str) -> None:
        """`code` is Slack's own word for it, such as `channel_not_found`."""
        super().__init__(f"{method}: {code}")
        self.method, self.code = method, code


class Revoked(BotError):
    """Our token is no longer accepted."""


class Stopped(BotError):
    """The person pressed stop."""


class TakenOver(BotError):
    """Another worker has the job now."""
