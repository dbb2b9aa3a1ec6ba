"""Who is calling: a key, a token, the command line on this machine, or nobody in particular."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from assistant.api import metrics
from assistant.api.problems import Problem
from assistant.api.service import Service
from assistant.errors import SettingsError
from assistant.identity import ANONYMOUS, OPERATOR, Identity
from assistant.keys import PREFIX
from assistant.oidc import IssuerUnavailable
from assistant.surfaces import Surface, lowered
from knowledge.access import Asker

REFUSED = "a valid API key or token is needed: send it as `Authorization: Bearer …`"
bearer = HTTPBearer(auto_error=False, description="An API key of `focal keys add`, or a token of the set issuer.")


@dataclass(frozen=True)
class Caller:
    """A verified identity on one surface."""

    identity: Identity
    asker: Asker
    """The identity's asker, lowered to the surface."""
    surface: Surface


def service(request: Request) -> Service:
    """The opened service. Raises Problem 503 while it is still loading."""
    opened: Service | None = request.app.state.service
    if opened is None:
        raise Problem(503, "the model and the index are still loading", {"Retry-After": "2"})
    return opened


TheService = Annotated[Service, Depends(service)]


async def caller(
    request: Request,
    opened: TheService,
    x_focal_surface: Annotated[
        str | None, Header(description="`page` lowers what is shown to the page's ceiling; nothing raises it.")
    ] = None,
    described: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)] = None,
) -> Caller:
    """Find out who calls, hold them to their rate, and lower what they may read to the surface.

    `described` only puts the scheme into the OpenAPI description: a header it cannot parse must not pass for none.
    """
    headers = request.headers.getlist("authorization")
    address = request.client.host if request.client else "nowhere"
    if headers:
        identity = await opened.doors.run(lambda: _identify(opened, headers))
    else:
        identity = ANONYMOUS if opened.anonymous else None
    if identity is None:
        _hold_to_rate(opened, f"stranger {address}")
        raise Problem(401, REFUSED, {"WWW-Authenticate": "Bearer"})
    request.scope["asker"] = identity.pseudonym
    if not identity.operator:
        _hold_to_rate(opened, address if identity is ANONYMOUS else identity.pseudonym)
    surface = Surface.CLI if identity.operator else Surface.HTTP
    asker = lowered(identity.asker, surface, opened.settings.ceilings)
    if x_focal_surface == Surface.PAGE:
        surface = Surface.PAGE
        asker = lowered(asker, surface, opened.settings.ceilings)
    return Caller(identity, asker, surface)


TheCaller = Annotated[Caller, Depends(caller)]


def manager(found: TheCaller) -> Caller:
    """The caller, if they may manage the guidance. Raises Problem 403."""
    if not (found.identity.manager or found.identity.operator):
        raise Problem(403, "only guidance managers may do this")
    return found


TheManager = Annotated[Caller, Depends(manager)]


def operator(found: TheCaller) -> Caller:
    """The caller, if it is the command line on this machine. Raises Problem 403."""
    if not found.identity.operator:
        raise Problem(403, "only the command line on the server's own machine may do this")
    return found


TheOperator = Annotated[Caller, Depends(operator)]


def _identify(opened: Service, headers: list[str]) -> Identity | None:
    scheme, _, credential = headers[0].partition(" ")
    credential = credential.strip()
    if len(headers) != 1 or scheme.lower() != "bearer":
        credential = ""
    try:
        found = opened.keys.identify(credential)
    except SettingsError as error:
        raise Problem(503, "keys cannot be checked just now", {"Retry-After": "30"}) from error
    if found is not None or credential.startswith(f"{PREFIX}_"):
        return found
    if hmac.compare_digest(credential.encode("utf-8", "replace"), opened.local_token.encode()):
        return OPERATOR
    if opened.oidc is None:
        return None
    try:
        return opened.oidc.identify(credential)
    except IssuerUnavailable as error:
        raise Problem(503, "tokens cannot be checked just now", {"Retry-After": "30"}) from error


def _hold_to_rate(opened: Service, name: str) -> None:
    wait = opened.limit.wait_seconds(name)
    if wait:
        metrics.REFUSED.labels("rate").inc()
        raise Problem(429, "too many requests with this key or from this address", {"Retry-After": str(wait)})
