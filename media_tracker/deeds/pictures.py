"""Pictures of a good deed: put on it, described, taken off; and who may see which."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from bson import ObjectId

from media_tracker.accounts.actor import Actor, Role
from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database
from media_tracker.db.events import Origin
from media_tracker.db.ids import parse_id
from media_tracker.db.transactions import Transaction, Transactor
from media_tracker.deeds.book import DeedBook
from media_tracker.deeds.deed import DeedPhoto
from media_tracker.deeds.documents import GoodDeed
from media_tracker.deeds.service import check_editor
from media_tracker.deeds.showing import may_look
from media_tracker.errors import N_, InvalidInput, NotFound
from media_tracker.files.store import FileStore

MOST_PHOTOS = 20
PURPOSE = "deed"
"""Of files that only the pages of deeds give out."""


class DeedPictures:
    """Changes the pictures of deeds, each change one transaction, on the version that somebody saw."""

    def __init__(self, database: Database, transactor: Transactor, files: FileStore, clock: Clock) -> None:
        self._book = DeedBook(database, clock)
        self._transactor = transactor
        self._files = files
        self._clock = clock

    async def add_photos(
        self, deed_id: str, version: int, photos: Sequence[tuple[ObjectId, str, bool]], actor: Actor, origin: Origin
    ) -> GoodDeed:
        """Put saved photos (id, caption, whether people can be recognised) on a deed.

        Raises:
            Forbidden: no editor. InvalidInput: too many. NotFound. Conflict: also where a file is no longer there.
        """
        check_editor(actor)
        now = self._clock()
        new = [
            DeedPhoto(id=key, caption=caption.strip(), people=people, by=actor.user_id, at=now)
            for key, caption, people in photos
        ]

        async def change(tx: Transaction, deed: GoodDeed) -> GoodDeed:
            if len(deed.photos) + len(new) > MOST_PHOTOS:
                sentence = N_("A deed has at most 20 pictures.")
                raise InvalidInput(sentence, {"photos": sentence})
            await self._files.attach([photo.id for photo in new], tx.session)
            payload = {"photos": [photo.id for photo in new]}
            return await self._book.change(tx, deed, "photos_added", payload, photos=[*deed.photos, *new], release=None)

        return await self._book.change_at(self._transactor, deed_id, version, change, origin)

    async def edit_photo(
        self, deed_id: str, photo_id: str, version: int, caption: str, people: bool, actor: Actor, origin: Origin
    ) -> GoodDeed:
        """Change a picture's caption, and whether somebody can be recognised in it.

        Raises:
            Forbidden: no editor. NotFound, Conflict.
        """
        check_editor(actor)

        async def change(tx: Transaction, deed: GoodDeed) -> GoodDeed:
            photo = photo_of(deed, photo_id)
            edited = photo.model_copy(update={"caption": caption.strip(), "people": people})
            if edited == photo:
                return deed
            photos = [edited if each.id == photo.id else each for each in deed.photos]
            payload = {"photo": photo.id, "people": people}
            return await self._book.change(tx, deed, "photo_edited", payload, photos=photos, release=None)

        return await self._book.change_at(self._transactor, deed_id, version, change, origin)

    async def remove_photo(self, deed_id: str, photo_id: str, version: int, actor: Actor, origin: Origin) -> GoodDeed:
        """Take a picture off a deed and delete it.

        Raises:
            Forbidden: no editor. NotFound, Conflict.
        """
        check_editor(actor)
        gone: list[ObjectId] = []

        async def change(tx: Transaction, deed: GoodDeed) -> GoodDeed:
            photo = photo_of(deed, photo_id)
            gone[:] = [photo.id]
            photos = [each for each in deed.photos if each.id != photo.id]
            return await self._book.change(tx, deed, "photo_removed", {"photo": photo.id}, photos=photos, release=None)

        changed = await self._book.change_at(self._transactor, deed_id, version, change, origin)
        await delete_pictures(self._files, gone)
        return changed


async def delete_pictures(files: FileStore, photo_ids: Sequence[ObjectId]) -> None:
    """Delete pictures that no deed has any more; those that are gone already are passed over."""
    for photo_id in photo_ids:
        with suppress(NotFound):  # somebody was faster
            await files.delete(photo_id)


def photo_of(deed: GoodDeed, photo_id: str) -> DeedPhoto:
    """The picture of ``deed`` with this id; ``NotFound`` when it has none."""
    key = parse_id(photo_id)
    for photo in deed.photos:
        if photo.id == key:
            return photo
    raise NotFound(N_("There is no such file."))


def may_see_photo(deed: GoodDeed, photo: DeedPhoto, actor: Actor | None) -> bool:
    """Whether somebody may see a picture: everybody one that may be shown; who works on the deed, until consent is taken back.

    Of a deed all of whose stories have been withdrawn those alone who work on it.
    """
    staff = actor is not None and actor.has(Role.EDITOR, Role.PUBLICITY)
    if deed.shows(photo):
        stands = any(each.withdrawn_at is None for each in deed.stories)
        return deed.is_public or staff or (actor is not None and stands)
    return staff and may_look(photo, deed.people, deed.young)
