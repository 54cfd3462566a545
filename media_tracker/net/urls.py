"""Which addresses are asked at all, as far as their text can tell. Pure."""

from __future__ import annotations

import re

from yarl import URL

from media_tracker.errors import N_
from media_tracker.net.errors import BadUrl

# Ports on which something other than a web server answers (WHATWG Fetch, "bad port").
BAD_PORTS = frozenset(
    {
        0,
        1,
        7,
        9,
        11,
        13,
        15,
        17,
        19,
        20,
        21,
        22,
        23,
        25,
        37,
        42,
        43,
        53,
        69,
        77,
        79,
        87,
        95,
        101,
        102,
        103,
        104,
    }
    | {
        109,
        110,
        111,
        113,
        115,
        117,
        119,
        123,
        135,
        137,
        139,
        143,
        161,
        179,
        389,
        427,
        465,
        512,
        513,
        514,
        515,
    }
    | {526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049}
    | {3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080}
)


_CREDENTIALS = re.compile(r"//[^/?#]*@")


def checked_url(text: str, max_chars: int, base: URL | None = None) -> URL:
    """``text`` as a URL that may be asked, relative to ``base`` if given; without its fragment.

    Raises :class:`BadUrl` for anything but http and https, for credentials, for the ports of other services, for more than
    ``max_chars`` characters and for what is no URL.
    """
    text = text.strip()
    shown = _CREDENTIALS.sub("//", text[:200])
    if len(text) > max_chars:
        raise BadUrl(N_("The address is longer than {limit} characters."), url=shown, limit=max_chars)
    try:
        url = URL(text) if base is None else base.join(URL(text))
        host, port = url.host, url.port
        url = url.with_fragment(None)
    except ValueError:
        raise BadUrl(N_("{address} is not a web address."), url=shown, address=shown) from None
    if url.scheme not in ("http", "https"):
        raise BadUrl(
            N_("{address} does not begin with http:// or https://; only those are fetched."),
            url=shown,
            address=shown,
        )
    if not host or port is None:
        raise BadUrl(N_("{address} is not a web address."), url=shown, address=shown)
    if url.user is not None or url.password is not None:
        raise BadUrl(
            N_("{address} carries a user name or password, which is not sent; give it without."),
            url=shown,
            address=shown,
        )
    if port in BAD_PORTS:
        raise BadUrl(
            N_("{address} names port {port}, which belongs to another service than the web."),
            url=shown,
            address=shown,
            port=port,
        )
    if len(str(url)) > max_chars:
        raise BadUrl(N_("The address is longer than {limit} characters."), url=shown, limit=max_chars)
    return url
