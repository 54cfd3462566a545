"""What the levels of a nomination are called: a table that an office edits. The only writer of ``nomination_words``."""

from __future__ import annotations

from collections.abc import Mapping

from media_tracker.accounts.actor import Actor, Role
from media_tracker.accounts.audit import Audit
from media_tracker.accounts.documents import AuditAction
from media_tracker.db.connection import Database
from media_tracker.db.events import Origin
from media_tracker.db.transactions import Transaction, Transactor
from media_tracker.deeds.deed import Level
from media_tracker.deeds.nominations import LONGEST_WORD, STARTING_WORDS
from media_tracker.errors import N_, Conflict, Forbidden, InvalidInput

COLLECTION = "nomination_words"
KEY = "words"

Words = Mapping[Level, tuple[str, str]]
"""By level: the Chinese word and the English one."""


class NominationWords:
    """Reads the words, and writes them where somebody has edited them."""

    def __init__(self, database: Database, transactor: Transactor, audit: Audit) -> None:
        self._words = database[COLLECTION]
        self._transactor = transactor
        self._audit = audit

    async def get(self) -> tuple[int, Words]:
        """The version of the table (1: as it is shipped), and the words."""
        row = await self._words.find_one({"_id": KEY})
        if row is None:
            return 1, STARTING_WORDS
        own = {Level(level): (pair[0], pair[1]) for level, pair in row["words"].items() if level in set(Level)}
        return row["version"], {**STARTING_WORDS, **own}

    async def edit(self, version: int, words: Words, actor: Actor, origin: Origin) -> None:
        """Write the words over the table's ``version``.

        Raises:
            Forbidden: not publicity staff. InvalidInput: a level without a word, or one that is too long.
            Conflict: somebody was faster.
        """
        if not actor.has(Role.PUBLICITY):
            raise Forbidden(N_("Your role does not allow this."))
        fields: dict[str, str] = {}
        for level in Level:
            for name, word in zip(("zh", "en"), words[level], strict=True):
                if not 1 <= len(word.strip()) <= LONGEST_WORD:
                    fields[f"{level.value}_{name}"] = N_("A word has 1 to 40 characters.")
        if fields:
            raise InvalidInput(N_("Please look at the marked fields."), fields)
        pairs = {level.value: [word.strip() for word in words[level]] for level in Level}

        async def work(tx: Transaction) -> None:
            row = await self._words.find_one({"_id": KEY}, {"version": 1}, session=tx.session)
            if (row["version"] if row else 1) != version:
                raise Conflict(N_("Somebody has changed these words in the meantime. Look at them again."))
            new = {"_id": KEY, "version": version + 1, "words": pairs}
            await self._words.replace_one({"_id": KEY}, new, upsert=True, session=tx.session)
            await self._audit.write(
                AuditAction.NOMINATION_WORDS_CHANGED,
                actor=actor.user_id,
                subject=None,
                request_id=origin.request_id,
                session=tx.session,
            )

        await self._transactor.run(work, origin)
