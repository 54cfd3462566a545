"""The learned heads: kind, category and outcome of local news, and categories of complaints (a label from anywhere).

- *fj2*: stratified five parts, macro-F1. Texts that are repeated word for word stay in one part. ``raw, with the rest``:
  raw texts, learnt from the other parts together with the segmented texts, without those that are the same complaints.
- *local news*: the model that a fresh installation starts with has never seen them, so it is judged on all of them. Its tables of
  cue words were written with sight of some, though: ``without cues`` is the same without these tables. ``in five parts``: what is
  gained by learning from the other parts too, reprints and stories of one problem in one part.
- *false alarms*: share of national articles that are taken for an exposure, a follow-up or a good deed.

Baseline everywhere: character 1- to 3-grams, TF-IDF, and a linear support vector machine, learnt from the same texts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from media_tracker.places.gazetteer import Gazetteer
from media_tracker.places.regions import read_regions
from media_tracker.quality.measure import Measure, rows
from media_tracker.tagging.cues import cues_of, read_cues
from media_tracker.tagging.evidence import StoryText, Suggestion
from media_tracker.tagging.labelled import Labelled, labelled, packaged
from media_tracker.tagging.reading import Reader
from media_tracker.tagging.suggest import LearnedSuggester, Suggester
from media_tracker.tagging.training import macro_f1, split, train, train_label
from media_tracker.taxonomy.categories import read_categories

COMPLAINTS = "teddycup2020c"
LABEL = "一级标签"
LOCAL_NEWS = "local_news_given.jsonl"
NATIONAL = "sina2018_given.jsonl"
PARTS = 5


def measure(data: Path) -> list[Measure]:
    """All of the above, as far as the files are there."""
    return [*_complaints(data / COMPLAINTS), *_local(data)]


@dataclass(frozen=True, slots=True)
class Text:
    """A labelled complaint; ``same`` names its text, so that repeats can be kept together."""

    story: StoryText
    label: str
    same: str


def _complaints(folder: Path) -> list[Measure]:
    segmented = [
        Text(StoryText("", row["seg"]), row[LABEL], row["seg"]) for row in rows(folder / "fj2_segmented.jsonl")
    ]
    raw = [_raw(row) for row in rows(folder / "fj2_raw.jsonl")]
    found = []
    if segmented:
        baseline = _in_parts(segmented, _baseline)
        found.append(Measure("category", "fj2 segmented", "macro-F1", _in_parts(segmented, _ours), baseline, 0.93))
    if raw:
        baseline = _in_parts(raw, _baseline)
        found.append(Measure("category", "fj2 raw", "macro-F1", _in_parts(raw, _ours), baseline, 0.90))
    if raw and segmented:
        repeats = _repeats(raw, segmented)
        baseline = _in_parts(raw, _baseline, segmented, repeats)
        with_rest = _in_parts(raw, _ours, segmented, repeats)
        found.append(Measure("category", "fj2 raw, with the rest", "macro-F1", with_rest, baseline, 0.90))
    return found


def _raw(row: dict[str, Any]) -> Text:
    title, body = row["留言主题"] or "", row["留言详情"] or ""
    return Text(StoryText(title, body), row[LABEL], title + body)


Predict = Callable[[Sequence[Text], Sequence[Text]], list[str]]


def _in_parts(
    texts: Sequence[Text], predict: Predict, rest: Sequence[Text] = (), repeats: Sequence[set[int]] = ()
) -> float:
    """Macro-F1 over ``PARTS`` parts. ``rest`` is learnt from too, without ``repeats`` (indices per text) of what is judged."""
    part = split([each.label for each in texts], [each.same for each in texts], PARTS)
    guessed = [""] * len(texts)
    for number in range(PARTS):
        judged = [at for at, own in enumerate(part) if own == number]
        known = {rest[other].same for at in judged for other in repeats[at]} if rest else set()
        taught = [texts[at] for at, own in enumerate(part) if own != number]
        taught += [each for each in rest if each.same not in known]
        for at, label in zip(judged, predict(taught, [texts[at] for at in judged]), strict=True):
            guessed[at] = label
    return macro_f1([each.label for each in texts], guessed)


def _ours(taught: Sequence[Text], judged: Sequence[Text]) -> list[str]:
    from media_tracker.tagging.features import grams
    from media_tracker.tagging.training import answer

    model = train_label([each.story for each in taught], [each.label for each in taught], LABEL)
    return [answer(model, model.heads[LABEL], grams(each.story))[0] for each in judged]


def _baseline(taught: Sequence[Text], judged: Sequence[Text]) -> list[str]:
    return _plain(
        [_joined(each.story) for each in taught],
        [each.label for each in taught],
        [_joined(each.story) for each in judged],
    )


def _plain(taught: Sequence[str], labels: Sequence[str], judged: Sequence[str]) -> list[str]:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.svm import LinearSVC

    vectorizer = TfidfVectorizer(analyzer="char", ngram_range=(1, 3))
    machine = LinearSVC(class_weight="balanced", tol=1e-2).fit(vectorizer.fit_transform(taught), labels)
    return [str(label) for label in machine.predict(vectorizer.transform(judged))]


def _joined(story: StoryText) -> str:
    return f"{story.title}\n{story.body}"


def _repeats(raw: Sequence[Text], segmented: Sequence[Text]) -> list[set[int]]:
    """For each raw text, the segmented ones that are (almost) made of its words: the same complaint."""
    words = [frozenset(each.same.split()) for each in segmented]
    holders: dict[str, list[int]] = {}
    for at, own in enumerate(words):
        for word in own:
            if len(word) >= 2:
                holders.setdefault(word, []).append(at)
    rare = {word: found for word, found in holders.items() if len(found) <= 200}
    repeats = []
    for each in raw:
        shared: dict[int, int] = {}
        for word, found in rare.items():
            if word in each.same:
                for at in found:
                    shared[at] = shared.get(at, 0) + 1
        likely = sorted(shared, key=lambda at: -shared[at])[:8]
        repeats.append({at for at in likely if sum(word in each.same for word in words[at]) >= 0.8 * len(words[at])})
    return repeats


def _local(data: Path) -> list[Measure]:
    local = [_with_group(row) for row in rows(data / LOCAL_NEWS)]
    if not local:
        return []
    national = [StoryText(row["title"], row["body"]) for row in rows(data / NATIONAL)]
    return [*_starting(local, national), *_learning(local)]


def _with_group(row: dict[str, Any]) -> Labelled:
    return replace(labelled({**row, "deed": None}), group=row["problem"] or row["reprint_of"] or row["id"])


def _starting(local: Sequence[Labelled], national: Sequence[StoryText]) -> list[Measure]:
    """The starting model on stories that it has never seen, with and without the tables of cues."""
    corpus = packaged()
    plain = _plain_guesses(corpus, local)
    found = []
    for name, suggester in (("", _suggester(corpus)), (" without cues", _suggester(corpus, cues=False))):
        said = [suggester.suggest(each.story) for each in local]
        kinds = [each.kind or "" for each in local]
        where = f"local news{name}"
        kind = macro_f1(kinds, [each.kind for each in said])
        found.append(Measure("kind", where, "macro-F1", kind, macro_f1(kinds, plain["kind"]), None if name else 0.90))
        pairs = [(each.category, one.category or "") for each, one in zip(local, said, strict=True) if each.category]
        by_plain = list(zip([a for a, _ in pairs], plain["category"], strict=True))
        for figure, length, bar in (("top class right", 1, 0.90), ("sub-class right", 3, 0.80)):
            value, baseline = _share(pairs, length), _share(by_plain, length)
            found.append(Measure("category", where, figure, value, baseline, None if name else bar))
        outcomes = [(each.outcome, one.outcome or "") for each, one in zip(local, said, strict=True) if each.outcome]
        by_plain = list(zip([a for a, _ in outcomes], plain["outcome"], strict=True))
        found.append(Measure("outcome", where, "right", _share(outcomes, 99), _share(by_plain, 99)))
        if national:
            alarms = sum(suggester.suggest(each).kind in ("exposure", "follow_up", "good_deed") for each in national)
            share = alarms / len(national)
            found.append(
                Measure("kind", f"sina2018{name}", "false alarms", share, None, None if name else 0.005, "lower")
            )
    return found


def _suggester(corpus: Sequence[Labelled], *, cues: bool = True) -> Suggester:
    gazetteer = Gazetteer(read_regions())
    tables = read_cues() if cues else cues_of({"kind": [], "category": [], "outcome": []})
    model = train(corpus, reader=Reader(tables, gazetteer))
    return LearnedSuggester(model, tables, gazetteer, read_categories(), names=False)


def _plain_guesses(
    corpus: Sequence[Labelled], local: Sequence[Labelled], questions: Sequence[str] = ("kind", "category", "outcome")
) -> dict[str, list[str]]:
    """What the baseline says for each question, of the local stories that have an answer."""
    guesses = {}
    for question in questions:
        taught = [each for each in corpus if each.label(question)]
        labels = [each.label(question) or "" for each in taught]
        judged = [_joined(each.story) for each in local if each.label(question)]
        guesses[question] = _plain([_joined(each.story) for each in taught], labels, judged)
    return guesses


def _share(pairs: Sequence[tuple[str | None, str]], length: int) -> float:
    """Share of pairs that begin with the same ``length`` characters."""
    return sum((label or "")[:length] == said[:length] for label, said in pairs) / max(len(pairs), 1)


def _learning(local: Sequence[Labelled]) -> list[Measure]:
    """What is gained by learning from the other parts of the local stories too."""
    corpus = packaged()
    part = split([each.kind or "" for each in local], [each.group for each in local], PARTS)
    said: list[Suggestion | None] = [None] * len(local)
    plain = [""] * len(local)
    for number in range(PARTS):
        taught = [each for each, own in zip(local, part, strict=True) if own != number]
        judged = [at for at, own in enumerate(part) if own == number]
        suggester = _suggester([*corpus, *taught])
        by_plain = _plain_guesses(taught, [local[at] for at in judged], ("kind",))["kind"]
        for at, label in zip(judged, by_plain, strict=True):
            said[at], plain[at] = suggester.suggest(local[at].story), label
    kinds = [each.kind or "" for each in local]
    kind = macro_f1(kinds, [each.kind if each else "" for each in said])
    pairs = [
        (each.category, (one and one.category) or "") for each, one in zip(local, said, strict=True) if each.category
    ]
    where = f"local news in {PARTS} parts"
    return [
        Measure("kind", where, "macro-F1", kind, macro_f1(kinds, plain), 0.90),
        Measure("category", where, "top class right", _share(pairs, 1), bar=0.90),
        Measure("category", where, "sub-class right", _share(pairs, 3), bar=0.80),
    ]
