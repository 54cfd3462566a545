"""Opening the database: one client, one event loop."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from pymongo import AsyncMongoClient
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import ConfigurationError, PyMongoError

from media_tracker.errors import N_, NotReady

Json = dict[str, Any]
"""A document as PyMongo hands it over. The values are what BSON can hold, which no narrower type describes."""

Client = AsyncMongoClient[Json]
Database = AsyncDatabase[Json]
Collection = AsyncCollection[Json]
Filter = Mapping[str, Any]


@asynccontextmanager
async def open_database(uri: str, name: str, *, timeout_seconds: float = 10.0) -> AsyncIterator[Database]:
    """The database ``name`` at ``uri``, reached and checked to be a replica set.

    Raises:
        NotReady: nothing answers there within ``timeout_seconds``, the sign-in fails, or it is a single server without
            a replica set (transactions need one).
    """
    try:
        client: Client = AsyncMongoClient(
            uri, tz_aware=True, serverSelectionTimeoutMS=int(timeout_seconds * 1000), appname="media-tracker"
        )
    except (ConfigurationError, ValueError, OSError) as error:
        # The last two are for a port out of range and a certificate that is not there.
        raise NotReady(N_("MONGODB_URI cannot be used: {reason}"), reason=str(error)) from error
    try:
        try:
            hello = await client.admin.command("hello")
        except PyMongoError as error:
            raise NotReady(
                N_("MongoDB does not answer. Check that it runs and that MONGODB_URI is right. ({reason})"),
                reason=type(error).__name__,
            ) from error
        if "setName" not in hello and hello.get("msg") != "isdbgrid":
            raise NotReady(N_("This MongoDB is not a replica set. Transactions need one: start it with --replSet."))
        yield client.get_database(name)
    finally:
        await client.close()
