"""What every room stands on: database, log, files, places, accounts."""

from __future__ import annotations

import os
import secrets
import socket
from dataclasses import dataclass
from datetime import timedelta

from media_tracker.accounts.audit import Audit
from media_tracker.accounts.passwords import Passwords
from media_tracker.accounts.sealing import Seal
from media_tracker.accounts.service import Accounts
from media_tracker.accounts.sessions import Sessions
from media_tracker.accounts.throttle import Throttle
from media_tracker.accounts.tokens import Tokens
from media_tracker.accounts.visits import Visits
from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database
from media_tracker.db.consumers import ConsumerRunner
from media_tracker.db.events import EventLog
from media_tracker.db.migrations import Migrator
from media_tracker.db.transactions import Transactor
from media_tracker.files.store import FileStore
from media_tracker.migrations import MIGRATIONS
from media_tracker.places.responsibility_import import Responsibilities
from media_tracker.places.responsibility_rows import ResponsibilityRows
from media_tracker.places.service import Places
from media_tracker.settings import Settings
from media_tracker.taxonomy.service import Taxonomy
from media_tracker.wiring.schema import INDEXES
from media_tracker.wiring.secret import secret_key


def process_name() -> str:
    """A name for this process in leases: machine, process, and a random part, since numbers of processes come again."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What every room stands on."""

    settings: Settings
    clock: Clock
    database: Database
    log: EventLog
    transactor: Transactor
    consuming: ConsumerRunner
    migrator: Migrator
    files: FileStore
    places: Places
    responsibilities: Responsibilities
    responsibility_rows: ResponsibilityRows
    taxonomy: Taxonomy
    accounts: Accounts
    sessions: Sessions
    audit: Audit
    tokens: Tokens
    visits: Visits
    owner: str

    def seal(self, purpose: str) -> Seal:
        """Encryption for one purpose; its key is derived from the secret key when it is first needed."""
        return Seal(lambda: secret_key(self.settings), purpose)


def lay_ground(settings: Settings, database: Database, clock: Clock, passwords: Passwords | None) -> Ground:
    """Everything that no room can do without."""
    owner, log = process_name(), EventLog(database, clock)
    transactor = Transactor(database, log)
    places, taxonomy = Places(database, clock), Taxonomy(database, clock)
    responsibilities = Responsibilities(database, transactor, places, taxonomy, clock)
    audit = Audit(database, clock)
    sessions = Sessions(
        database,
        clock,
        idle=timedelta(minutes=settings.session_idle_minutes),
        absolute=timedelta(hours=settings.session_hours),
    )
    accounts = Accounts(
        database,
        clock,
        transactor,
        passwords=passwords or Passwords(),
        sessions=sessions,
        throttle=Throttle(database, clock),
        audit=audit,
    )
    return Ground(
        settings=settings,
        clock=clock,
        database=database,
        log=log,
        transactor=transactor,
        consuming=ConsumerRunner(database, log, clock, owner),
        migrator=Migrator(database, clock, MIGRATIONS, INDEXES, owner),
        files=FileStore(database, clock),
        places=places,
        responsibilities=responsibilities,
        responsibility_rows=ResponsibilityRows(database, transactor, responsibilities, places, taxonomy, clock),
        taxonomy=taxonomy,
        accounts=accounts,
        sessions=sessions,
        audit=audit,
        tokens=Tokens(database, transactor, clock),
        visits=Visits(database, clock),
        owner=owner,
    )
