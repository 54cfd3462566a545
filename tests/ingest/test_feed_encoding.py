from __future__ import annotations

import codecs
import os
import re
from functools import cache
from pathlib import Path

import pytest

from media_tracker.ingest.feed_encoding import canonical_encoding, decode_feed, is_known_encoding

CAPTURES = Path(__file__).parents[2] / "feeds" / "captures"
REAL_CHINESE = ("gb2312", "big5")
DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>\s*")
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def corpus() -> dict[str, str]:
    """Chinese feeds as text without a declaration: our captures, and real ones from the folder that the developer names."""
    texts = {}
    for path in CAPTURES.glob("*.xml"):
        body = path.read_bytes()
        texts[path.name] = body.decode("gb18030" if b"GB2312" in body[:60] else "utf-8")
    folder = os.environ.get("MEDIA_TRACKER_TEST_DATA")
    for name in REAL_CHINESE if folder else ():
        path = next(Path(folder or "").rglob(f"chardet/{name}.xml"))
        texts[path.name] = path.read_bytes().decode(name)
    return {name: DECLARATION.sub("", text) for name, text in texts.items()}


CORPUS = corpus()
ENCODINGS = [
    *("utf-8", "utf-8-sig", "gb2312", "gbk", "gb18030", "big5", "big5hkscs"),
    *("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le"),
]
WRONG = {
    "utf-8": "gb2312",
    "utf-8-sig": "gb2312",
    "gb2312": "utf-8",
    "gbk": "iso-8859-1",
    "gb18030": "big5",
    "big5": "gb2312",
    "big5hkscs": "utf-8",
    "utf-16": "utf-8",
    "utf-16-le": "gb2312",
    "utf-16-be": "utf-8",
    "utf-32": "big5",
    "utf-32-le": "utf-8",
}


def fitting(text: str, encoding: str) -> str:
    """``text`` without the characters that ``encoding`` has not, or reads back as their twins (Big5 has some twice)."""
    kept = {char for char in set(text) if char.encode(encoding, "ignore").decode(canonical_encoding(encoding)) == char}
    return "".join(char for char in text if char in kept)


@cache
def transcodable(name: str, encoding: str) -> str:
    """The part of a text of the corpus that an encoding can say; "" if that is too little to know an encoding by."""
    text = CORPUS[name] if encoding.startswith("utf") else fitting(CORPUS[name], encoding)
    return text if encoding.startswith("utf") or len(CHINESE.findall(text)) >= 12 else ""


CASES = [(name, encoding) for name in sorted(CORPUS) for encoding in ENCODINGS if transcodable(name, encoding)]


@pytest.mark.parametrize("declared", ["right", "wrong", "missing", "in HTTP only", "wrong in HTTP"])
@pytest.mark.parametrize(("name", "encoding"), CASES)
def test_a_transcoded_feed_says_the_same(name: str, encoding: str, declared: str) -> None:
    text = transcodable(name, encoding)
    label = {"right": encoding.removesuffix("-sig"), "wrong": WRONG[encoding]}.get(declared)
    http = {"in HTTP only": encoding.removesuffix("-sig"), "wrong in HTTP": WRONG[encoding]}.get(declared)
    head = f"<?xml version='1.0' encoding='{label}'?>" if label else ""

    read, warnings = decode_feed((head + text).encode(encoding), f"text/xml; charset={http}" if http else "text/xml")

    assert read == head + text
    assert not any("could not be decoded" in warning for warning in warnings)


def test_the_corpus_is_there() -> None:
    assert len(CORPUS) >= 10
    assert {encoding for name, encoding in CASES if name.endswith(".rss.xml")} == set(ENCODINGS)


@pytest.mark.parametrize(
    ("declared", "content_type", "encoding", "said"),
    [
        ("gb2312", None, "gb18030", False),
        ("GBK", None, "gb18030", False),
        (None, "text/xml; charset=gb2312", "gb18030", False),
        (None, 'text/xml; charset="GBK"', "gb18030", False),
        ("utf-8", "text/xml; charset=utf-8", "gb18030", True),
        ("iso-8859-1", None, "utf-8", True),
        ("gb2312", "text/xml", "utf-8", True),
        ("utf-16", "text/xml; charset=utf-16", "gb18030", True),
        ("no-such-encoding", None, "utf-8", True),
        ("utf-7", None, "gb18030", True),
        ("rot13", None, "utf-8", True),
    ],
)
def test_a_wrong_declaration_is_overruled_and_said(
    declared: str | None, content_type: str | None, encoding: str, said: bool
) -> None:
    text = (f"<?xml version='1.0' encoding='{declared}'?>" if declared else "") + "<t>曝光台：朱镕</t>"

    read, warnings = decode_feed(text.encode(encoding), content_type)

    assert read == text
    assert any("says that its encoding is" in warning for warning in warnings) is said


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (codecs.BOM_UTF8, "gb18030"),  # programs put the mark before whatever they write
        (codecs.BOM_UTF16_LE, "utf-8"),
        (codecs.BOM_UTF16_BE, "gb18030"),
    ],
)
def test_a_mark_that_cannot_be_true_is_overlooked(mark: bytes, encoding: str) -> None:
    text = "<rss><title>井盖破损，已放置警示标志</title></rss>"

    assert decode_feed(mark + text.encode(encoding), None)[0] == text


def test_a_mark_goes_before_a_declaration() -> None:
    text = "<?xml version='1.0' encoding='gb2312'?><t>环卫</t>"

    assert decode_feed(codecs.BOM_UTF8 + text.encode(), "text/xml; charset=big5")[0] == text
    assert decode_feed(codecs.BOM_UTF16_BE + text.encode("utf-16-be"), "text/xml; charset=utf-8")[0] == text


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_summary_cut_in_the_middle_of_a_character_does_not_make_it_another_encoding(encoding: str) -> None:
    words = "居民盼望清运，物业回应正在安排。" * 10
    body = f"<t>{words}".encode(encoding) + "物".encode(encoding)[:1] + f"...</t><t>{words}</t>".encode(encoding)

    read, warnings = decode_feed(body, None)

    assert read.count(words) == 2
    assert warnings == ["Some characters could not be decoded."]
    assert decode_feed(f"<t>{words}".encode(encoding)[:-1], None)[0].startswith(f"<t>{words[:-1]}")


def test_an_editor_overrules_every_declaration() -> None:
    text = "<?xml version='1.0' encoding='gb2312'?><t>環衛</t>"

    assert decode_feed(text.encode("big5"), "text/xml; charset=utf-8", "Big5") == (text, [])
    assert decode_feed(text.encode("big5")[:-5] + b"\xff", None, "big5")[0].startswith(text[:-6])


@pytest.mark.parametrize("override", ["utf-8", "utf-16", "no-such-encoding", "rot13", "utf-7"])
def test_an_editors_encoding_that_does_not_fit_is_not_used_and_said(override: str) -> None:
    text = "<t>" + "垃圾桶满了" * 5 + "</t>"

    read, warnings = decode_feed(text.encode("gb18030"), None, override)

    assert read == text
    assert warnings == [f"What was sent does not fit the encoding set for this feed, {override}, which was not used."]


def test_a_web_page_declares_its_encoding_in_its_head() -> None:
    page = "<!DOCTYPE html>\n<html><head><title>報</title><meta http-equiv='Content-Type' content='text/html; charset=big5'>"
    short = page + "<p>環衛</p>"

    assert decode_feed(short.encode("big5"), "text/html") == (short, [])
    # A feed whose text tells of such a page has declared nothing.
    feed = "<rss><title>环卫</title><description><![CDATA[<meta charset='big5'>]]></description></rss>"
    assert decode_feed(feed.encode("gb18030"), None) == (feed, [])


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("windows-1251", "<t>Мусор вывезли вчера вечером, двор убран, жители довольны</t>"),
        ("koi8-r", "<t>Мусор вывезли вчера вечером, двор убран, жители довольны</t>"),
        ("euc-kr", "<t>쓰레기를 모두 치웠습니다 주민들은 만족합니다</t>"),
        ("shift_jis", "<t>ごみはすべて片付けられました。住民は満足しています</t>"),
        ("iso-8859-1", "<t>Les déchets ont été enlevés à l'aube, tout près du théâtre où l'été a commencé</t>"),
    ],
)
def test_other_declarations_are_believed(encoding: str, text: str) -> None:
    text = f"<?xml version='1.0' encoding='{encoding}'?>{text}"

    assert decode_feed(text.encode(encoding), "text/xml") == (text, [])


def test_ascii_is_what_it_was_declared_to_be() -> None:
    text = "<?xml version='1.0' encoding='gb2312'?><t>plain</t>"

    assert decode_feed(text.encode(), None) == (text, [])


def test_a_name_is_an_encoding_or_not() -> None:
    assert [is_known_encoding(name) for name in ("GB2312", "big5", "UTF-16", "utf-7", "rot13", "", "x" * 999)] == [
        *(True, True, True),
        *(False, False, False, False),
    ]
