"""A real MongoDB server for a machine that has none: a one-node replica set on loopback, data in one directory.

Four parts, from the outside in::

    server.py    EmbeddedServer: a process's membership; starts the server or joins the one that runs
    keeper.py    the small process that starts mongod, watches it and ends it: its whole life
    replica.py   what makes a started mongod usable: replica set, its address, its user
    claim.py     the directory: locks, keys and the state file by which processes find one another
    source.py    which mongod to start

The rules that hold at every moment, ``kill -9`` included, rest on two locks of the kernel (``flock``), which end
with their holder however it ends:

- whoever uses the server holds ``mongod.users`` *shared*;
- whoever keeps the server holds ``mongod.keeper`` *exclusively*; there is one keeper, and so one server.

The keeper ends when it gets ``mongod.users`` exclusively, that is, when nobody uses the server any more; while it
closes nobody can join. ``mongod`` gets a SIGTERM from the kernel if its keeper dies (Linux). So no server outlives its
users, none is started twice, and none is taken from under somebody.
"""

from media_tracker.db.embedded.server import EmbeddedServer, ServerAddress
from media_tracker.db.embedded.source import find_mongod

__all__ = ["EmbeddedServer", "ServerAddress", "find_mongod"]
