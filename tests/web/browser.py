"""A browser without a screen: cookies, forms with their CSRF token, redirects shown and not followed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

import httpx

from media_tracker.wiring import Services
from tests.web.serving import serving

Files = Sequence[tuple[str, tuple[str, bytes, str]]]


class Browser:
    """One visitor with a cookie jar. ``async with Browser(services) as somebody: await somebody.get("/")``."""

    def __init__(self, services: Services, *, client: str = "203.0.113.9", host: str = "testserver") -> None:
        transport = httpx.ASGITransport(app=serving(services), client=(client, 40000), raise_app_exceptions=False)
        self._http = httpx.AsyncClient(
            transport=transport, base_url=f"http://{host}", headers={"accept": "text/html", "accept-language": "en"}
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    @property
    def cookies(self) -> httpx.Cookies:
        return self._http.cookies

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self._http.get(path, headers=headers)

    async def token(self) -> str:
        """A CSRF token, as a page's form carries it."""
        response = await self.get("/login?next=/")
        match = re.search(r'name="_csrf_token" value="([^"]+)"', response.text)
        if match is None:  # signed in: any page with a form has one
            response = await self.get("/account")
            match = re.search(r'name="_csrf_token" value="([^"]+)"', response.text)
        assert match is not None
        return match[1]

    async def post(
        self, path: str, data: Mapping[str, object] | None = None, files: Files | None = None, **headers: str
    ) -> httpx.Response:
        """Send a form with its token. Lists become repeated fields."""
        fields = {"_csrf_token": await self.token(), **(data or {})}
        return await self._http.post(path, data=fields, files=files, headers=headers)

    async def post_raw(self, path: str, data: Mapping[str, object]) -> httpx.Response:
        """Send a form without a token."""
        return await self._http.post(path, data=dict(data))

    async def sign_in(self, username: str, password: str) -> httpx.Response:
        response = await self.post("/login", {"username": username, "password": password, "next": "/"})
        assert response.status_code == 303, response.text
        return response
