"""``media-tracker tag``: suggestions for stories in files, training, and how good it all is. Needs no database."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeVar

import click

from media_tracker.cli.jsonl import Row, field_of, moment_of, read_rows, text_of, write_rows
from media_tracker.cli.running import told
from media_tracker.errors import N_, InvalidInput

if TYPE_CHECKING:
    from media_tracker.quality.measure import Measure
    from media_tracker.tagging.evidence import StoryText, Suggestion
    from media_tracker.tagging.model import Model
    from media_tracker.tagging.suggest import Suggester

T = TypeVar("T")

OF_THE_DATABASE = ("versions", "rollback", "retrain")
"""Commands that need one."""
_THEIR_MODULE = "media_tracker.cli.tag_versions"


class _Commands(click.Group):
    """This file's commands, and those of the database, which are loaded when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*super().list_commands(ctx), *(OF_THE_DATABASE if find_spec(_THEIR_MODULE) else ())]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in OF_THE_DATABASE or not find_spec(_THEIR_MODULE):
            return super().get_command(ctx, cmd_name)
        found = getattr(import_module(_THEIR_MODULE), cmd_name)
        assert isinstance(found, click.Command)
        return found


@click.group(cls=_Commands)
def tag() -> None:
    """What stories are: suggest, train, evaluate."""


@tag.command("predict")
@click.argument("file", type=click.File("rb"))
@click.option("--label", help="Predict this label, with a model of your own.")
@click.option("--model", type=click.Path(dir_okay=False, path_type=Path), help="The model's file.")
def tag_predict(file: BinaryIO, label: str | None, model: Path | None) -> None:
    """Say what the stories in FILE are (JSON Lines: id, title, body, published_at, outlet, column).

    One line each, in order: {id, kind, kind_score, category, category_score, region, place, units, people, outcome}; with
    --label and --model: {id, LABEL, score}.
    """
    if label is not None and model is None:
        raise click.UsageError("--label needs --model: the file that `tag train` has written.")

    def run() -> None:
        if label is not None and model is not None:
            write_rows(_labels(read_rows(file), label, _read_model(model)))
        else:
            write_rows(_suggestions(read_rows(file), _suggester(model)))

    told(run)


@tag.command("train")
@click.argument("files", metavar="[FILE]...", type=click.File("rb"), nargs=-1)
@click.option("--label", help="The field that holds the label.")
@click.option("--model", type=click.Path(dir_okay=False, path_type=Path), help="Where to write the model.")
def tag_train(files: Sequence[BinaryIO], label: str | None, model: Path | None) -> None:
    """Train a model for LABEL from FILE (JSON Lines: title, body and the label); several files are learnt from together.

    Without FILE: train the model that a fresh installation starts with, from the package's own stories.
    """
    if files and (label is None or model is None):
        raise click.UsageError("Training from a file needs --label and --model.")
    if not files and label is not None:
        raise click.UsageError("--label needs a FILE to learn from.")
    if label is not None and model is not None:
        told(lambda: _train_label(files, label, model))
    else:
        told(lambda: _train_starting(model))


@tag.command("evaluate")
@click.option("--data", type=click.Path(exists=True, file_okay=False, path_type=Path), default=Path("../shared/data"))
@click.option("--only", multiple=True, help="Measure only this module of quality/ (may be repeated).")
@click.option("--json", "as_json", is_flag=True)
def tag_evaluate(data: Path, only: tuple[str, ...], as_json: bool) -> None:
    """Measure everything on the labelled data below --data, with simple baselines beside."""
    from media_tracker.quality.table import MODULES, measure_all, shown

    unknown = set(only) - set(MODULES)
    if unknown:
        raise click.UsageError(f"There is no {', '.join(sorted(unknown))} among {', '.join(MODULES)}.")

    def run() -> None:
        chosen = [name for name in MODULES if not only or name in only]
        measures: list[Measure] = []
        for name in _with_progress(chosen, len(chosen)):
            measures.extend(measure_all(data, [name]))
        if as_json:
            write_rows(asdict(each) for each in measures)
        else:
            click.echo(shown(measures))

    told(run)


def _train_label(files: Sequence[BinaryIO], label: str, path: Path) -> None:
    from media_tracker.tagging.model import dump
    from media_tracker.tagging.training import train_label

    texts, labels = [], []
    for file in files:
        for row in read_rows(file):
            value = row.get(label)
            if value is not None and value != "":
                texts.append(story_of(row))
                labels.append(str(value))
    if not texts:
        raise InvalidInput(N_("No line has a value in the field {label}."), label=label)
    model = train_label(texts, labels, label)
    _write(path, dump(model))
    figure = model.about["macro_f1_left_out"][label]
    click.echo(
        f"{len(labels)} texts, {len(set(labels))} labels; macro-F1 {figure:.3f}, each text left out in turn", err=True
    )


def _train_starting(path: Path | None) -> None:
    from media_tracker.settings import Settings
    from media_tracker.tagging.model import dump
    from media_tracker.tagging.starting import corpus, starting_model
    from media_tracker.tagging.training import cross_validate

    model = starting_model(models_folder(Settings().data_dir))
    for question, count in model.about["examples"].items():
        figures = cross_validate(corpus(), question)
        click.echo(
            f"{question}: {count} stories, {len(model.heads[question].labels)} labels, macro-F1 {figures:.3f} in five parts"
        )
    click.echo(model.version)
    if path is not None:
        _write(path, dump(model))


def models_folder(data_dir: Path) -> Path:
    """Where trained models are kept."""
    return data_dir / "models"


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> InvalidInput:
    return InvalidInput(N_("{path} cannot be written: {reason}."), path=path, reason=error.strerror or "")


def _read_model(path: Path) -> Model:
    from media_tracker.tagging.model import load

    try:
        data = path.read_bytes()
    except OSError as error:
        raise InvalidInput(N_("{path} cannot be read: {reason}."), path=path, reason=error.strerror or "") from error
    return load(data)


def _suggester(path: Path | None) -> Suggester:
    from media_tracker.places.gazetteer import Gazetteer
    from media_tracker.places.regions import read_regions
    from media_tracker.settings import Settings
    from media_tracker.tagging.cues import read_cues
    from media_tracker.tagging.starting import starting_model
    from media_tracker.tagging.suggest import LearnedSuggester
    from media_tracker.taxonomy.categories import read_categories

    def say() -> None:
        click.echo("Training the starting model, once; this takes some seconds.", err=True)

    model = _read_model(path) if path is not None else starting_model(models_folder(Settings().data_dir), say)
    return LearnedSuggester(model, read_cues(), Gazetteer(read_regions()), read_categories())


def _suggestions(rows: Iterable[Row], suggester: Suggester) -> Iterator[Row]:
    from media_tracker.places.regions import read_regions

    tree = read_regions()
    for number, row in enumerate(_with_progress(list(rows)), start=1):
        found = suggester.suggest(story_of(row))
        named = tree.names(found.region) if found.region is not None else {}
        region = {level: named.get(level) for level in ("district", "subdistrict", "community")}
        yield {"id": _id(row, number), **_columns(found), "region": region, "place": found.place, **_rest(found)}


def _columns(found: Suggestion) -> Row:
    return {
        "kind": found.kind,
        "kind_score": round(found.kind_score, 4),
        "category": found.category,
        "category_score": round(found.category_score, 4),
    }


def _rest(found: Suggestion) -> Row:
    return {
        "units": list(found.units),
        "people": list(found.people),
        "outcome": found.outcome,
        "outcome_score": round(found.outcome_score, 4),
        "deed": found.deed,
        "deed_score": round(found.deed_score, 4),
        "out_of_area": found.out_of_area,
    }


def _labels(rows: Iterable[Row], label: str, model: Model) -> Iterator[Row]:
    from media_tracker.tagging.features import grams
    from media_tracker.tagging.training import answer

    head = model.heads.get(label)
    if head is None:
        raise InvalidInput(
            N_("This model does not know {label}; it knows {known}."), label=label, known=", ".join(model.heads)
        )
    for number, row in enumerate(_with_progress(list(rows)), start=1):
        value, score = answer(model, head, grams(story_of(row)))
        yield {"id": _id(row, number), label: value, "score": round(score, 4)}


def _id(row: Row, number: int) -> object:
    """The row's id; that of its line among them where it has none."""
    given = field_of(row, "id")
    return number if given is None else given


def story_of(row: Row) -> StoryText:
    """A row as a story, under whichever names it has its fields."""
    from media_tracker.tagging.evidence import StoryText

    return StoryText(
        title=text_of(row, "title"),
        body=text_of(row, "body"),
        outlet_name=text_of(row, "outlet"),
        column=text_of(row, "column"),
        published_at=moment_of(row),
    )


def _with_progress(items: Sequence[T], length: int | None = None) -> Iterator[T]:
    """``items``, with a bar on a terminal while they are worked on."""
    if not sys.stderr.isatty():
        yield from items
        return
    with click.progressbar(items, length=length, file=sys.stderr) as bar:
        yield from bar
