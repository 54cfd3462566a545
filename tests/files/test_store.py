"""Files in the database: kept, given back, attached by a transaction or swept away."""

from __future__ import annotations

import asyncio
import hashlib

import pytest
from bson import ObjectId
from PIL import Image

from media_tracker.db.connection import Database
from media_tracker.db.events import SYSTEM
from media_tracker.db.migrations import Migrator
from media_tracker.db.transactions import Transaction, Transactor
from media_tracker.errors import Conflict, InvalidInput, NotFound
from media_tracker.files.camera import CameraFacts
from media_tracker.files.images import Box
from media_tracker.files.store import CAMERA, CHUNKS, FILES, INDEXES, FileStore
from tests.fake_clock import FakeClock
from tests.files.office import pdf, xlsx
from tests.files.pictures import SECRET, camera_jpeg, encoded, picture

PHOTO = camera_jpeg()


@pytest.fixture
def store(database: Database, clock: FakeClock) -> FileStore:
    return FileStore(database, clock)


async def content(store: FileStore, file_id: ObjectId) -> bytes:
    _, chunks = await store.open(file_id)
    return b"".join([chunk async for chunk in chunks])


async def left(database: Database) -> tuple[int, int]:
    return await database[FILES].count_documents({}), await database[CHUNKS].count_documents({})


async def attach(store: FileStore, transactor: Transactor, *file_ids: ObjectId) -> None:
    async def work(tx: Transaction) -> None:
        await store.attach(file_ids, tx.session)

    await transactor.run(work, SYSTEM)


async def test_a_photo_comes_back_with_what_a_response_needs(store: FileStore, clock: FakeClock) -> None:
    uploader = ObjectId()
    saved = await store.save_image(PHOTO, "井盖.html", uploader, "evidence")

    metadata, _ = await store.open(saved.id)
    kept = await content(store, saved.id)

    assert (saved.width, saved.height, saved.content_type) == (60, 40, "image/jpeg")
    assert saved.sha256 == hashlib.sha256(PHOTO).hexdigest()
    assert saved.size == metadata.size == len(kept)
    assert kept.startswith(b"\xff\xd8\xff")
    assert (metadata.filename, metadata.content_type) == ("井盖.html", "image/jpeg")
    assert (metadata.uploader, metadata.purpose) == (uploader, "evidence")
    assert (metadata.saved_at, metadata.attached) == (clock(), False)


async def test_the_thumbnail_is_a_file_of_its_own(store: FileStore) -> None:
    saved = await store.save_image(encoded(picture(1000, 500)), "a.jpg", None, "evidence")
    metadata, _ = await store.open(saved.thumbnail_id)

    assert metadata.content_type == "image/jpeg"
    assert metadata.purpose == "evidence_thumbnail"
    assert len(await content(store, saved.thumbnail_id)) < saved.size


async def test_a_photo_of_many_chunks_comes_back_whole(store: FileStore) -> None:
    noise = picture(1500, 1500).effect_spread(700)
    saved = await store.save_image(encoded(noise), "noise.jpg", None, "evidence")
    _, chunks = await store.open(saved.id)
    parts = [chunk async for chunk in chunks]

    assert len(parts) > 1
    assert sum(map(len, parts)) == saved.size


async def test_what_is_no_photo_leaves_nothing_behind(store: FileStore, database: Database) -> None:
    with pytest.raises(InvalidInput):
        await store.save_image(b"<script>", "a.jpg", None, "evidence")

    assert await left(database) == (0, 0)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Photos\\井盖.jpg", "井盖.jpg"),
        ("a\r\nSet-Cookie: x.jpg", "aSet-Cookie: x.jpg"),
        ("", "photo"),
        ("x" * 500, "x" * 200),
    ],
)
async def test_a_file_name_is_only_a_name(store: FileStore, given: str, kept: str) -> None:
    saved = await store.save_image(PHOTO, given, None, "evidence")
    metadata, _ = await store.open(saved.id)

    assert metadata.filename == kept


async def test_a_file_that_is_not_there_is_not_found(store: FileStore) -> None:
    with pytest.raises(NotFound):
        await store.open(ObjectId())
    with pytest.raises(NotFound):
        await store.delete(ObjectId())


async def test_deleting_a_photo_takes_its_thumbnail_and_every_chunk(store: FileStore, database: Database) -> None:
    other = await store.save_image(PHOTO, "b.jpg", None, "evidence")
    saved = await store.save_image(PHOTO, "a.jpg", None, "evidence")
    await store.delete(saved.id)

    assert await left(database) == (2, 2)
    assert await content(store, other.id)
    with pytest.raises(NotFound):
        await store.open(saved.thumbnail_id)


async def test_a_photo_whose_transaction_failed_is_swept_away_and_an_attached_one_stays(
    store: FileStore, database: Database, transactor: Transactor, clock: FakeClock
) -> None:
    lost = await store.save_image(PHOTO, "lost.jpg", None, "evidence")
    kept = await store.save_image(PHOTO, "kept.jpg", None, "evidence")

    async def fails(tx: Transaction) -> None:
        await store.attach([lost.id], tx.session)
        raise Conflict("no")

    with pytest.raises(Conflict):
        await transactor.run(fails, SYSTEM)
    await attach(store, transactor, kept.id)
    clock.advance(hours=2)
    young = await store.save_image(PHOTO, "young.jpg", None, "evidence")

    assert await store.sweep(older_than=clock.advance(minutes=-30)) == 2
    assert await left(database) == (4, 4)
    for file_id in (kept.id, kept.thumbnail_id, young.id, young.thumbnail_id):
        assert await content(store, file_id)
    with pytest.raises(NotFound):
        await store.open(lost.id)


async def test_a_photo_that_was_swept_away_or_is_in_use_cannot_be_attached(
    store: FileStore, transactor: Transactor, clock: FakeClock
) -> None:
    saved = await store.save_image(PHOTO, "a.jpg", None, "evidence")
    used = await store.save_image(PHOTO, "b.jpg", None, "evidence")
    await attach(store, transactor, used.id)
    await store.sweep(older_than=clock.advance(hours=1))

    for file_id in (saved.id, used.id, ObjectId()):
        with pytest.raises(Conflict):
            await attach(store, transactor, file_id)


async def test_a_photo_that_has_lost_its_thumbnail_is_not_attached(
    store: FileStore, database: Database, transactor: Transactor
) -> None:
    """As when a sweep has come to the thumbnail, but not yet to the photo."""
    saved = await store.save_image(PHOTO, "a.jpg", None, "evidence")
    await store.delete(saved.thumbnail_id)

    with pytest.raises(Conflict):
        await attach(store, transactor, saved.id)
    assert await database[FILES].count_documents({"metadata.attached": True}) == 0


async def test_attaching_nothing_is_no_change(store: FileStore, database: Database, transactor: Transactor) -> None:
    await store.save_image(PHOTO, "one.jpg", None, "evidence")
    await attach(store, transactor)
    assert await database[FILES].count_documents({"metadata.attached": True}) == 0


async def test_a_sweep_beside_a_transaction_that_attaches_keeps_all_or_nothing(
    store: FileStore, database: Database, transactor: Transactor, clock: FakeClock
) -> None:
    saved = [await store.save_image(PHOTO, f"{n}.jpg", None, "evidence") for n in range(8)]
    later = clock.advance(hours=1)
    results = await asyncio.gather(
        *(attach(store, transactor, each.id) for each in saved), store.sweep(later), return_exceptions=True
    )
    await store.sweep(later)

    attached = [each for each, result in zip(saved, results, strict=False) if result is None]
    assert all(result is None or isinstance(result, Conflict | int) for result in results)
    assert await left(database) == (2 * len(attached), 2 * len(attached))
    for each in attached:
        assert await content(store, each.id)
        assert await content(store, each.thumbnail_id)


async def test_gridfs_finds_its_own_indexes_made(database: Database, store: FileStore, clock: FakeClock) -> None:
    await store.save_image(PHOTO, "a.jpg", None, "evidence")

    assert set(await database[FILES].index_information()) == {"_id_", *(i.document["name"] for i in INDEXES[FILES])}
    assert set(await database[CHUNKS].index_information()) == {"_id_", *(i.document["name"] for i in INDEXES[CHUNKS])}
    assert (await Migrator(database, clock, [], INDEXES, "test").status()).current


# Documents


async def test_a_document_comes_back_as_it_was_sent_under_a_name_that_ends_as_what_it_is(store: FileStore) -> None:
    saved = await store.save_document(xlsx(), "台账.exe", None, "problem")
    metadata, _ = await store.open(saved.id)

    assert saved.filename == metadata.filename == "台账.exe.xlsx"
    assert metadata.content_type == saved.content_type
    assert hashlib.sha256(await content(store, saved.id)).hexdigest() == saved.sha256
    assert await store.papers([saved.id, ObjectId()]) == {saved.id: saved}
    assert await store.photos([saved.id]) == {}


async def test_what_is_no_document_leaves_nothing_behind(store: FileStore, database: Database) -> None:
    with pytest.raises(InvalidInput):
        await store.save_document(PHOTO, "a.pdf", None, "problem")

    assert await left(database) == (0, 0)


async def test_documents_are_attached_and_swept_away_as_photos_are(
    store: FileStore, database: Database, transactor: Transactor, clock: FakeClock
) -> None:
    kept = await store.save_document(pdf(), "a.pdf", None, "problem")
    await store.save_document(pdf(), "b.pdf", None, "problem")
    await attach(store, transactor, kept.id)

    assert await store.sweep(older_than=clock.advance(hours=1)) == 1
    assert await left(database) == (1, 1)
    with pytest.raises(Conflict):
        await attach(store, transactor, kept.id)


# What cameras say


async def test_what_the_camera_said_is_kept_apart_and_comes_and_goes_with_the_photo(
    store: FileStore, database: Database, transactor: Transactor, clock: FakeClock
) -> None:
    lost = await store.save_image(PHOTO, "lost.jpg", None, "problem")
    kept = await store.save_image(PHOTO, "kept.jpg", None, "problem")
    await attach(store, transactor, kept.id)
    await store.sweep(older_than=clock.advance(hours=1))

    assert await store.camera_facts([lost.id, kept.id]) == {kept.id: CameraFacts("2026-03-02T08:15:00", "+08:00")}
    files = await database[FILES].find().to_list()
    assert "2026-03-02T08" not in str(files)
    assert SECRET not in str(files)
    await store.delete(kept.id)
    assert await database[CAMERA].count_documents({}) == 0


# Blacking out

WHOLE = encoded(picture(600, 400))
LEFT = Box(0, 0, 50, 100)


async def black_out(store: FileStore, transactor: Transactor, photo: ObjectId, box: Box, seen: ObjectId) -> ObjectId:
    _, version = await store.save_blacked_out(photo, [box], None)

    async def work(tx: Transaction) -> None:
        await store.show_instead(photo, seen, version, tx.session)

    await transactor.run(work, SYSTEM)
    return version.id


async def test_a_photo_that_was_blacked_out_is_seen_so_by_every_address_it_had(
    store: FileStore, transactor: Transactor
) -> None:
    saved = await store.save_image(WHOLE, "a.jpg", None, "problem")
    await attach(store, transactor, saved.id)
    original, small = await content(store, saved.id), await content(store, saved.thumbnail_id)
    first = await black_out(store, transactor, saved.id, LEFT, saved.id)
    second = await black_out(store, transactor, saved.id, Box(50, 0, 50, 100), first)

    photo = (await store.photos([saved.id]))[saved.id]
    shown, thumbnail = await content(store, photo.id), await content(store, photo.thumbnail_id)
    assert (photo.id, photo.blacked_out, photo.sha256) == (second, True, saved.sha256)
    assert photo.sha256_kept == hashlib.sha256(shown).hexdigest()
    assert await content(store, saved.id) == await content(store, first) == shown != original
    assert await content(store, saved.thumbnail_id) == thumbnail != small
    _, chunks = await store.open(saved.id, as_sent=True)
    assert b"".join([chunk async for chunk in chunks]) == original


async def test_of_two_people_who_black_out_one_photo_at_once_the_second_is_told(
    store: FileStore, database: Database, transactor: Transactor
) -> None:
    saved = await store.save_image(WHOLE, "a.jpg", None, "problem")
    await attach(store, transactor, saved.id)
    results = await asyncio.gather(
        *(black_out(store, transactor, saved.id, LEFT, saved.id) for _ in range(2)), return_exceptions=True
    )

    assert sorted(type(result) for result in results if isinstance(result, Exception)) == [Conflict]
    assert await database[FILES].count_documents({"metadata.stands_for": saved.id, "metadata.attached": True}) == 1


async def test_deleting_a_photo_takes_its_versions_too(
    store: FileStore, database: Database, transactor: Transactor
) -> None:
    saved = await store.save_image(WHOLE, "a.jpg", None, "problem")
    await attach(store, transactor, saved.id)
    await black_out(store, transactor, saved.id, LEFT, saved.id)
    await store.delete(saved.id)

    assert await left(database) == (0, 0)


# Known again


async def test_an_attached_photo_is_found_by_its_bytes_and_by_its_looks(
    store: FileStore, transactor: Transactor, database: Database
) -> None:
    noise = Image.effect_noise((200, 200), 90).resize((640, 640)).convert("RGB")
    used = await store.save_image(encoded(noise), "a.jpg", None, "problem")
    other = await store.save_image(encoded(picture(600, 400)), "c.jpg", None, "problem")
    same = await store.save_image(encoded(noise), "b.jpg", None, "problem")
    near = await store.save_image(encoded(noise.resize((400, 400)), quality=40), "d.jpg", None, "problem")
    waiting = await store.save_image(encoded(noise), "e.jpg", None, "problem")
    await attach(store, transactor, used.id, other.id, same.id, near.id)
    photos = await store.photos([used.id])

    assert await store.alike(photos) == {used.id: {same.id: True, near.id: False}}
    assert waiting.id not in (await store.alike(photos))[used.id]
    assert await store.alike({}) == {}
    keys = (await database[FILES].find_one({"_id": used.id}) or {})["metadata"]["keys"]
    plan = await database[FILES].find({"metadata.keys": {"$in": keys}}).explain()
    assert "COLLSCAN" not in str(plan["queryPlanner"]["winningPlan"])
