"""``media-tracker tag versions``, ``rollback`` and ``retrain``: the versions of the learned model in the database."""

from __future__ import annotations

import json
from collections.abc import Mapping

import click

from media_tracker.accounts.documents import AuditAction
from media_tracker.cli.running import command, with_services
from media_tracker.tagging.versions import Version
from media_tracker.wiring import Services


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object per version.")
@command
async def versions(as_json: bool) -> None:
    """List the versions, the newest first: when, from how many decisions, how good, and which one is in use."""

    async def run(services: Services) -> None:
        in_use = await services.versions.in_use()
        for each in await services.versions.latest():
            is_used = in_use is not None and in_use.number == each.number
            click.echo(json.dumps(_fields(each, is_used), ensure_ascii=False) if as_json else _line(each, is_used))

    await with_services(run)


@click.command()
@click.argument("version", type=int, required=False)
@command
async def rollback(version: int | None) -> None:
    """Have VERSION used from now on; without it, the one that was in use before the present one."""

    async def run(services: Services) -> None:
        wanted = await services.versions.former() if version is None else version
        chosen = await services.versions.use(wanted, None)
        await services.audit.write(AuditAction.MODEL_CHOSEN, actor=None, subject=f"model/{chosen.number}")
        click.echo(f"version {chosen.number} ({chosen.model}) is in use")

    await with_services(run)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="End with one JSON object.")
@command
async def retrain(as_json: bool) -> None:
    """Train a version from the shipped stories and all decisions, now. It is used if it is no worse."""

    async def run(services: Services) -> None:
        version = await services.learner.learn(None)
        while await services.tagging.look_again():
            pass
        click.echo(
            json.dumps(_fields(version, version.took_over), ensure_ascii=False)
            if as_json
            else _line(version, version.took_over)
        )

    await with_services(run)


def _line(version: Version, is_used: bool) -> str:
    parts = [f"{'*' if is_used else ' '} {version.number}", f"{version.trained_at:%Y-%m-%d %H:%M} UTC", version.model]
    parts.append(f"{version.decisions} decisions, {version.held_back} held back")
    if version.figures:
        parts.append(f"macro-F1 {_figures(version.figures)}")
    if version.former_figures:
        parts.append(f"(version {version.former}: {_figures(version.former_figures)})")
    if not version.took_over:
        parts.append("set aside")
    return "  ".join(parts)


def _figures(figures: Mapping[str, float]) -> str:
    return " ".join(f"{name} {value:.3f}" for name, value in figures.items())


def _fields(version: Version, is_used: bool) -> dict[str, object]:
    return {
        "version": version.number,
        "model": version.model,
        "trained_at": version.trained_at.isoformat(),
        "decisions": version.decisions,
        "held_back": version.held_back,
        "samples": version.samples,
        "tables": version.tables,
        "figures": dict(version.figures),
        "former": version.former,
        "former_figures": dict(version.former_figures),
        "took_over": version.took_over,
        "in_use": is_used,
    }
