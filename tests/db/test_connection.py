"""Opening the database: a usable replica set, or one sentence that says what is wrong."""

from __future__ import annotations

import pytest

from media_tracker.db.connection import Database, open_database
from media_tracker.errors import NotReady


@pytest.mark.parametrize(
    "uri",
    [
        "mongodb://",
        "mongodb://h:99999",
        "mongodb://user:secret:word@h",
        "mongodb://h/?tls=true&tlsCAFile=/there/is/none.pem",
    ],
)
async def test_an_address_that_cannot_be_used_is_refused_in_a_sentence_without_the_password(uri: str) -> None:
    with pytest.raises(NotReady) as refused:
        async with open_database(uri, "unused"):
            pass

    assert "MONGODB_URI" in str(refused.value)
    assert "secret" not in str(refused.value)


async def test_times_come_back_aware(database: Database) -> None:
    assert database.client.options.codec_options.tz_aware
