"""Training models, and judging them. Slow (seconds) and pure: the same examples give the same model."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from media_tracker.errors import N_, InvalidInput
from media_tracker.places.gazetteer import Gazetteer
from media_tracker.places.regions import read_regions
from media_tracker.tagging.cues import read_cues
from media_tracker.tagging.evidence import StoryText
from media_tracker.tagging.features import Grams, Vector, Vocabulary, grams, learn_vocabulary, signal_key
from media_tracker.tagging.labelled import Labelled
from media_tracker.tagging.linear import Head, Scores, fit_temperature
from media_tracker.tagging.model import Model, make_model
from media_tracker.tagging.reading import Reader


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a head is fitted.

    ``strictness``: the ridge. ``evenness``: 0 counts each text alike, 1 each label alike. ``blocks``: how much each block of
    features counts, in their order; the last one is for signals. ``cue_weight``: what the cues of a label (signal
    ``<question>:<label>``) add to its sum.
    """

    strictness: float = 0.1
    evenness: float = 0.5
    blocks: tuple[float, ...] = (0.37, 0.52, 0.43, 0.52, 0.37, 0.6, 0.2, 0.0)
    cue_weight: float = 0.0


_EARLY = (0.9, 0.52, 0.43, 0.52, 0.37, 0.3, 0.2, 0.0)
RECIPES: Mapping[str, Recipe] = {
    "kind": Recipe(blocks=(0.4, 0.52, 0.43, 0.52, 0.37, 0.6, 0.4, 1.0)),
    "category": Recipe(strictness=0.3, blocks=_EARLY, cue_weight=0.2),
    "outcome": Recipe(strictness=0.3, evenness=1.0, blocks=_EARLY, cue_weight=0.5),
    "deed": Recipe(strictness=0.3, evenness=1.0, blocks=_EARLY),
}
ANY_LABEL = (
    Recipe(strictness=0.07),
    Recipe(strictness=0.07, blocks=(0.7, 0.7, 0.43, 0.4, 0.0, 0.3, 0.2, 0.0)),
)
"""For labels from anywhere the one is taken that does better on texts left out: many short texts are told by words and opening,
few long ones rather by characters."""


def train(examples: Sequence[Labelled], recipes: Mapping[str, Recipe] = RECIPES, reader: Reader | None = None) -> Model:
    """A model with a head for each question that ``examples`` answer in at least two ways.

    ``reader`` finds what tables know, by default those that are shipped. Raises ``InvalidInput`` if there is no such question.
    """
    return train_on(features(examples, reader), examples, recipes)


def features(examples: Sequence[Labelled], reader: Reader | None = None) -> list[Grams]:
    """What a model sees of ``examples``; ``reader`` finds what tables know, by default those that are shipped."""
    reader = reader or table_reader()
    return [grams(each.story, reader.read(each.story).signals()) for each in examples]


def train_on(seen: Sequence[Grams], examples: Sequence[Labelled], recipes: Mapping[str, Recipe] = RECIPES) -> Model:
    """The same, for features that have been computed already."""
    vocabulary = learn_vocabulary(seen)
    vectors = [vocabulary.vector(each) for each in seen]
    heads, numbers = {}, {}
    for question, recipe in recipes.items():
        answered = [(at, label) for at, each in enumerate(examples) if (label := each.label(question)) is not None]
        if len({label for _, label in answered}) >= 2:
            chosen = [vectors[at] for at, _ in answered]
            heads[question], _, _ = fit_head(chosen, vocabulary, [label for _, label in answered], recipe, question)
            numbers[question] = len(answered)
    if not heads:
        raise InvalidInput(N_("There is nothing to learn: no label has two different values."))
    return make_model(vocabulary, heads, {"examples": numbers})


def train_label(
    texts: Sequence[StoryText], labels: Sequence[str], name: str, recipes: Sequence[Recipe] = ANY_LABEL
) -> Model:
    """A model with the one head ``name``, from texts and their labels, whatever they are about.

    Of ``recipes`` the one with the best macro-F1 on texts left out. Raises ``InvalidInput`` if the labels are all the same.
    """
    if len(set(labels)) < 2:
        raise InvalidInput(N_("There is nothing to learn: no label has two different values."))
    seen = [grams(text) for text in texts]
    vocabulary = learn_vocabulary(seen)
    vectors = [vocabulary.vector(each) for each in seen]
    tried = []
    for recipe in recipes:
        head, held_out, judged = fit_head(vectors, vocabulary, labels, recipe, name)
        guessed = [head.labels[at] for at in held_out[judged].argmax(axis=1).tolist()]
        left_out = [label for label, held in zip(labels, judged.tolist(), strict=True) if held]
        tried.append((macro_f1(left_out, guessed), head))
    figure, best = max(tried, key=lambda each: each[0])
    return make_model(vocabulary, {name: best}, {"examples": {name: len(labels)}, "macro_f1_left_out": {name: figure}})


def judge(model: Model, examples: Sequence[Labelled], reader: Reader | None = None) -> dict[str, float]:
    """Macro-F1 of each of the model's heads on the examples that answer its question; a head without any is left out.

    ``reader`` as in ``features``.
    """
    seen = features(examples, reader)
    figures = {}
    for question, head in model.heads.items():
        answered = [(at, label) for at, each in enumerate(examples) if (label := each.label(question)) is not None]
        if answered:
            guessed = [answer(model, head, seen[at])[0] for at, _ in answered]
            figures[question] = macro_f1([label for _, label in answered], guessed)
    return figures


def cross_validate(examples: Sequence[Labelled], question: str, parts: int = 5, recipe: Recipe | None = None) -> float:
    """Macro-F1 of a head on examples that it was not trained on: ``parts`` models, each trained without its part."""
    chosen = [each for each in examples if each.label(question) is not None]
    labels = [each.label(question) or "" for each in chosen]
    if len(set(labels)) < 2:
        return 0.0
    seen = features(chosen)
    part = split(labels, [each.group for each in chosen], parts)
    guessed = [""] * len(chosen)
    for number in range(parts):
        taught = [at for at in range(len(chosen)) if part[at] != number]
        recipes = {question: recipe or RECIPES[question]}
        model = train_on([seen[at] for at in taught], [chosen[at] for at in taught], recipes)
        for at in range(len(chosen)):
            if part[at] == number:
                guessed[at] = answer(model, model.heads[question], seen[at])[0]
    return macro_f1(labels, guessed)


def split(labels: Sequence[str], groups: Sequence[str], parts: int) -> list[int]:
    """A part (0 to ``parts`` − 1) for each text: each label spread over the parts, no group in two. The same each time."""
    members: dict[str, list[int]] = {}
    for at, group in enumerate(groups):
        members.setdefault(group or f"alone {at}", []).append(at)
    counts: list[Counter[str]] = [Counter() for _ in range(parts)]
    part = [0] * len(labels)
    for name in sorted(members, key=lambda name: (-len(members[name]), hashlib.sha256(name.encode()).digest())):
        own = Counter(labels[at] for at in members[name])
        best = min(
            range(parts), key=lambda number: (sum(counts[number][label] for label in own), counts[number].total())
        )
        counts[best] += own
        for at in members[name]:
            part[at] = best
    return part


def answer(model: Model, head: Head, seen: Grams) -> tuple[str, float]:
    """The likeliest label, and its probability."""
    scores = head.probabilities(model.vocabulary.vector(seen))
    best = int(np.argmax(scores))
    return head.labels[best], float(scores[best])


def macro_f1(labels: Sequence[str], guessed: Sequence[str]) -> float:
    """The mean of the F1 of every label that is there; 0 without any."""
    scores = []
    for label in sorted(set(labels)):
        hit = sum(one == other == label for one, other in zip(labels, guessed, strict=True))
        there = sum(one == label for one in labels) + sum(other == label for other in guessed)
        scores.append(2 * hit / there)
    return sum(scores) / len(scores) if scores else 0.0


@cache
def table_reader() -> Reader:
    """Reads by the tables that are shipped."""
    return Reader(read_cues(), Gazetteer(read_regions()))


def fit_head(
    vectors: Sequence[Vector], vocabulary: Vocabulary, labels: Sequence[str], recipe: Recipe, question: str
) -> tuple[Head, Scores, NDArray[np.bool_]]:
    """A head for ``labels`` (one per vector); the sums (texts × its labels) of texts that were left out, and which were."""
    from media_tracker.tagging.ridge import fit, matrix

    names = tuple(sorted(set(labels)))
    index = np.array([names.index(label) for label in labels], dtype=np.int64)
    targets = np.where(np.eye(len(names))[index] > 0, 1.0, -1.0)
    share = np.bincount(index, minlength=len(names))[index] * len(names) / len(index)
    scales = np.array(recipe.blocks, dtype=np.float32)[vocabulary.blocks]
    scaled = [Vector(each.rows, each.values * scales[each.rows]) for each in vectors]
    fitted = fit(matrix(scaled, len(vocabulary.keys)), targets, share**-recipe.evenness, recipe.strictness)
    weights, held_out = fitted.weights * scales[:, None], fitted.held_out
    for number, name in enumerate(names if recipe.cue_weight else ()):
        row = vocabulary.row(signal_key(f"{question}:{name}"))
        if row is not None:
            weights[row, number] += recipe.cue_weight
            held_out[:, number] += [recipe.cue_weight * each.value(row) for each in vectors]
    judged = fitted.judged
    temperature = fit_temperature(held_out[judged], index[judged])
    return Head(names, weights, fitted.bias, temperature), held_out, judged
