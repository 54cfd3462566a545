"""Photos as evidence: where one was used before, when and where it was taken, and what may be seen of it.

What is on record is never changed: a photo with parts blacked out stands in front of its original, which stays.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass

from bson import ObjectId

from media_tracker.accounts.actor import Actor
from media_tracker.accounts.audit import Audit
from media_tracker.accounts.documents import AuditAction
from media_tracker.db.connection import Database
from media_tracker.db.events import Origin
from media_tracker.db.transactions import Transaction, Transactor
from media_tracker.errors import N_, Forbidden, InvalidInput, MediaTrackerError, NotFound
from media_tracker.files.camera import CameraFacts
from media_tracker.files.images import Box
from media_tracker.files.kept import FileMetadata, Photo
from media_tracker.files.store import FileStore, blacked_out_meanwhile
from media_tracker.problems.arriving import without_arriving
from media_tracker.problems.case import EventType
from media_tracker.problems.casebook import Casebook
from media_tracker.problems.documents import Problem
from media_tracker.problems.evidence.material import Filed, photos_of
from media_tracker.problems.evidence.photo_rules import may_black_out, may_open_original, may_read_camera
from media_tracker.problems.lifecycle import Decided

NOT_YOURS = N_("Your role does not allow this.")
NO_SUCH_FILE = N_("There is no such file.")
LONGEST_REASON = 300
MOST_BOXES = 40


@dataclass(frozen=True, slots=True)
class Use:
    """That a photo is on record elsewhere too."""

    photo: Filed
    elsewhere: Filed
    number: str
    """Of the problem where it is on record; the same problem's, when it is in another place of it."""
    same_file: bool
    """The very same file; False: the same picture, written anew, as far as a computer can tell."""


class Evidence:
    """Tells of photos what has to be known to believe them, and blacks out what nobody needs to see."""

    def __init__(
        self,
        database: Database,
        transactor: Transactor,
        casebook: Casebook,
        files: FileStore,
        audit: Audit,
    ) -> None:
        self._problems = database[Problem.Settings.name]
        self._transactor = transactor
        self._casebook = casebook
        self._files = files
        self._audit = audit

    # Used before

    async def uses(self, problem: Problem) -> list[Use]:
        """Where photos of ``problem`` are on record besides: in another problem, another round, or before as after.

        Asked of indexes, when a page is opened: so it tells of a use that came later, too.
        """
        own = {photo.id: photo for photo in photos_of(problem.case)}
        alike = await self._files.alike(await self._files.photos(own))
        places = await self._places({other for found in alike.values() for other in found})
        return [
            Use(own[key], filed, number, same)
            for key in own
            for other, same in sorted(alike.get(key, {}).items())
            for number, filed in places.get(other, ())
        ]

    async def _places(self, photo_ids: set[ObjectId]) -> Mapping[ObjectId, list[tuple[str, Filed]]]:
        """Of photos, the numbers of the problems that they belong to, and where in them."""
        if not photo_ids:
            return {}
        here = await without_arriving(self._problems.database)
        found: dict[ObjectId, list[tuple[str, Filed]]] = {}
        async for row in self._problems.find({"files": {"$in": sorted(photo_ids)}, **here}).sort("_id", 1):
            problem = Problem.model_validate(row)
            for photo in photos_of(problem.case):
                if photo.id in photo_ids:
                    found.setdefault(photo.id, []).append((problem.number, photo))
        return found

    # When and where

    async def camera_facts(self, problem: Problem, actor: Actor, request_id: str | None) -> dict[ObjectId, CameraFacts]:
        """What cameras said of the problem's photos. That ``actor`` has read it is written down first.

        Raises:
            Forbidden: neither an admin nor an inspector.
        """
        if not may_read_camera(actor):
            raise Forbidden(NOT_YOURS)
        await self._audit.write(
            AuditAction.EVIDENCE_READ,
            actor=actor.user_id,
            subject=f"problem/{problem.number}",
            request_id=request_id,
        )
        return await self._files.camera_facts(photo.id for photo in photos_of(problem.case))

    # Blacking out

    async def black_out(
        self, problem: Problem, photo_id: ObjectId, seen: ObjectId, boxes: Sequence[Box], actor: Actor, origin: Origin
    ) -> Problem:
        """Paint parts of a photo black for everybody. ``seen``: the version in which the boxes were drawn.

        Raises:
            NotFound: the photo is not this problem's.
            Forbidden: it is not the actor's to do.
            InvalidInput: no box, too many, or one outside the photo.
            Conflict: somebody was faster.
        """
        photo = filed(problem, photo_id)
        if not may_black_out(problem.case, photo, actor):
            raise Forbidden(NOT_YOURS)
        if len(boxes) > MOST_BOXES:
            raise InvalidInput(N_("These are too many boxes. Draw fewer, larger ones."))
        made_from, version = await self._files.save_blacked_out(photo.id, boxes, actor.user_id)

        async def work(tx: Transaction) -> Problem:
            stored = await self._casebook.read(tx, problem.case.id)
            await self._files.show_instead(photo.id, seen, version, tx.session)
            payload = {
                "photo": photo.id,
                "seen_as": version.id,
                "sha256": version.sha256,
                "boxes": len(boxes),
                "by": actor.user_id,
            }
            return await self._casebook.write(tx, stored, [Decided(EventType.PHOTO_BLACKED_OUT, payload)])

        try:
            if made_from != seen:
                raise blacked_out_meanwhile()
            return await self._transactor.run(work, origin)
        except MediaTrackerError:
            await self._files.delete(version.id)
            raise

    async def take_back(
        self, problem: Problem, photo_id: ObjectId, seen: ObjectId, reason: str, actor: Actor, origin: Origin
    ) -> Problem:
        """Take a photo's last black-out back, for everybody. ``seen``: the version that is shown.

        Who may open the original may do it; it stands in the history with its reason, and in the audit trail.

        Raises:
            NotFound: the photo is not this problem's. Forbidden: not an admin. InvalidInput: no reason.
            Conflict: it is shown in another version by now.
        """
        photo = filed(problem, photo_id)
        if not may_open_original(actor):
            raise Forbidden(NOT_YOURS)
        reason = reason.strip()
        if not reason or len(reason) > LONGEST_REASON:
            sentence = N_("Please say why it is taken back, in at most 300 characters.")
            raise InvalidInput(sentence, {"taken_back": sentence})

        async def work(tx: Transaction) -> Problem:
            stored = await self._casebook.read(tx, problem.case.id)
            shown = await self._files.show_earlier(photo.id, seen, tx.session)
            await self._audit.write(
                AuditAction.BLACK_OUT_TAKEN_BACK,
                actor=actor.user_id,
                subject=f"problem/{problem.number}",
                detail={"photo": photo.id, "reason": reason},
                request_id=origin.request_id,
                session=tx.session,
            )
            payload = {"photo": photo.id, "seen_as": shown, "by": actor.user_id}
            return await self._casebook.write(tx, stored, [Decided(EventType.BLACK_OUT_TAKEN_BACK, payload)], reason)

        return await self._transactor.run(work, origin)

    async def original(
        self, problem: Problem, photo_id: ObjectId, reason: str, actor: Actor, request_id: str | None
    ) -> tuple[FileMetadata, AsyncIterator[bytes]]:
        """A photo as it was before anything was blacked out. Who opened it, and why, is written down first.

        Raises:
            NotFound: the photo is not this problem's. Forbidden: not an admin. InvalidInput: no reason.
        """
        photo = filed(problem, photo_id)
        if not may_open_original(actor):
            raise Forbidden(NOT_YOURS)
        if not reason.strip() or len(reason) > LONGEST_REASON:
            sentence = N_("Please say why you need the original, in at most 300 characters.")
            raise InvalidInput(sentence, {"reason": sentence})
        await self._audit.write(
            AuditAction.ORIGINAL_OPENED,
            actor=actor.user_id,
            subject=f"problem/{problem.number}",
            detail={"photo": photo.id, "reason": reason.strip()},
            request_id=request_id,
        )
        return await self._files.open(photo.id, as_sent=True)

    async def photos(self, problem: Problem) -> dict[ObjectId, Photo]:
        """The problem's photos, as they may be seen."""
        return await self._files.photos(photo.id for photo in photos_of(problem.case))


def filed(problem: Problem, photo_id: ObjectId) -> Filed:
    """Where in ``problem`` the photo is on record; ``NotFound`` when it is not."""
    for photo in photos_of(problem.case):
        if photo.id == photo_id:
            return photo
    raise NotFound(NO_SUCH_FILE)
