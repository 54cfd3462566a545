"""The one place where everything is put together: what is kept (``schema``), a module for each part, ``services`` on top."""

from media_tracker.wiring.ground import process_name
from media_tracker.wiring.schema import DOCUMENTS, INDEXES, bind_documents
from media_tracker.wiring.secret import secret_key
from media_tracker.wiring.services import Services, assemble, open_fetcher, open_services

__all__ = [
    "DOCUMENTS",
    "INDEXES",
    "Services",
    "assemble",
    "bind_documents",
    "open_fetcher",
    "open_services",
    "process_name",
    "secret_key",
]
