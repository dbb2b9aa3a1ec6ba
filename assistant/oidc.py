"""OpenID Connect: an organisation's own tokens, verified against its issuer and mapped to clearance and groups."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import httpx
import jwt
import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from assistant.errors import SettingsError
from assistant.identity import Identity, pseudonym
from knowledge.access import Asker
from knowledge.documents import Classification

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Asymmetric ones only: with a shared secret whoever can verify could also sign."""
KEYS_FRESH_SECONDS = 3600
REFETCH_SECONDS = 30
"""Unknown key ids make us ask the issuer again, at most this often."""
LEEWAY_SECONDS = 30
MAPPING = "oidc.yaml"
"""Name of the mapping file in FOCAL_HOME."""


class IssuerUnavailable(Exception):
    """The issuer's keys cannot be had, or the mapping cannot be read: nobody can be let in by token just now."""


class Grant(BaseModel):
    """What holding one value of the claim entitles to."""

    model_config = ConfigDict(extra="forbid")
    value: str
    clearance: Classification = Classification.UNCLASSIFIED
    groups: tuple[str, ...] = ()
    manager: bool = False


class Mapping(BaseModel):
    """The file `oidc.yaml`: which claim is looked at, and what its values grant."""

    model_config = ConfigDict(extra="forbid")
    claim: str = "groups"
    grants: tuple[Grant, ...] = ()


def read_mapping(path: Path) -> Mapping:
    """The mapping; without a file a valid token makes no more than the public asker. Raises SettingsError."""
    if not path.exists():
        return Mapping()
    try:
        return Mapping.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")) or {})
    except ValidationError as error:
        first = error.errors()[0]
        raise SettingsError(f"{path}: {'.'.join(str(p) for p in first['loc'])}: {first['msg']}") from None
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise SettingsError(f"{path} cannot be read: {' '.join(str(error).split())}") from None


class OpenIdConnect:
    """Verifies bearer tokens of one issuer; its signing keys are fetched once and kept."""

    def __init__(self, issuer: str, audience: str, mapping: Path, clock: Callable[[], float] = time.monotonic) -> None:
        """`issuer` as it stands in the tokens. Nothing is fetched yet."""
        self._issuer, self._audience, self._mapping = issuer, audience, mapping
        self._clock = clock
        self._lock = threading.Lock()
        self._keys: dict[str | None, jwt.PyJWK] = {}
        self._fetched: float | None = None
        self._tried: float | None = None

    def identify(self, token: str) -> Identity | None:
        """Whom a token stands for; None if it is not good. Raises IssuerUnavailable if that cannot be found out."""
        try:
            header = jwt.get_unverified_header(token)
            if header.get("alg") not in ALGORITHMS:
                return None
            key = self._key(header.get("kid"))
            if key is None:
                return None
            claims = jwt.decode(
                token,
                key,
                algorithms=list(ALGORITHMS),
                audience=self._audience,
                issuer=self._issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "iat", "iss", "aud", "sub"]},
            )
        except (jwt.PyJWTError, ValueError, TypeError):
            return None
        return self._identity(claims)

    def _identity(self, claims: dict[str, Any]) -> Identity:
        try:
            mapping = read_mapping(self._mapping)
        except SettingsError as error:
            raise IssuerUnavailable(str(error)) from error
        held = _values(claims.get(mapping.claim))
        grants = [grant for grant in mapping.grants if grant.value in held]
        clearance = max((g.clearance for g in grants), key=lambda c: c.rank, default=Classification.UNCLASSIFIED)
        groups = frozenset(group for grant in grants for group in grant.groups)
        name = pseudonym("oidc", f"{self._issuer}|{claims['sub']}")
        return Identity(Asker(clearance, groups), name, any(grant.manager for grant in grants))

    def _key(self, kid: str | None) -> jwt.PyJWK | None:
        with self._lock:
            now = self._clock()
            stale = self._fetched is None or now - self._fetched > KEYS_FRESH_SECONDS
            may_try = self._tried is None or now - self._tried > REFETCH_SECONDS
            if (stale or kid not in self._keys) and may_try:
                self._tried = now
                self._keys = self._fetch()
                self._fetched = now
            elif stale:
                raise IssuerUnavailable(f"{self._issuer} could not be reached a moment ago")
            return self._keys.get(kid)

    def _fetch(self) -> dict[str | None, jwt.PyJWK]:
        try:
            with httpx.Client(timeout=5, follow_redirects=False) as client:
                about = client.get(self._issuer.rstrip("/") + "/.well-known/openid-configuration")
                about.raise_for_status()
                if about.json().get("issuer") != self._issuer:
                    raise IssuerUnavailable(f"{self._issuer} says it is another issuer")
                found = client.get(str(about.json()["jwks_uri"]))
                found.raise_for_status()
                keys = jwt.PyJWKSet.from_dict(found.json()).keys
        except (httpx.HTTPError, httpx.InvalidURL, jwt.PyJWTError, ValueError, KeyError, AttributeError) as error:
            raise IssuerUnavailable(f"{self._issuer}: {type(error).__name__}") from error
        return {key.key_id: key for key in keys if key.key_type != "oct"}


def _values(claim: object) -> set[str]:
    """A claim's values: a list, or one string with spaces between (as `scope` has it)."""
    if isinstance(claim, str):
        return {claim, *claim.split()}
    if isinstance(claim, Sequence):
        return {value for value in claim if isinstance(value, str)}
    return set()
