import datetime as dt
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from assistant.errors import SettingsError
from assistant.oidc import IssuerUnavailable, OpenIdConnect, read_mapping
from knowledge.documents import Classification
from tests.fakes_api import SECRET, Direct, Paper, open_world

MAPPING = """
claim: roles
grants:
  - {value: political-affairs, clearance: confidential, groups: [political]}
  - {value: best-practices, manager: true}
"""


class Issuer:
    """An OpenID Connect issuer on this machine: discovery, keys, tokens."""

    def __init__(self) -> None:
        self.rsa, self.other = (rsa.generate_private_key(65537, 2048) for _ in range(2))
        self.ec = ec.generate_private_key(ec.SECP256R1())
        self.keys: list[tuple[str, Any]] = [("one", self.rsa)]
        self.fetched = 0
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.fetched += 1
                if self.path == "/.well-known/openid-configuration":
                    found: object = {"issuer": issuer.url, "jwks_uri": f"{issuer.url}/keys"}
                else:
                    found = {"keys": [issuer.jwk(kid, key) for kid, key in issuer.keys]}
                body = json.dumps(found).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None: ...

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def jwk(self, kid: str, key: Any) -> dict[str, object]:
        algorithm = jwt.algorithms.RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else jwt.algorithms.ECAlgorithm
        made = dict(algorithm.to_jwk(key.public_key(), as_dict=True))
        return {**made, "kid": kid, "use": "sig", "alg": "RS256" if made["kty"] == "RSA" else "ES256"}

    def token(self, key: Any = None, algorithm: str = "RS256", kid: str | None = "one", **claims: object) -> str:
        now = dt.datetime.now(dt.UTC)
        whole = {
            "iss": self.url, "aud": "focal-point", "sub": "user-7", "iat": now, "exp": now + dt.timedelta(minutes=5),
            **claims,
        }  # fmt: skip
        whole = {name: value for name, value in whole.items() if value is not None}
        return jwt.encode(whole, key or self.rsa, algorithm, headers={"kid": kid} if kid else None)

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    made = Issuer()
    yield made
    made.close()


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    path = tmp_path / "oidc.yaml"
    path.write_text(MAPPING)
    return path


@pytest.fixture
def door(issuer: Issuer, mapping: Path) -> OpenIdConnect:
    return OpenIdConnect(issuer.url, "focal-point", mapping)


def test_claims_become_clearance_groups_and_the_managers_right(door: OpenIdConnect, issuer: Issuer) -> None:
    identity = door.identify(issuer.token(roles=["political-affairs", "unknown"]))
    assert identity is not None and not identity.manager
    assert identity.asker.clearance is Classification.CONFIDENTIAL and identity.asker.groups == {"political"}
    manager = door.identify(issuer.token(roles="best-practices other"))
    assert manager is not None and manager.manager and manager.asker.clearance is Classification.UNCLASSIFIED
    nobody = door.identify(issuer.token(roles={"political-affairs": True}))
    assert nobody is not None and nobody.asker.clearance is Classification.UNCLASSIFIED
    assert "user-7" not in identity.pseudonym and identity.pseudonym == manager.pseudonym


def _wrong(issuer: Issuer) -> dict[str, str]:
    past = dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)
    public = issuer.rsa.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    good = issuer.token()
    head, body, signature = good.split(".")
    confused = jwt.utils.base64url_encode(b'{"alg":"HS256","kid":"one"}').decode() + "." + body
    mac = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256).sign(confused.encode(), public)
    return {
        "another issuer": issuer.token(iss="https://evil.example"),
        "another audience": issuer.token(aud="somebody-else"),
        "no audience": issuer.token(aud=None),
        "expired": issuer.token(exp=past),
        "without an end": issuer.token(exp=None),
        "without a subject": issuer.token(sub=None),
        "not yet valid": issuer.token(nbf=dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)),
        "another key": issuer.token(issuer.other),
        "an unknown key id": issuer.token(issuer.other, kid="two"),
        "no key id": issuer.token(kid=None),
        "algorithm none": jwt.encode({"iss": issuer.url, "aud": "focal-point", "sub": "x"}, None, "none"),
        "the public key as a shared secret": f"{confused}.{jwt.utils.base64url_encode(mac).decode()}",
        "a changed body": f"{head}.{jwt.utils.base64url_encode(b'{}').decode()}.{signature}",
        "no signature": f"{head}.{body}.",
        "nonsense": "a.b.c",
    }


def test_every_wrong_token_is_nobody(door: OpenIdConnect, issuer: Issuer) -> None:
    assert door.identify(issuer.token()) is not None
    for name, token in _wrong(issuer).items():
        assert door.identify(token) is None, name


def test_keys_are_fetched_once_and_again_only_for_a_new_one_and_not_often(mapping: Path, issuer: Issuer) -> None:
    now = [0.0]
    door = OpenIdConnect(issuer.url, "focal-point", mapping, lambda: now[0])
    before = issuer.fetched
    for _ in range(5):
        assert door.identify(issuer.token()) is not None
        assert door.identify(issuer.token(issuer.ec, "ES256", "new")) is None
    assert issuer.fetched - before == 2
    issuer.keys.append(("new", issuer.ec))
    try:
        now[0] = 31
        assert door.identify(issuer.token(issuer.ec, "ES256", "new")) is not None
        assert issuer.fetched - before == 4
    finally:
        issuer.keys.pop()


def test_nobody_gets_in_while_the_issuer_cannot_be_reached_or_is_another(mapping: Path, issuer: Issuer) -> None:
    now = [0.0]
    away = OpenIdConnect("http://127.0.0.1:9", "focal-point", mapping, lambda: now[0])
    for _ in range(2):
        with pytest.raises(IssuerUnavailable):
            away.identify(issuer.token())
    renamed = OpenIdConnect(issuer.url + "/", "focal-point", mapping)
    with pytest.raises(IssuerUnavailable, match="another issuer"):
        renamed.identify(issuer.token())


def test_a_mapping_that_cannot_be_understood_lets_nobody_in(door: OpenIdConnect, mapping: Path, issuer: Issuer) -> None:
    token = issuer.token(roles=["political-affairs"])
    assert door.identify(token) is not None
    for text in ("grants: [{value: x, clearance: cosmic}]", "grants: 7", "a: [", "clearance: confidential"):
        mapping.write_text(text)
        with pytest.raises(SettingsError):
            read_mapping(mapping)
        with pytest.raises(IssuerUnavailable):
            door.identify(token)
    mapping.unlink()
    identity = door.identify(token)
    assert identity is not None and identity.asker.clearance is Classification.UNCLASSIFIED


def test_a_grant_that_is_taken_away_is_gone_at_the_next_request_and_wrong_tokens_all_look_alike(
    tmp_path: Path, issuer: Issuer
) -> None:
    secret = Paper("secret-note", SECRET, Classification.CONFIDENTIAL, ("political",))
    with open_world(tmp_path, (secret,), oidc_issuer=issuer.url) as service:
        mapping = service.settings.folder / "oidc.yaml"
        mapping.write_text(MAPPING)
        call = Direct(service, issuer.token(roles=["political-affairs"]))
        assert call("GET", "/v1/documents/secret-note").status_code == 200
        assert call("GET", "/v1/documents/secret-note", headers={"X-Focal-Surface": "page"}).status_code == 404
        mapping.write_text("claim: roles")
        assert call("GET", "/v1/documents/secret-note").status_code == 404
        bodies = set()
        credentials = [*_wrong(issuer).values(), "focal_wrong_key", "", "local_wrong"]
        for credential in credentials:
            response = Direct(service)("GET", "/v1/models", headers={"Authorization": f"Bearer {credential}"})
            bodies.add((response.status_code, response.json()["detail"], response.headers["www-authenticate"]))
        assert len(bodies) == 1 and next(iter(bodies))[0] == 401
        mapping.write_text("grants: 7")
        assert call("GET", "/v1/models").status_code == 503
