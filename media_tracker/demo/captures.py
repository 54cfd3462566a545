"""The sample outlets' feeds, served over loopback HTTP as an outlet would serve them.

The captures in ``feeds/captures`` are rendered once, at start, for one day (:mod:`media_tracker.demo.dates`); every request then
gets the same bytes with ``ETag`` and ``Last-Modified``, so a second poll is answered 304 and adds nothing.
"""

from __future__ import annotations

import hashlib
import html
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from email.utils import format_datetime
from pathlib import Path
from types import TracebackType
from typing import Self
from zoneinfo import ZoneInfo

from aiohttp import ETag, hdrs, web

from media_tracker.demo.dates import render
from media_tracker.errors import N_, Conflict, InvalidInput, NotFound

HOST = "127.0.0.1"
DEFAULT_PORT = 8811
"""The port that ``feeds/partners.opml`` names."""

_DECLARED_ENCODING = re.compile(rb"""\A\s*<\?xml[^>]*?encoding=["']([A-Za-z0-9._-]+)["']""")
_CODECS = {"utf-8": "utf-8", "gb18030": "gb18030", "gbk": "gb18030", "gb2312": "gb18030"}
_MEDIA_TYPES = {"rss": "application/rss+xml", "atom": "application/atom+xml", "rdf": "application/rdf+xml"}


@dataclass(frozen=True, slots=True)
class Capture:
    """One feed document, ready to send. ``slug`` is the file's name up to its first dot."""

    slug: str
    filename: str
    content_type: str
    etag: str
    body: bytes


def load_captures(captures_dir: Path, today: date, zone: ZoneInfo) -> dict[str, Capture]:
    """Read and render every ``<slug>.<rss|atom|rdf>.xml`` of ``captures_dir``, by slug.

    Raises:
        InvalidInput: there is none, or one has an encoding or a date token that cannot be read.
    """
    paths = sorted(path for kind in _MEDIA_TYPES for path in captures_dir.glob(f"*.{kind}.xml"))
    if not paths:
        raise InvalidInput(N_("There are no captures in {folder}."), folder=captures_dir)
    captures = (_load(path, today, zone) for path in paths)
    return {capture.slug: capture for capture in captures}


def _load(path: Path, today: date, zone: ZoneInfo) -> Capture:
    template = path.read_bytes()
    slug, kind = path.name.partition(".")[0], path.name.split(".")[-2]
    codec = _codec(template, path)
    body = render(template, today, zone, codec)
    # An old outlet's server knows nothing of the encoding: only the XML declaration tells.
    content_type = f"{_MEDIA_TYPES[kind]}; charset=utf-8" if codec == "utf-8" else "text/xml"
    return Capture(slug, path.name, content_type, hashlib.sha256(body).hexdigest()[:24], body)


def _codec(template: bytes, path: Path) -> str:
    """The codec that reads ``template``. What declares GB2312 or GBK is read as their superset, as every browser does."""
    declared = _DECLARED_ENCODING.match(template)
    name = declared[1].decode("ascii").lower() if declared else "utf-8"
    codec = _CODECS.get(name)
    if codec is None:
        raise InvalidInput(
            N_("{file} declares the encoding {encoding}: write captures in UTF-8 or GB18030."),
            file=path.name,
            encoding=name,
        )
    return codec


class CaptureServer:
    """Serves the captures on the loopback address while the context is open.

    ``port`` 0 takes any free port; :attr:`port` and :meth:`url` say which. ``today`` is the day that dates are counted from.
    """

    def __init__(self, captures_dir: Path, today: date, zone: ZoneInfo, port: int = DEFAULT_PORT) -> None:
        self._captures_dir = captures_dir
        self._today = today
        self._zone = zone
        self._wanted_port = port
        self._captures: dict[str, Capture] = {}
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        """Render the captures and start to listen.

        Raises:
            InvalidInput: no captures, or one that cannot be rendered.
            Conflict: another program listens on that port.
        """
        self._captures = load_captures(self._captures_dir, self._today, self._zone)
        runner = web.AppRunner(self._application(), access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        try:
            await web.TCPSite(runner, HOST, self._wanted_port).start()
        except OSError as error:
            await runner.cleanup()
            raise Conflict(
                N_("Port {port} is taken by another program: stop that program, then start again."),
                port=self._wanted_port,
            ) from error
        self._runner = runner
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    @property
    def port(self) -> int:
        """The port that is listened on; only while the context is open."""
        if self._runner is None:
            raise RuntimeError("the capture server is not running")
        return int(self._runner.addresses[0][1])

    @property
    def today(self) -> date:
        """The day that dates are counted from."""
        return self._today

    @property
    def slugs(self) -> list[str]:
        """The feeds that are served, in order of their names."""
        return sorted(self._captures)

    def url(self, slug: str) -> str:
        """The address of one feed.

        Raises:
            NotFound: there is no such feed.
        """
        if slug not in self._captures:
            raise NotFound(N_("There is no sample feed {slug}."), slug=slug)
        return f"http://{HOST}:{self.port}/{self._captures[slug].filename}"

    def rebase(self, opml: bytes) -> bytes:
        """``opml`` with the addresses of the default port replaced by those of this server."""
        return opml.replace(
            f"http://{HOST}:{DEFAULT_PORT}/".encode("ascii"), f"http://{HOST}:{self.port}/".encode("ascii")
        )

    def _application(self) -> web.Application:
        application = web.Application()
        application.router.add_get("/", self._list)
        application.router.add_get("/{filename}", self._send)
        return application

    async def _list(self, request: web.Request) -> web.Response:
        rows = "".join(
            f'<li><a href="/{html.escape(capture.filename)}">{html.escape(capture.filename)}</a></li>'
            for _, capture in sorted(self._captures.items())
        )
        page = f'<!doctype html><html lang="zh-CN"><title>演示数据</title><h1>演示数据</h1><ul>{rows}</ul></html>'
        return web.Response(text=page, content_type="text/html")

    async def _send(self, request: web.Request) -> web.Response:
        filename = request.match_info["filename"]
        capture = self._captures.get(filename.partition(".")[0])
        if capture is None or capture.filename != filename:
            raise web.HTTPNotFound(text="no such capture")
        modified = datetime.combine(self._today, time.min, self._zone).astimezone(UTC)
        headers = {
            hdrs.ETAG: f'"{capture.etag}"',
            hdrs.LAST_MODIFIED: format_datetime(modified, usegmt=True),
            hdrs.CACHE_CONTROL: "no-cache",
        }
        if _is_known(request, capture.etag, modified):
            return web.Response(status=304, headers=headers)
        return web.Response(body=capture.body, headers={**headers, hdrs.CONTENT_TYPE: capture.content_type})


def _is_known(request: web.Request, etag: str, modified: datetime) -> bool:
    """Whether the client has these bytes already. ``If-None-Match`` wins over ``If-Modified-Since`` (RFC 9110, 13.2.2)."""
    known: tuple[ETag, ...] | None = request.if_none_match
    if known is not None:
        return any(tag.value in (etag, "*") for tag in known)
    since = request.if_modified_since
    return since is not None and modified <= since
