"""What makes a started ``mongod`` usable: a one-node replica set at its present address, and its user.

Everything is done as MongoDB's own cluster user, who is known by the key file alone. It needs no user in the data, so
there is no first-user loophole to leave open, and no moment at which a ``kill -9`` could lock anybody out: every step
can be done again, and any password can be set anew.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from pymongo import MongoClient
from pymongo.errors import AutoReconnect, OperationFailure

from media_tracker.db.embedded.claim import LOOPBACK, REPLICA_SET

ROLES: Final = ("readWriteAnyDatabase", "dbAdminAnyDatabase", "clusterMonitor")

_USER_NOT_FOUND = 11
_NOT_YET_INITIALIZED = 94
_PASSING = frozenset({23, 91, 94, 103, 109, 189, 10107, 11600, 11602, 13435, 13436})
"""Codes of a server that is still coming up: its configuration is being loaded, or there is no primary yet."""


def make_ready(port: int, key: str, user: str, password: str, wait: Callable[[], None]) -> None:
    """Bring the server at ``port`` to where it is PRIMARY, known by that port, and lets ``user`` in.

    ``key`` is the key file's text. ``wait`` is called between two tries and raises to give up.
    Raises `pymongo.errors.OperationFailure` for a refusal that will not pass.
    """
    with _as_cluster_user(port, key) as client:
        for step in (
            lambda: _has_address(client, port),
            lambda: bool(client.admin.command("hello")["isWritablePrimary"]),
            lambda: _lets_in(client, user, password),
        ):
            while not _passes(step):
                wait()


def _as_cluster_user(port: int, key: str) -> MongoClient[dict[str, Any]]:
    return MongoClient(
        LOOPBACK,
        port,
        username="__system",
        password=key,
        authSource="local",
        authMechanism="SCRAM-SHA-256",
        directConnection=True,
        serverSelectionTimeoutMS=1000,
        socketTimeoutMS=10_000,
    )


def _passes(step: Callable[[], bool]) -> bool:
    """Whether ``step`` is done; a refusal that passes by itself counts as not yet."""
    try:
        return step()
    except AutoReconnect:
        return False
    except OperationFailure as error:
        if error.code in _PASSING:
            return False
        raise


def _has_address(client: MongoClient[dict[str, Any]], port: int) -> bool:
    """Whether the set's one member has the present address; if not, a step towards it is taken."""
    here = f"{LOOPBACK}:{port}"
    try:
        config = client.admin.command("replSetGetConfig")["config"]
    except OperationFailure as error:
        if error.code != _NOT_YET_INITIALIZED:
            raise
        client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": [{"_id": 0, "host": here}]})
        return False
    if [member["host"] for member in config["members"]] == [here]:
        return True
    # Forced: by its old address the node is not a member of its own set, so it has no primary to ask.
    config["members"] = [{**config["members"][0], "host": here}]
    config["version"] += 1
    client.admin.command("replSetReconfig", config, force=True)
    return False


def _lets_in(client: MongoClient[dict[str, Any]], user: str, password: str) -> bool:
    """Give ``user`` this password and the roles of the application."""
    rights: dict[str, Any] = {"pwd": password, "roles": list(ROLES), "mechanisms": ["SCRAM-SHA-256"]}
    try:
        client.admin.command("updateUser", user, **rights)
    except OperationFailure as error:
        if error.code != _USER_NOT_FOUND:
            raise
        client.admin.command("createUser", user, **rights)
    return True
