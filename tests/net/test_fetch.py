from __future__ import annotations

import asyncio
import resource
import socket
import tracemalloc
from collections.abc import Sequence

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from media_tracker.errors import Unavailable
from media_tracker.net.errors import (
    BadUrl,
    Blocked,
    Fault,
    FetchError,
    HttpStatus,
    TooBig,
    TooManyRedirects,
    TooSlow,
    Unreachable,
)
from media_tracker.net.fetch import Fetched, Fetcher, FetchLimits, NotModified, user_agent

from .conftest import CODINGS, FEED, MODIFIED, SMALL, Origin, raw_origin
from .test_guard import CLOSED

HUB = '<https://hub.example/>; rel="hub"'
TOPIC = '<https://outlet.example/feed>; rel="self"'


class Names(AbstractResolver):
    """Resolves every name to the next of several lists of addresses, the last one for ever."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked.append(host)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if not answer:
            raise OSError(None, "no such name")
        return [ResolveResult(hostname=host, host=a, port=port, family=family, proto=0, flags=0) for a in answer]

    async def close(self) -> None:
        pass


def named(origin: Origin, *answers: Sequence[str]) -> Fetcher:
    """A fetcher for which every name resolves to ``answers`` and only 127.0.0.1 is excepted."""
    return Fetcher(
        user_agent="t",
        limits=SMALL,
        allow={("127.0.0.1", origin.port)},
        host_gap=0,
        resolver=Names(*answers),
    )


async def test_a_feed_comes_with_its_validators_and_type(fetcher: Fetcher, origin: Origin) -> None:
    answer = await fetcher.get(origin.url())
    assert isinstance(answer, Fetched)
    assert (answer.url, answer.status, answer.body) == (origin.url(), 200, FEED)
    assert answer.permanent_url is None
    assert (answer.headers.etag, answer.headers.last_modified) == ('"one"', MODIFIED)
    assert answer.headers.content_type == "application/rss+xml"
    assert answer.headers.expires == "0"
    assert answer.headers.retry_after is None


async def test_a_request_says_who_asks_and_for_what_and_keeps_no_cookie(fetcher: Fetcher, origin: Origin) -> None:
    await fetcher.get(origin.url())
    await fetcher.get(origin.url())
    first, second = origin.seen
    assert first.headers["User-Agent"] == "media-tracker/test"
    assert first.headers["Accept"].startswith("application/atom+xml, application/rss+xml")
    assert first.headers["Accept-Encoding"] == "gzip, deflate, br, zstd"
    assert "Cookie" not in second.headers


@pytest.mark.parametrize(("etag", "last_modified"), [('"one"', None), (None, MODIFIED)])
async def test_a_feed_that_has_not_changed_is_not_sent_again(
    fetcher: Fetcher, origin: Origin, etag: str | None, last_modified: str | None
) -> None:
    answer = await fetcher.get(origin.url(), etag=etag, last_modified=last_modified)
    assert isinstance(answer, NotModified)
    assert answer.url == origin.url()


async def test_not_modified_may_bring_new_validators(fetcher: Fetcher, origin: Origin) -> None:
    answer = await fetcher.get(origin.url("/hop/301"), etag='"one"')
    assert isinstance(answer, NotModified)
    assert (answer.headers.etag, answer.headers.cache_control) == ('"two"', "max-age=60")
    assert answer.permanent_url == origin.url()


async def test_a_validator_that_cannot_be_sent_is_left_out(fetcher: Fetcher, origin: Origin) -> None:
    answer = await fetcher.get(origin.url(), etag='"one"\r\nX-Evil: 1', last_modified="昨天")
    assert isinstance(answer, Fetched)
    assert "If-None-Match" not in origin.seen[0].headers
    assert "If-Modified-Since" not in origin.seen[0].headers


async def test_not_modified_without_having_asked_for_it_is_an_error(fetcher: Fetcher, origin: Origin) -> None:
    with pytest.raises(HttpStatus, match="HTTP status 304"):
        await fetcher.get(origin.url("/status/304"))


@pytest.mark.parametrize(
    ("codes", "permanent"),
    [("301", "/feed"), ("308-301", "/feed"), ("302", None), ("301-302", "/hop/302"), ("307-301", None)],
)
async def test_only_an_unbroken_run_of_permanent_redirects_moves_a_feed(
    fetcher: Fetcher, origin: Origin, codes: str, permanent: str | None
) -> None:
    answer = await fetcher.get(origin.url(f"/hop/{codes}"))
    assert isinstance(answer, Fetched)
    assert answer.url == origin.url()
    assert answer.permanent_url == (origin.url(permanent) if permanent else None)


async def test_five_redirects_are_followed_and_a_sixth_is_not(fetcher: Fetcher, origin: Origin) -> None:
    assert isinstance(await fetcher.get(origin.url("/hop/302-302-302-302-302")), Fetched)
    with pytest.raises(TooManyRedirects, match="more than 5 times"):
        await fetcher.get(origin.url("/hop/302-302-302-302-302-302"))


async def test_a_redirect_without_a_target_is_an_error(fetcher: Fetcher, origin: Origin) -> None:
    with pytest.raises(HttpStatus):
        await fetcher.get(origin.url("/status/302"))


async def test_a_redirect_to_another_port_of_an_excepted_machine_is_blocked(fetcher: Fetcher, origin: Origin) -> None:
    async with raw_origin(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret") as other:
        with pytest.raises(Blocked, match=r"127\.0\.0\.1, which is not a public address"):
            await fetcher.get(origin.url(f"/to?url=http://127.0.0.1:{other}/"))


@pytest.mark.parametrize(
    "target",
    [
        "file:///etc/passwd",
        "ftp://127.0.0.1/",
        "http://user:secret@127.0.0.1/",
        "http://127.0.0.1:22/",
        "http://[",
    ],
)
async def test_a_redirect_is_checked_like_a_first_address(fetcher: Fetcher, origin: Origin, target: str) -> None:
    with pytest.raises(BadUrl):
        await fetcher.get(origin.url(f"/to?url={target}"))


@pytest.mark.parametrize("address", CLOSED)
async def test_a_literal_address_that_is_not_public_is_not_asked(fetcher: Fetcher, address: str) -> None:
    host = f"[{address}]" if ":" in address else address
    with pytest.raises(Blocked):
        await fetcher.get(f"http://{host}/")


@pytest.mark.parametrize("address", CLOSED)
async def test_a_name_that_resolves_to_an_address_that_is_not_public_is_not_asked(origin: Origin, address: str) -> None:
    async with named(origin, [address]) as fetcher:
        with pytest.raises(Blocked, match=r"^outlet\.example leads to "):
            await fetcher.get("http://outlet.example/")


@pytest.mark.parametrize("spelling", ["127.1", "2130706433", "0x7f000001", "0177.0.0.1", "localhost"])
async def test_other_spellings_of_loopback_are_blocked_or_unknown(fetcher: Fetcher, spelling: str) -> None:
    with pytest.raises((Blocked, Unreachable, BadUrl)):
        await fetcher.get(f"http://{spelling}/")


async def test_all_addresses_of_a_name_are_checked(origin: Origin) -> None:
    async with named(origin, ["127.0.0.2", "127.0.0.3", "::1"]) as fetcher:
        with pytest.raises(Blocked):
            await fetcher.get(origin.url(host="outlet.example"))
    assert origin.seen == []


async def test_a_name_that_rebinds_between_two_requests_is_caught(origin: Origin) -> None:
    async with named(origin, ["127.0.0.1"], ["127.0.0.2"]) as fetcher:
        # This answer closes its connection, so the next request connects anew.
        assert isinstance(await fetcher.get(origin.url("/once", host="outlet.example")), Fetched)
        assert len(origin.seen) == 1
        with pytest.raises(Blocked, match=r"127\.0\.0\.2"):
            await fetcher.get(origin.url(host="outlet.example"))
    assert len(origin.seen) == 1


async def test_a_name_that_rebinds_between_two_hops_is_caught(origin: Origin) -> None:
    async with named(origin, ["127.0.0.1"], ["127.0.0.2"]) as fetcher:
        target = origin.url(host="other.example")
        with pytest.raises(Blocked):
            await fetcher.get(origin.url(f"/to?url={target}", host="outlet.example"))
    assert len(origin.seen) == 1


async def test_a_proxy_in_the_environment_is_not_used(
    fetcher: Fetcher, origin: Origin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9/")
    monkeypatch.setenv("no_proxy", "")
    assert isinstance(await fetcher.get(origin.url()), Fetched)


@pytest.mark.parametrize("code", [204, 206, 400, 401, 403, 404, 410, 429, 500, 503])
async def test_any_other_status_is_an_error_that_says_so(fetcher: Fetcher, origin: Origin, code: int) -> None:
    with pytest.raises(HttpStatus, match=f"127.0.0.1 answered with HTTP status {code}.") as caught:
        await fetcher.get(origin.url(f"/status/{code}"))
    assert (caught.value.status, caught.value.retry_after) == (code, "120")


async def test_an_endless_body_ends_at_the_limit(fetcher: Fetcher, origin: Origin) -> None:
    with pytest.raises(TooBig, match="more than 1 MiB"):
        await fetcher.get(origin.url("/huge"))


async def test_a_body_may_be_cut_at_the_limit_where_its_beginning_is_of_use(fetcher: Fetcher, origin: Origin) -> None:
    answer = await fetcher.get(origin.url("/huge"), limits=FetchLimits(bytes_decompressed=100_000, cut=True))
    assert isinstance(answer, Fetched)
    assert answer.body == bytes(100_000)


async def test_a_page_may_have_limits_of_its_own(fetcher: Fetcher, origin: Origin) -> None:
    with pytest.raises(TooBig, match=r"more than 0\.000976562 MiB"):
        await fetcher.get(origin.url("/huge"), limits=FetchLimits(bytes_decompressed=2**10))
    with pytest.raises(TooManyRedirects, match="more than 1 times"):
        await fetcher.get(origin.url("/hop/302-302"), limits=FetchLimits(redirects=1))
    with pytest.raises(TooSlow, match=r"within 0\.1 seconds"):
        await fetcher.get(origin.url("/drip"), limits=FetchLimits(total_seconds=0.1))


@pytest.mark.parametrize("coding", CODINGS)
async def test_a_compressed_feed_is_read(fetcher: Fetcher, origin: Origin, coding: str) -> None:
    answer = await fetcher.get(origin.url(f"/packed/{coding}"))
    assert isinstance(answer, Fetched)
    assert answer.body == FEED


@pytest.mark.parametrize("coding", CODINGS)
async def test_a_compression_bomb_is_stopped_in_bounded_memory(fetcher: Fetcher, origin: Origin, coding: str) -> None:
    tracemalloc.start()
    try:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        with pytest.raises(TooBig):
            await fetcher.get(origin.url(f"/bomb/{coding}"))
        _, peak = tracemalloc.get_traced_memory()
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    finally:
        tracemalloc.stop()
    assert peak < 16 * 2**20  # bytes, of the 200 MB that the bomb holds
    assert grown < 64 * 2**10  # KiB


@pytest.mark.parametrize(
    ("links", "kept"),
    [
        ([HUB, TOPIC], f"{HUB}, {TOPIC}"),
        ([HUB, "x" * 3_000, "", TOPIC], f"{HUB}, {TOPIC}"),
        (["x" * 2_000] * 9, ", ".join(["x" * 2_000] * 4)),
        ([], None),
    ],
)
async def test_all_link_headers_are_kept_as_far_as_there_is_room(links: list[str], kept: str | None) -> None:
    lines = "".join(f"Link: {link}\r\n" for link in links)
    answer = f"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n{lines}\r\n".encode()
    async with raw_origin(answer) as port, fetch_from(port) as fetcher:
        fetched = await fetcher.get(f"http://127.0.0.1:{port}/")
    assert isinstance(fetched, Fetched)
    assert fetched.headers.link == kept


async def test_a_form_is_posted_and_any_success_is_one(fetcher: Fetcher, origin: Origin) -> None:
    for status in (200, 202, 204):
        answer = await fetcher.post(origin.url(f"/echo?status={status}"), {"hub.topic": "http://x/?a=1&b=报"})
        assert answer.status == status
    assert origin.seen[0].headers["Content-Length"] == str(len("hub.topic=http%3A%2F%2Fx%2F%3Fa%3D1%26b%3D%E6%8A%A5"))
    assert origin.seen[0].headers["User-Agent"] == "media-tracker/test"


async def test_a_body_is_posted_as_it_is_with_its_headers(fetcher: Fetcher, origin: Origin) -> None:
    headers = {"Content-Type": "application/json", "X-Signature": "sha256=00"}
    answer = await fetcher.post(origin.url("/echo"), b'{"a": 1}', headers=headers)
    assert answer.body == b'application/json\n{"a": 1}'
    assert origin.seen[0].headers["X-Signature"] == "sha256=00"


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
async def test_what_is_posted_is_not_taken_elsewhere(fetcher: Fetcher, origin: Origin, code: int) -> None:
    with pytest.raises(HttpStatus, match=f"HTTP status {code}") as caught:
        await fetcher.post(origin.url(f"/hop/{code}"), b"secret")
    assert caught.value.status == code
    assert len(origin.seen) == 1


async def test_a_post_meets_the_same_guard_and_limits(fetcher: Fetcher, origin: Origin) -> None:
    async with raw_origin(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") as other:
        with pytest.raises(Blocked):
            await fetcher.post(f"http://127.0.0.1:{other}/", b"")
    with pytest.raises(BadUrl):
        await fetcher.post("file:///etc/passwd", b"")
    with pytest.raises(HttpStatus, match="HTTP status 410"):
        await fetcher.post(origin.url("/echo?status=410"), b"")
    with pytest.raises(TooBig):
        await fetcher.post(origin.url("/huge"), b"")
    with pytest.raises(TooSlow):
        await fetcher.post(origin.url("/drip"), b"", limits=FetchLimits(total_seconds=0.1))


@pytest.mark.parametrize("name", ["X-A\r\nX-Evil", "X-A"])
async def test_a_header_that_would_split_the_request_is_not_sent(fetcher: Fetcher, origin: Origin, name: str) -> None:
    with pytest.raises(Unreachable):
        await fetcher.post(origin.url("/echo"), b"", headers={name: "1\r\nX-Evil: 1"})
    assert origin.seen == []


async def test_a_slow_drip_ends_when_the_time_is_up(origin: Origin) -> None:
    limits = FetchLimits(total_seconds=0.2)
    clock = asyncio.get_running_loop().time
    async with Fetcher(user_agent="t", limits=limits, allow={("127.0.0.1", origin.port)}, host_gap=0) as fetcher:
        started = clock()
        with pytest.raises(TooSlow, match=r"within 0\.2 seconds"):
            await fetcher.get(origin.url("/drip"))
    assert clock() - started < 2


async def test_waiting_for_a_turn_is_not_charged_to_the_server(origin: Origin) -> None:
    limits = FetchLimits(total_seconds=0.2)
    clock = asyncio.get_running_loop().time
    async with Fetcher(user_agent="t", limits=limits, allow={("127.0.0.1", origin.port)}, host_gap=0.3) as fetcher:
        started = clock()
        assert isinstance(await fetcher.get(origin.url("/hop/301")), Fetched)
    assert clock() - started >= 0.3


@pytest.mark.parametrize(
    ("answer", "reset"),
    [
        (b"", True),
        (b"", False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", False),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", False),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nhalf", False),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n", False),
        (b"220 mail.example ESMTP\r\n", False),
        (b"\x00\x01\x02\xff", False),
    ],
)
async def test_an_answer_that_breaks_off_or_is_not_http_is_a_protocol_fault(answer: bytes, reset: bool) -> None:
    async with raw_origin(answer, reset=reset) as port, fetch_from(port) as fetcher:
        with pytest.raises(Unreachable) as caught:
            await fetcher.get(f"http://127.0.0.1:{port}/")
    assert caught.value.kind is Fault.PROTOCOL


async def test_a_port_where_nobody_listens_is_a_connection_fault() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        async with fetch_from(port) as fetcher:
            with pytest.raises(Unreachable, match="could not be reached") as caught:
                await fetcher.get(f"http://127.0.0.1:{port}/")
    assert caught.value.kind is Fault.CONNECT


async def test_a_server_without_tls_is_a_tls_fault(fetcher: Fetcher, origin: Origin) -> None:
    with pytest.raises(Unreachable, match="could not be trusted") as caught:
        await fetcher.get(origin.url().replace("http:", "https:"))
    assert caught.value.kind is Fault.TLS


async def test_a_name_that_is_not_there_is_a_name_fault(origin: Origin) -> None:
    async with named(origin, []) as fetcher:
        with pytest.raises(Unreachable, match="could not be found") as caught:
            await fetcher.get("http://outlet.example/")
    assert caught.value.kind is Fault.DNS


async def test_headers_with_odd_bytes_are_readable_and_long_ones_dropped() -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nETag: \xff\xfe\r\nLink: " + b"x" * 5000 + b"\r\n\r\n"
    async with raw_origin(answer) as port, fetch_from(port) as fetcher:
        fetched = await fetcher.get(f"http://127.0.0.1:{port}/")
    assert isinstance(fetched, Fetched)
    assert fetched.headers.etag == "\ufffd\ufffd"
    assert fetched.headers.link is None


async def test_every_failure_is_one_sentence_that_a_person_can_be_told(fetcher: Fetcher, origin: Origin) -> None:
    for url in (origin.url("/status/500"), origin.url("/huge"), "http://10.0.0.1/", "nonsense"):
        with pytest.raises(FetchError) as caught:
            await fetcher.get(url)
        assert isinstance(caught.value, Unavailable)
        assert str(caught.value).endswith(".")
        assert "{" not in str(caught.value)
        assert caught.value.code.isidentifier()


def test_the_user_agent_names_the_program_and_its_operator() -> None:
    assert user_agent("1.2") == "media-tracker/1.2"
    assert user_agent("1.2", "https://example.org/bot") == "media-tracker/1.2 (+https://example.org/bot)"
    assert user_agent("1.2", "a\r\nX: y") == "media-tracker/1.2 (+aX: y)"


def fetch_from(port: int) -> Fetcher:
    """A fetcher for which only this port of loopback is excepted."""
    return Fetcher(user_agent="t", limits=SMALL, allow={("127.0.0.1", port)}, host_gap=0)
