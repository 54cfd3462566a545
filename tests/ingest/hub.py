"""A small WebSub hub on loopback: it verifies what it is asked for, and pushes. It reaches subscribers by a function."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import MappingProxyType

from aiohttp import web

Verify = Callable[[str, Mapping[str, str]], Awaitable[str | None]]
"""Called with the token and the parameters; the body that the subscriber answers with, None for a refusal."""


@dataclass(slots=True)
class Hub:
    """What it was asked, by whom it is confirmed, and how it behaves."""

    public_url: str
    verify: Verify | None = None
    """Verify at once, before the request is answered; without it, the test does so when it likes."""
    port: int = 0
    status: int = 202
    lease_seconds: str | None = "864000"
    requests: list[dict[str, str]] = field(default_factory=list)
    confirmed: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hub"

    def token(self, number: int = -1) -> str:
        """The last part of the callback address of one request."""
        callback = self.requests[number]["hub.callback"]
        assert callback.startswith(f"{self.public_url}/websub/")
        return callback.rpartition("/")[2]

    def signature(self, body: bytes, method: str = "sha256", number: int = -1) -> str:
        """What it signs a push with."""
        return f"{method}={hmac.new(self.requests[number]['hub.secret'].encode(), body, method).hexdigest()}"

    def challenge(self, changed: Mapping[str, str | None] = MappingProxyType({}), number: int = -1) -> dict[str, str]:
        """The parameters of its verification, some of them ``changed`` or (None) left out."""
        request = self.requests[number]
        params: dict[str, str | None] = {
            "hub.mode": "subscribe",
            "hub.topic": request["hub.topic"],
            "hub.challenge": hashlib.sha256(request["hub.callback"].encode()).hexdigest(),
            "hub.lease_seconds": self.lease_seconds,
        }
        params |= {f"hub.{name}": value for name, value in changed.items()}
        return {name: value for name, value in params.items() if value is not None}

    async def serve(self, request: web.Request) -> web.Response:
        form = await request.post()
        self.requests.append({name: str(value) for name, value in form.items()})
        if self.verify is not None:
            params = self.challenge()
            if await self.verify(self.token(), params) == params["hub.challenge"]:
                self.confirmed.append(self.token())
        return web.Response(status=self.status)


@asynccontextmanager
async def running_hub(public_url: str) -> AsyncIterator[Hub]:
    """A hub on a free port of 127.0.0.1."""
    hub = Hub(public_url)
    application = web.Application()
    application.router.add_post("/hub", hub.serve)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    hub.port = runner.addresses[0][1]
    try:
        yield hub
    finally:
        await runner.cleanup()
        await asyncio.sleep(0)
