"""The command line's way to a running server: it holds the index, so it is asked instead of opened beside it."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx
from pydantic import TypeAdapter

from assistant.answers import Filters
from assistant.errors import ServerError
from assistant.settings import Settings
from knowledge.documents import Document
from knowledge.ingestion import Outcome
from knowledge.lock import read_holder

if TYPE_CHECKING:
    from assistant.abbreviations import Entry
    from assistant.roles.briefing import Briefing

TOKEN_FILE = "server-token"
"""Written by the server into FOCAL_HOME for its owner alone: who can read it may do what the command line may."""
PAGE = 200
"""Passages fetched at once."""
_DOCUMENTS = TypeAdapter(list[Document])
_OUTCOME = TypeAdapter(Outcome)


def running(settings: Settings) -> Client | None:
    """A client of the server that holds FOCAL_HOME; None if no process does, or one that is no server."""
    folder = settings.folder
    url = read_holder(folder).get("url")
    if not isinstance(url, str) or not _is_held(folder / "lock"):
        return None
    try:
        token = (folder / TOKEN_FILE).read_text(encoding="ascii")
    except OSError as error:
        raise ServerError(
            f"a server at {url} holds {folder}, and {TOKEN_FILE} there cannot be read ({error.strerror}): run this as"
            " the server's user"
        ) from error
    return Client(url, token)


def _is_held(lock: Path) -> bool:
    """Whether somebody holds the lock; what a killed server wrote into it stays behind."""
    with lock.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


class Client:
    """A running server, spoken to as the operator of its machine."""

    def __init__(self, url: str, token: str) -> None:
        """`url` and `token` as the server left them in FOCAL_HOME."""
        self._http = httpx.Client(
            base_url=url,
            headers={"Authorization": f"Bearer {token}"},
            timeout=httpx.Timeout(300, connect=5),
            trust_env=False,  # a proxy must not come between two processes of one machine
            limits=httpx.Limits(max_keepalive_connections=0),
        )

    def ask(
        self, question: str, history: Sequence[str] = (), role: str | None = None, filters: Filters | None = None,
        passages: bool = False,
    ) -> dict[str, Any]:  # fmt: skip
        """An answer as JSON-ready values, with its passages if wanted."""
        filters = filters or Filters()
        chosen = {
            "documents": filters.documents, "kinds": filters.kinds, "since": filters.since, "until": filters.until,
        }  # fmt: skip
        body = {"question": question, "history": list(history), "role": role, "filters": chosen}
        answer = self._call("POST", "/v1/ask", json={**body, "include": ["passages"] if passages else []})
        answer.pop("conversation_id")
        return dict(answer)

    def documents(self) -> list[Document]:
        """The whole register."""
        return _DOCUMENTS.validate_python(self._call("GET", "/v1/operator/documents"))

    def search(self, query: str, limit: int) -> list[dict[str, Any]]:
        """The best passages for a query, best first, as JSON-ready values."""
        return list(self._call("GET", "/v1/search", params={"q": query, "limit": limit})["passages"])

    def passages(self, document_id: str) -> list[dict[str, Any]]:
        """Every passage of a document, in order, as JSON-ready values."""
        path = f"/v1/documents/{quote(document_id, safe='')}/passages"
        rows: list[dict[str, Any]] = []
        while True:
            page = self._call("GET", path, params={"first": len(rows), "limit": PAGE})
            rows += page["passages"]
            if len(rows) >= page["total"] or not page["passages"]:
                return rows

    def glossary(self) -> list[Entry]:
        """Every abbreviation with all its expansions."""
        from assistant.abbreviations import Entry

        return TypeAdapter(list[Entry]).validate_python(self._call("GET", "/v1/glossary")["entries"])

    def briefing(self, role: str) -> Briefing:
        """The briefing for a role, by its id."""
        from assistant.roles.briefing import Briefing

        return TypeAdapter(Briefing).validate_python(self._call("GET", f"/v1/roles/{role}/briefing"))

    def remove(self, document_id: str) -> None:
        """Erase a document."""
        self._call("DELETE", f"/v1/documents/{document_id}")

    def change(self, document_id: str, changes: Sequence[str]) -> None:
        """Change a document's metadata by `field=value` pairs."""
        self._call("POST", f"/v1/operator/documents/{document_id}", json={"changes": list(changes)})

    def ingest(self, paths: Sequence[Path], level: str, starter: bool) -> Iterator[int | Outcome]:
        """Have the server take files in: first how many there are, then one outcome each as it is known."""
        body = {"paths": [str(path.absolute()) for path in paths], "classification": level, "starter": starter}
        with self._http.stream("POST", "/v1/operator/ingest", json=body, timeout=None) as response:
            if response.is_error:
                response.read()
            self._check(response)
            for text in response.iter_lines():
                line = json.loads(text)
                if "error" in line:
                    raise ServerError(str(line["error"]))
                yield line["found"] if "found" in line else _OUTCOME.validate_python(line["outcome"])

    def _call(self, method: str, path: str, **arguments: Any) -> Any:
        try:
            response = self._http.request(method, path, **arguments)
        except httpx.HTTPError as error:
            raise ServerError(
                f"the server at {self._http.base_url} does not answer ({type(error).__name__}): see its log, or stop it"
            ) from error
        self._check(response)
        return response.json() if response.content else None

    def _check(self, response: httpx.Response) -> None:
        if response.is_error:
            try:
                detail = str(response.json()["detail"])
            except (ValueError, KeyError, TypeError):
                detail = response.text[:200]
            raise ServerError(f"the server says: {detail}")
