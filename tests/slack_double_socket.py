"""Socket Mode as Slack runs it: one websocket, envelopes that must be acknowledged, redelivery where they are not."""

from __future__ import annotations

import asyncio
import json
import uuid
from typing import Any

from aiohttp import WSMsgType, web


class SocketMode:
    """The server's side of the websocket."""

    def __init__(self) -> None:
        self._connections: list[web.WebSocketResponse] = []
        self._waiting: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self.connected = asyncio.Event()
        self.connections_made = 0

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """One connection, until either side ends it."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self._connections.append(socket)
        self.connections_made += 1
        await socket.send_json({"type": "hello", "num_connections": len(self._connections)})
        self.connected.set()
        async for message in socket:
            if message.type == WSMsgType.TEXT:
                answer = json.loads(message.data)
                future = self._waiting.pop(answer.get("envelope_id", ""), None)
                if future and not future.done():
                    future.set_result(answer)
        self._connections.remove(socket)
        if not self._connections:
            self.connected.clear()
        return socket

    async def send(self, kind: str, payload: dict[str, Any], tries: int = 3, wait_seconds: float = 3.0) -> int:
        """Send an envelope until it is acknowledged; gives the number of tries (notes 2.1: 3 s, then again)."""
        for attempt in range(tries):
            await asyncio.wait_for(self.connected.wait(), 10)
            envelope = uuid.uuid4().hex
            future = asyncio.get_running_loop().create_future()
            self._waiting[envelope] = future
            body = {"type": kind, "envelope_id": envelope, "payload": payload, "accepts_response_payload": True}
            if attempt:
                body |= {"retry_attempt": attempt, "retry_reason": "timeout"}
            await self._connections[-1].send_json(body)
            try:
                await asyncio.wait_for(future, wait_seconds)
                return attempt + 1
            except TimeoutError:
                continue
        raise AssertionError(f"an envelope was not acknowledged in {tries} tries")

    async def disconnect(self) -> None:
        """Tell the client to connect anew, as Slack does every few hours, and close."""
        self.connected.clear()
        for socket in list(self._connections):
            await socket.send_json({"type": "disconnect", "reason": "refresh_requested"})

    async def close(self) -> None:
        """Close every connection."""
        for socket in list(self._connections):
            await socket.close()
