"""Who is told of what, and by which letter."""

from __future__ import annotations

from dataclasses import dataclass

from media_tracker.mail.carriers import carrier_for
from media_tracker.mail.letters import Sender
from media_tracker.mail.outbox import Outbox
from media_tracker.notices.notifier import Notifier
from media_tracker.notices.posting import Posting
from media_tracker.notices.service import Notices
from media_tracker.wiring.ground import Ground

NOBODYS_ADDRESS = "media-tracker@localhost"
"""From whom letters come that no server takes: they go to files."""


@dataclass(frozen=True, kw_only=True)
class NewsServices:
    """Who is told of what, and by which letter."""

    notices: Notices
    notifier: Notifier
    posting: Posting
    outbox: Outbox


def news_services(on: Ground) -> NewsServices:
    """Everything that tells somebody something."""
    database, clock, owner, settings = on.database, on.clock, on.owner, on.settings
    carrier = carrier_for(settings.mail_server, settings.mail_from, settings.data_dir / "mail")
    sender = Sender(settings.mail_from or NOBODYS_ADDRESS, settings.office_name)
    outbox = Outbox(database, clock, owner, carrier, sender, on.accounts.reachable)
    return NewsServices(
        notices=Notices(database),
        notifier=Notifier(database, on.log, on.consuming, clock, owner),
        posting=Posting(database, outbox, clock, owner, settings.zone, settings.digest_hour),
        outbox=outbox,
    )
