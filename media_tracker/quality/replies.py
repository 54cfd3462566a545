"""Replies: for each official reply all earlier complaints are ranked; how often its own is first, and how near the top it is.

Names of users are masked in both. Nothing is trained on these pairs; the weight of delay was chosen on them.
Baseline: cosine of character 1- to 3-gram TF-IDF (1 + ln tf) of the reply and of title and body.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from media_tracker.problems.linking.following import Told, match
from media_tracker.quality.measure import Measure, rows

REPLIES = "teddycup2020c/fj4_reply.jsonl"
_USER = re.compile(r"[AU]{1,2}\d{3,}")
_NUMBERS = re.compile(r"\d+")
_ZONE = ZoneInfo("Asia/Shanghai")


def measure(data: Path) -> list[Measure]:
    """R@1 and MRR over all earlier complaints."""
    complaints, replies = [], []
    for row in rows(data / REPLIES):
        complaints.append(Told(_masked(row["留言主题"]), _masked(row["留言详情"]), _moment(row["留言时间"])))
        replies.append(Told("", _masked(row["答复意见"]), _moment(row["答复时间"])))
    if not replies:
        return []
    found = match(replies, complaints, _ZONE, most=len(complaints))
    ranks = [1 + [each.index for each in row].index(own) for own, row in enumerate(found)]
    ours, plain = _figures(ranks), _figures(_cosine_ranks(replies, complaints))
    return [
        Measure("replies", "complaints", "R@1", ours[0], plain[0], bar=0.80),
        Measure("replies", "complaints", "MRR", ours[1], plain[1], bar=0.85),
    ]


def _figures(ranks: Sequence[int]) -> tuple[float, float]:
    return float(np.mean([rank == 1 for rank in ranks])), float(np.mean([1 / rank for rank in ranks]))


def _cosine_ranks(replies: Sequence[Told], complaints: Sequence[Told]) -> list[int]:
    from sklearn.feature_extraction.text import TfidfVectorizer

    asked = [each.body for each in replies]
    offered = [f"{each.title} {each.body}" for each in complaints]
    vectorizer = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True).fit(offered + asked)
    alike = (vectorizer.transform(asked) @ vectorizer.transform(offered).T).toarray()
    ranks = []
    for own, (reply, row) in enumerate(zip(replies, alike, strict=True)):
        earlier = [_before(complaint, reply) for complaint in complaints]
        ranks.append(1 + int((row[earlier] > row[own]).sum()))
    return ranks


def _before(complaint: Told, reply: Told) -> bool:
    assert complaint.published_at is not None  # as in every row of these data
    assert reply.published_at is not None
    return complaint.published_at <= reply.published_at


def _masked(text: str) -> str:
    return _USER.sub("", text)


def _moment(written: str) -> datetime:
    numbers = [int(number) for number in _NUMBERS.findall(written)]
    year, month, day, hour, minute, second = [*numbers, 0, 0, 0][:6]
    return datetime(year, month, day, hour, minute, second, tzinfo=_ZONE)
