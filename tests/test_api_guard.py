import asyncio
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.api import guard, server
from assistant.api.guard import Hosts
from assistant.api.limits import RateLimit
from assistant.api.server import check_may_listen, is_loopback
from assistant.api.service import Service
from assistant.errors import ServerError, SettingsError
from assistant.keys import KeyStore
from assistant.surfaces import DEFAULT_CEILINGS, Surface, lowered
from knowledge.access import Asker
from knowledge.documents import Classification
from tests.fakes_api import Direct, application, open_world, serving, settings_for

ASK = {"question": "How many vehicles has a convoy?"}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with open_world(tmp_path_factory.mktemp("guard")) as opened:
        yield opened


@pytest.fixture
def call(service: Service) -> Direct:
    return Direct(service)


@pytest.mark.parametrize("host", ["evil.example", "", "localhost.evil.example", "127.0.0.1.evil.example:8080", "[::2]"])
def test_a_foreign_host_header_is_refused(call: Direct, host: str) -> None:
    assert call("GET", "/v1/documents", headers={"Host": host}).status_code == 400


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1:8080", "[::1]:80", "[::1]", "focal.test"])
def test_its_own_names_are_admitted(host: str) -> None:
    assert Hosts.of(["focal.test"]).admit(host)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://focal.test:81"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_page_of_another_site_changes_nothing(service: Service, call: Direct, headers: dict[str, str]) -> None:
    before = len(service.answers.rows())
    assert call("POST", "/v1/ask", json=ASK, headers=headers).status_code == 403
    assert len(service.answers.rows()) == before


def test_its_own_page_may_ask_and_no_other_origin_is_ever_allowed(call: Direct) -> None:
    response = call("POST", "/v1/ask", json=ASK, headers={"Origin": "http://focal.test"})
    assert response.status_code == 200
    assert not [name for name in response.headers if name.startswith("access-control")]
    plain = call("POST", "/v1/ask", content=b'{"question": "x"}', headers={"Content-Type": "text/plain"})
    assert plain.status_code == 422


@pytest.mark.parametrize("path", ["/", "/healthz", "/v1/ask", "/nothing", "/documents/x", "/page/app.js"])
def test_every_response_carries_the_security_headers(call: Direct, path: str) -> None:
    headers = call("GET", path).headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff" and headers["x-request-id"]


def test_a_body_that_says_it_is_large_or_turns_out_large_is_refused(call: Direct) -> None:
    large = b'{"question": "' + b"x" * guard.MAX_BODY + b'"}'
    kind = {"Content-Type": "application/json"}

    async def parts():  # type: ignore[no-untyped-def]
        for start in range(0, len(large), 1000):
            yield large[start : start + 1000]

    assert call("POST", "/v1/ask", content=large, headers=kind).status_code == 413
    streamed = call("POST", "/v1/ask", content=parts(), headers=kind)
    assert streamed.status_code == 413 and streamed.headers["content-type"] == "application/problem+json"


def test_a_body_that_never_comes_is_given_up(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "BODY_SECONDS", 0.1)
    sent = []

    async def run() -> None:
        scope = {
            "type": "http", "method": "POST", "path": "/v1/ask", "raw_path": b"/v1/ask", "query_string": b"",
            "headers": [(b"host", b"localhost"), (b"content-type", b"application/json"), (b"content-length", b"9")],
            "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80), "scheme": "http", "http_version": "1.1",
        }  # fmt: skip

        async def receive() -> dict[str, object]:
            await asyncio.sleep(60)
            return {}

        async def send(message) -> None:  # type: ignore[no-untyped-def]
            sent.append(message)

        await application(service)(scope, receive, send)

    asyncio.run(asyncio.wait_for(run(), 5))
    assert sent[0]["status"] == 408


def test_a_connection_that_says_nothing_is_closed_and_others_are_served(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    import httpx
    import uvicorn

    monkeypatch.setattr(server, "HEADER_SECONDS", 0.3)
    real = uvicorn.Config

    monkeypatch.setattr(uvicorn, "Config", lambda app, **more: real(app, http=server._PatientProtocol, **more))
    with serving(service) as url:
        host, port = url.removeprefix("http://").split(":")
        silent = [socket.create_connection((host, int(port))) for _ in range(20)]
        silent[0].sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
        assert httpx.get(f"{url}/healthz").status_code == 200
        started = time.monotonic()
        for connection in silent:
            connection.settimeout(3)
            assert connection.recv(1) == b""
            connection.close()
        assert time.monotonic() - started < 2


def test_a_caller_is_held_to_a_rate_without_hurting_others(tmp_path: Path) -> None:
    with open_world(tmp_path, requests_per_minute=30) as service:
        _, secret = service.keys.add("x")
        mine, public = Direct(service, secret), Direct(service)
        statuses = [mine("GET", "/v1/models").status_code for _ in range(8)]
        assert statuses == [200] * 5 + [429] * 3
        assert int(mine("GET", "/v1/models").headers["retry-after"]) >= 1
        assert public("GET", "/v1/models").status_code == 200
        wrong = [Direct(service, "focal_x_y")("GET", "/v1/models").status_code for _ in range(8)]
        assert wrong == [401] * 5 + [429] * 3


def test_the_rate_refills() -> None:
    now = [0.0]
    limit = RateLimit(60, lambda: now[0])
    assert [limit.wait_seconds("a") for _ in range(11)] == [0] * 10 + [1]
    now[0] = 2.0
    assert [limit.wait_seconds("a") for _ in range(3)] == [0, 0, 1]


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "focal.example"])
def test_does_not_listen_to_other_machines_while_nobody_could_prove_who_they_are(tmp_path: Path, host: str) -> None:
    settings = settings_for(tmp_path)
    assert not is_loopback(host)
    with pytest.raises(ServerError, match="focal keys add"):
        check_may_listen(settings, host)
    keys = KeyStore(tmp_path / "keys.sqlite3")
    key, _ = keys.add("x")
    check_may_listen(settings, host)
    keys.revoke(key.id)
    with pytest.raises(ServerError):
        check_may_listen(settings, host)
    check_may_listen(settings_for(tmp_path, oidc_issuer="https://idp.example"), host)


def test_does_not_start_with_a_mapping_it_cannot_understand(tmp_path: Path) -> None:
    (tmp_path / "oidc.yaml").write_text("grants: [{value: x, clearance: cosmic}]")
    with pytest.raises(SettingsError, match=r"grants\.0\.clearance"):
        check_may_listen(settings_for(tmp_path), "127.0.0.1")


def test_where_others_can_call_everything_but_health_and_the_page_needs_a_key(tmp_path: Path) -> None:
    page = tmp_path / "page"
    page.mkdir()
    (page / "index.html").write_text("<!doctype html>")
    with open_world(tmp_path, loopback=False) as service:
        call = Direct(service, page=page)
        assert call("POST", "/v1/ask", json=ASK).status_code == 401
        for path in ("/v1/search?q=x", "/v1/documents", "/v1/documents/convoy-rules", "/v1/models", "/metrics"):
            assert call("GET", path).status_code == 401, path
        assert call("GET", "/healthz").status_code == call("GET", "/readyz").status_code == 200
        assert call("GET", "/").status_code == 200
        _, secret = service.keys.add("x")
        assert Direct(service, secret)("POST", "/v1/ask", json=ASK).status_code == 200
        assert Direct(service, secret)("GET", "/metrics").status_code == 403


def test_the_page_is_served_from_its_folder_and_nothing_beside_it(service: Service, tmp_path: Path) -> None:
    page = tmp_path / "page"
    page.mkdir()
    for name in ("index.html", "reader.html", "app.js", "notes.py"):
        (page / name).write_text(name)
    (tmp_path / "secret.js").write_text("secret")
    call = Direct(service, page=page)
    assert call("GET", "/").text == "index.html"
    assert call("GET", "/page/app.js").headers["content-type"].startswith("text/javascript")
    assert call("GET", "/documents/convoy-rules").content == call("GET", "/documents/absent").content == b"reader.html"
    for path in ("/page/notes.py", "/page/../secret.js", "/page/%2e%2e/secret.js", "/page//etc/hosts", "/page/%00.js"):
        assert call("GET", path).status_code == 404, path


def test_not_ready_once_the_index_stops_answering(tmp_path: Path) -> None:
    with open_world(tmp_path) as service:
        assert Direct(service)("GET", "/readyz").status_code == 200

        def broken(*_: object) -> None:
            raise RuntimeError("the store is gone")

        service.home.store.index.search = broken  # type: ignore[method-assign,assignment]
        service._probed = (0.0, True)
        assert Direct(service)("GET", "/readyz").status_code == 503
        assert Direct(service)("GET", "/healthz").status_code == 200


def test_a_surface_only_ever_lowers_what_an_asker_may_read() -> None:
    cleared = Asker(Classification.CONFIDENTIAL, frozenset({"joc"}))
    assert lowered(cleared, Surface.HTTP) == cleared
    for surface in (Surface.PAGE, Surface.MCP, Surface.SLACK_DM):
        assert lowered(cleared, surface) == Asker(Classification.UNCLASSIFIED, frozenset({"joc"}))
    for surface in (Surface.SLACK_CHANNEL, Surface.SLACK_EXTERNAL):
        assert lowered(cleared, surface, {**DEFAULT_CEILINGS, surface: Classification.CONFIDENTIAL}).groups == set()
    assert lowered(Asker(), Surface.HTTP) == Asker()
    assert lowered(cleared, Surface.HTTP, {}) == Asker(Classification.UNCLASSIFIED, frozenset({"joc"}))
