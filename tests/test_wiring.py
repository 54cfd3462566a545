"""Everything put together: every document known, every service on one database, a secret that all processes share."""

from __future__ import annotations

import importlib
import os
import pkgutil
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from beanie import Document
from litestar.testing import AsyncTestClient

import media_tracker
from media_tracker.app import create_app
from media_tracker.db.connection import Database
from media_tracker.settings import Settings
from media_tracker.wiring import DOCUMENTS, INDEXES, Services, open_services, process_name, secret_key


def test_every_document_that_there_is_is_known_to_the_wiring() -> None:
    found: set[type[Document]] = set()
    for module in pkgutil.walk_packages(media_tracker.__path__, "media_tracker."):
        if module.name.endswith(".documents"):
            names = vars(importlib.import_module(module.name)).values()
            found |= {each for each in names if isinstance(each, type) and issubclass(each, Document)}

    assert found - {Document} == set(DOCUMENTS)


def test_every_index_has_a_name_of_its_own_and_every_collection_of_documents_is_there() -> None:
    assert {document.Settings.name for document in DOCUMENTS} <= set(INDEXES)
    for collection, indexes in INDEXES.items():
        names = [index.document["name"] for index in indexes]
        assert len(names) == len(set(names)), collection


async def test_services_share_one_database_clock_and_name(services: Services, database: Database) -> None:
    assert services.database is database
    assert services.ingest.claims.owner == services.owner
    assert (await services.migrator.status()).missing_indexes == ()


async def test_services_open_on_the_database_that_is_named(
    mongodb_uri: str, database_name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database: Database
) -> None:
    monkeypatch.setenv("MONGODB_URI", mongodb_uri)
    settings = Settings(_env_file=None, database=database_name, data_dir=tmp_path / "data")

    async with open_services(settings) as services:
        assert services.database.name == database_name
        assert await services.outlets.all() == []

    assert not (tmp_path / "data").exists()


async def test_a_page_server_reads_what_strangers_send_in_a_process_that_can_be_stopped(
    mongodb_uri: str, database_name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database: Database
) -> None:
    monkeypatch.setenv("MONGODB_URI", mongodb_uri)
    app = create_app(Settings(_env_file=None, database=database_name, data_dir=tmp_path / "data", secret_key="given"))

    async with AsyncTestClient(app):
        reader = await app.state.services.reading.run(os.getpid)

    assert reader != os.getpid()


def test_no_two_processes_have_the_same_name() -> None:
    assert process_name() != process_name()
    assert str(os.getpid()) in process_name()


def test_the_secret_that_is_set_is_taken_and_nothing_is_written(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, data_dir=tmp_path / "data", secret_key="given")
    assert secret_key(settings) == "given"
    assert not (tmp_path / "data").exists()


def test_without_one_a_random_secret_is_kept_for_the_owner_alone(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, data_dir=tmp_path / "data")

    key = secret_key(settings)

    assert len(key) == 64
    assert secret_key(settings) == key
    (file,) = (tmp_path / "data").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


def test_processes_that_start_at_once_get_the_same_secret_and_never_an_empty_one(tmp_path: Path) -> None:
    """An empty key would sign whatever a stranger makes up."""
    for number in range(20):
        settings = Settings(_env_file=None, data_dir=tmp_path / str(number))
        with ThreadPoolExecutor(8) as pool:
            keys = set(pool.map(secret_key, [settings] * 8))
        assert len(keys) == 1
        assert len(keys.pop()) == 64
