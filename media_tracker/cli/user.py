"""``media-tracker user``: accounts."""

from __future__ import annotations

import sys

import click

from media_tracker.accounts.actor import Level, Role
from media_tracker.accounts.duties import Duties
from media_tracker.accounts.service import NewAccount
from media_tracker.cli.running import command, with_services
from media_tracker.errors import N_, InvalidInput
from media_tracker.wiring import Services


@click.group()
def user() -> None:
    """Accounts."""


@user.command("add")
@click.argument("username")
@click.option("--name", default="", help="Name to show; the user name if left out.")
@click.option("--role", "roles", multiple=True, required=True, type=click.Choice([role.value for role in Role]))
@click.option("--unit", "units", multiple=True, help="Name of a unit that the person works in; officials need one.")
@click.option(
    "--level", default=Level.CITY.value, type=click.Choice([level.value for level in Level]), show_default=True
)
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input instead of making one up.")
@command
async def user_add(
    username: str, name: str, roles: tuple[str, ...], units: tuple[str, ...], level: str, password_stdin: bool
) -> None:
    """Add an account. The password made up for it is shown once, and has to be changed at the first sign-in."""
    password = sys.stdin.readline().rstrip("\n") if password_stdin else None

    async def run(services: Services) -> NewAccount:
        known = {unit.name: unit.id for unit in await services.places.units()}
        for unit in units:
            if unit not in known:
                raise InvalidInput(N_("There is no unit called {name}."), name=unit)
        duties = Duties(
            frozenset(Role(role) for role in roles),
            unit_ids=tuple(known[unit] for unit in units),
            level=Level(level),
        )
        return await services.accounts.add_user(username, name or username, duties, password=password)

    account = await with_services(run)
    click.echo(f"{account.user.username}: added")
    if password is None:
        click.echo(f"password: {account.password}")


@user.command("list")
@command
async def user_list() -> None:
    """Show all accounts."""

    async def run(services: Services) -> None:
        for each in await services.accounts.list_users():
            state = "" if each.active else "\tclosed"
            click.echo(f"{each.username}\t{each.display_name}\t{','.join(sorted(each.roles))}{state}")

    await with_services(run)


@user.command("password")
@click.argument("username")
@command
async def user_password(username: str) -> None:
    """Give an account a new password, shown once; all its sessions end."""

    async def run(services: Services) -> str:
        found = await services.accounts.find_by_username(username)
        if found is None:
            raise InvalidInput(N_("There is no account called {username}."), username=username)
        return await services.accounts.reset_password(None, found.object_id)

    click.echo(f"password: {await with_services(run)}")
