"""Follow-ups of local news: is the first exposure that is offered one of the problem that is followed up, and is the chance true?

For "none of these" each follow-up is asked a second time, without the exposures of its problem: what is then offered first should
have a chance under one half. The log-odds that make the chance are fitted to the folds that do not hold the follow-up's problem.
Baseline: cosine of character 1- to 3-gram TF-IDF of title and body.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from media_tracker.problems.linking.following import Told, log_odds, match
from media_tracker.quality.measure import Measure, rows

LOCAL_NEWS = "local_news_given.jsonl"
_ZONE = ZoneInfo("Asia/Shanghai")
_FOLDS = 5


def measure(data: Path) -> list[Measure]:
    """R@1 by problem, and how well the chance tells a follow-up whose exposure is there from one whose is not."""
    stories = list(rows(data / LOCAL_NEWS))
    exposures = [row for row in stories if row["kind"] == "exposure"]
    follow_ups = [row for row in stories if row["kind"] == "follow_up"]
    if not follow_ups:
        return []
    right = _right(follow_ups, exposures)
    truth, scores, problems = asked_twice(follow_ups, exposures)
    chances = _cross_validated(truth, scores, problems)
    told_apart = float(np.mean((chances >= 0.5) == truth))
    brier = float(np.mean((chances - truth) ** 2))
    return [
        Measure("follow-ups", "local news", "R@1 by problem", right, _cosine_right(follow_ups, exposures), bar=0.98),
        Measure("follow-ups", "local news", "none of these, accuracy", told_apart, 0.5),
        Measure("follow-ups", "local news", "chance, Brier score", brier, 0.25, better="lower"),
    ]


def asked_twice(
    follow_ups: Sequence[dict[str, Any]], exposures: Sequence[dict[str, Any]]
) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """For each follow-up with and without its problem's exposures at hand: is it there, log-odds of the first offer, problem."""
    truth, scores, problems = [], [], []
    with_all = match(_told(follow_ups), _told(exposures), _ZONE)
    for row, candidates in zip(follow_ups, with_all, strict=True):
        truth.append(True)
        scores.append(log_odds(candidates[0].score))
        problems.append(row["problem"])
    for problem in sorted({row["problem"] for row in follow_ups}):
        others = [row for row in exposures if row["problem"] != problem]
        for row, candidates in zip(follow_ups, match(_told(follow_ups), _told(others), _ZONE), strict=True):
            if row["problem"] == problem and candidates:
                truth.append(False)
                scores.append(log_odds(candidates[0].score))
                problems.append(problem)
    return np.array(truth), np.array(scores), problems


def _cross_validated(truth: np.ndarray, scores: np.ndarray, problems: Sequence[str]) -> np.ndarray:
    from sklearn.linear_model import LogisticRegression

    fold_of = {problem: number % _FOLDS for number, problem in enumerate(sorted(set(problems)))}
    folds = np.array([fold_of[problem] for problem in problems])
    chances = np.zeros(len(truth))
    for fold in range(_FOLDS):
        held = folds == fold
        fitted = LogisticRegression(C=100.0).fit(scores[~held, None], truth[~held])
        chances[held] = fitted.predict_proba(scores[held, None])[:, 1]
    return chances


def _right(follow_ups: Sequence[dict[str, Any]], exposures: Sequence[dict[str, Any]]) -> float:
    found = match(_told(follow_ups), _told(exposures), _ZONE)
    hits = [
        bool(candidates) and exposures[candidates[0].index]["problem"] == row["problem"]
        for row, candidates in zip(follow_ups, found, strict=True)
    ]
    return float(np.mean(hits))


def _cosine_right(follow_ups: Sequence[dict[str, Any]], exposures: Sequence[dict[str, Any]]) -> float:
    from sklearn.feature_extraction.text import TfidfVectorizer

    asked, offered = ([f"{row['title']} {row['body']}" for row in side] for side in (follow_ups, exposures))
    vectorizer = TfidfVectorizer(analyzer="char", ngram_range=(1, 3)).fit(asked + offered)
    alike = (vectorizer.transform(asked) @ vectorizer.transform(offered).T).toarray()
    hits = []
    for row, line in zip(follow_ups, alike, strict=True):
        earlier = np.array([_moment(each) < _moment(row) for each in exposures])
        hits.append(exposures[int(np.argmax(np.where(earlier, line, -1)))]["problem"] == row["problem"])
    return float(np.mean(hits))


def _told(stories: Sequence[dict[str, Any]]) -> list[Told]:
    return [Told(row["title"], row["body"], _moment(row)) for row in stories]


def _moment(row: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(row["published_at"])
