"""WebSub: having new stories pushed by a hub instead of asking for them (W3C Recommendation). Polling goes on all the same.

The way of a subscription::

    offer ─► asked ──confirm──► confirmed ──three quarters of the lease──► asked anew (renewal)
               │ denied, or no answer: asked again later                   └ the old one holds until its lease ends

Each request gives the hub a new callback address with a random token, of which only the digest is stored, and a new secret, so
that neither is ever needed twice. Every change is conditional on the version that was read: of several workers one wins.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import structlog
from bson import ObjectId
from pymongo.errors import DuplicateKeyError

from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database, Json
from media_tracker.errors import N_, NotFound
from media_tracker.ingest.websub_documents import COLLECTION, Callback, Subscription, as_rows
from media_tracker.ingest.websub_rules import (
    granted_lease,
    renewal_due,
    retry_due,
    subscription_request,
    verify_signature,
)
from media_tracker.net.errors import FetchError
from media_tracker.net.fetch import Fetcher, FetchLimits
from media_tracker.net.urls import checked_url

log = structlog.get_logger("websub")

TOKEN_BYTES = 32
GRACE = timedelta(hours=1)
"""A push that was under way when its lease ended, or when a renewal took its place, is taken that much later still."""
AFTER_DENIAL = timedelta(days=7)
MOST_CALLBACKS = 4
_TRIES = 5
_URL_CHARS = 2_048
_REASON_CHARS = 300
_LIMITS = FetchLimits(bytes_decompressed=64 * 2**10, cut=True)


class SubscriptionOver(NotFound):
    """There was such a subscription, but its time is over: the hub may forget it (§7, 410)."""


class WebSub:
    """Subscribes feeds to their hubs. Does nothing where ``public_url``, under which hubs reach this program, is not set."""

    def __init__(self, database: Database, fetcher: Fetcher, clock: Clock, public_url: str | None) -> None:
        self._rows = database[COLLECTION]
        self._fetcher = fetcher
        self._clock = clock
        self._public_url = (public_url or "").rstrip("/")

    async def offer(self, feed_id: ObjectId, hub: str, topic: str) -> bool:
        """A feed names ``hub`` for ``topic``: subscribe, unless that is already under way. True when the hub took a request.

        What cannot be asked (an address that is none, a hub that does not answer) is noted and tried again by
        :meth:`renew_due`; nothing is raised for it.
        """
        if not self._public_url or not (_is_address(hub) and _is_address(topic)):
            return False
        row = await self._rows.find_one({"feed_id": feed_id})
        if row is None:
            row = await self._begin(feed_id, hub, topic)
        elif (row["hub"], row["topic"]) != (hub, topic):
            row = await self._move(Subscription.of(row), hub, topic)
        else:
            return False
        return row is not None and await self._ask(Subscription.of(row))

    async def renew_due(self, limit: int) -> int:
        """Ask the hubs of up to ``limit`` subscriptions that are due; gives how many took the request."""
        if not self._public_url:
            return 0
        query = {"ask_at": {"$lte": self._clock()}}
        rows = await self._rows.find(query).sort("ask_at", 1).limit(limit).to_list()
        return sum(await asyncio.gather(*(self._ask(Subscription.of(row)) for row in rows)))

    async def confirm(self, token: str, params: Mapping[str, str]) -> str:
        """The hub verifies that we have asked (§5.3): gives the challenge, to be sent back as it is.

        Raises:
            NotFound: no such address, or not what was asked: another topic, another mode, a lease that is none.
        """
        challenge = params.get("hub.challenge", "")
        for _ in range(_TRIES):
            subscription, callback = await self._find(token)
            lease = granted_lease(params)
            asked = params.get("hub.mode") == "subscribe" and _same(params.get("hub.topic", ""), subscription.topic)
            if not asked or not challenge or lease is None:
                raise _unknown()
            if await self._change(subscription, self._confirmed(subscription, callback, lease)):
                log.info(
                    "websub_confirmed", hub=subscription.hub, topic=subscription.topic, days=lease / timedelta(days=1)
                )
                return challenge
        raise _unknown()

    async def denied(self, token: str, params: Mapping[str, str]) -> None:
        """The hub says that there will be no subscription, or that it has ended (§5.2). It is asked again in a week.

        Raises:
            NotFound: no such address, or another topic.
        """
        for _ in range(_TRIES):
            subscription, callback = await self._find(token)
            if not _same(params.get("hub.topic", ""), subscription.topic):
                raise _unknown()
            now = self._clock()
            changes = {
                "callbacks": as_rows([each for each in subscription.callbacks if each != callback]),
                "denied_at": now,
                "denied_reason": params.get("hub.reason", "")[:_REASON_CHARS],
                "ask_at": now + AFTER_DENIAL,
            }
            if await self._change(subscription, changes):
                log.warning("websub_denied", hub=subscription.hub, topic=subscription.topic)
                return
        raise _unknown()

    async def expects(self, token: str) -> ObjectId:
        """The feed that pushes to this address are for; ask before reading what a stranger sends.

        Raises:
            NotFound: no such address; :class:`SubscriptionOver` where there was one.
        """
        subscription, callback = await self._find(token)
        if not callback.open(self._clock()):
            raise SubscriptionOver(N_("This subscription is over."))
        return subscription.feed_id

    async def receive(self, token: str, signature_header: str | None, body: bytes) -> ObjectId | None:
        """The feed that ``body`` is news of; None where the signature is missing or wrong, to be answered like a success (§7.1).

        Raises what :meth:`expects` raises.
        """
        subscription, callback = await self._find(token)
        now = self._clock()
        if not callback.open(now):
            raise SubscriptionOver(N_("This subscription is over."))
        genuine = verify_signature(callback.secret, signature_header, body)
        count, moment = ("pushes", "pushed_at") if genuine else ("forged", "forged_at")
        await self._rows.update_one({"_id": subscription.id}, {"$inc": {count: 1}, "$set": {moment: now}})
        if not genuine:
            log.warning("websub_signature_wrong", hub=subscription.hub, topic=subscription.topic)
            return None
        return subscription.feed_id

    async def note_missed(self, feed_id: ObjectId, stories: int) -> None:
        """Polling has found ``stories`` that push had not brought; counts only while the hub is to push."""
        if stories <= 0:
            return
        expected = {"feed_id": feed_id, "callbacks": {"$elemMatch": {"until": {"$gt": self._clock()}}}}
        await self._rows.update_one(expected, {"$inc": {"missed": stories}})

    async def of_feed(self, feed_id: ObjectId) -> Subscription | None:
        """The subscription of a feed, for its page."""
        row = await self._rows.find_one({"feed_id": feed_id})
        return None if row is None else Subscription.of(row)

    async def forget(self, feed_id: ObjectId) -> None:
        """The feed is no longer read, or names no hub any more: pushes get a 404 from now, and the lease runs out."""
        await self._rows.delete_one({"feed_id": feed_id})

    async def _begin(self, feed_id: ObjectId, hub: str, topic: str) -> Json | None:
        row: Json = {
            "_id": ObjectId(),
            "feed_id": feed_id,
            "hub": hub,
            "topic": topic,
            "version": 1,
            "callbacks": [],
            "ask_at": self._clock(),
        }
        try:
            await self._rows.insert_one(row)
        except DuplicateKeyError:
            return None  # another worker was faster, and asks
        return row

    async def _move(self, old: Subscription, hub: str, topic: str) -> Json | None:
        """Another hub, or another topic: what was agreed with the old one does not count any more.

        At most once in the time of a first retry, or a feed that names a new hub each time would have us ask them all.
        """
        now = self._clock()
        if old.callbacks and now < retry_due(old.callbacks[-1].asked_at, 1):
            return None
        changes = {"hub": hub, "topic": topic, "callbacks": [], "ask_at": now, "failures": 0, "error": None}
        if not await self._change(old, {**changes, "lease_until": None, "denied_at": None, "denied_reason": ""}):
            return None
        return await self._rows.find_one({"_id": old.id, "version": old.version + 1})

    async def _ask(self, subscription: Subscription) -> bool:
        """Ask the hub, if no other worker does. What is asked stands in the database before: a hub may confirm at once."""
        now = self._clock()
        token, secret = secrets.token_urlsafe(TOKEN_BYTES), secrets.token_urlsafe(TOKEN_BYTES)
        failures = subscription.failures + 1
        callback = Callback(token_hash=_digest(token), secret=secret, asked_at=now)
        kept = [each for each in subscription.callbacks if each.confirmed_at is not None][-(MOST_CALLBACKS - 1) :]
        # Of requests that were never confirmed only the last may still be: a hub that is slow gets that much time.
        waiting = [each for each in subscription.callbacks if each.confirmed_at is None][-1:]
        changes = {
            "callbacks": as_rows([*kept, *waiting, callback]),
            "failures": failures,
            "ask_at": retry_due(now, failures),
            "error": None,
        }
        if not await self._change(subscription, changes):
            return False
        # The secret goes to hubs without TLS too (§5.1 advises against it): the address that it travels with is as secret.
        form = subscription_request(subscription.topic, f"{self._public_url}/websub/{token}", secret)
        try:
            await self._fetcher.post(subscription.hub, form, limits=_LIMITS)
        except FetchError as error:
            log.warning("websub_not_asked", hub=subscription.hub, topic=subscription.topic, reason=error.code)
            unanswered = {"_id": subscription.id, "version": subscription.version + 1}
            await self._rows.update_one(unanswered, {"$set": {"error": str(error)}})
            return False
        return True

    def _confirmed(self, subscription: Subscription, callback: Callback, lease: timedelta) -> Json:
        """What a confirmation changes: this address is open, and those before it close."""
        now = self._clock()
        position = subscription.callbacks.index(callback)
        opened = replace(callback, confirmed_at=now, until=now + lease + GRACE)
        closing = [
            replace(each, until=min(each.until, now + GRACE)) if each.until else each
            for each in subscription.callbacks[:position]
        ]
        return {
            "callbacks": as_rows([*closing, opened, *subscription.callbacks[position + 1 :]]),
            "failures": 0,
            "error": None,
            "ask_at": renewal_due(now, lease),
            "lease_until": now + lease,
            "denied_at": None,
            "denied_reason": "",
        }

    async def _change(self, subscription: Subscription, changes: Json) -> bool:
        """Write ``changes`` if nobody else has changed the subscription since it was read."""
        written = await self._rows.update_one(
            {"_id": subscription.id, "version": subscription.version}, {"$set": changes, "$inc": {"version": 1}}
        )
        return written.matched_count == 1

    async def _find(self, token: str) -> tuple[Subscription, Callback]:
        """Looked up by its digest, so that the time taken tells nothing of the tokens that there are."""
        digest = _digest(token)
        row = await self._rows.find_one({"callbacks.token_hash": digest})
        if row is None:
            raise _unknown()
        subscription = Subscription.of(row)
        for callback in subscription.callbacks:
            if hmac.compare_digest(callback.token_hash, digest):
                return subscription, callback
        raise _unknown()


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode("utf-8", "surrogatepass"))


def _is_address(url: str) -> bool:
    try:
        checked_url(url, _URL_CHARS)
    except FetchError:
        return False
    return True


def _unknown() -> NotFound:
    return NotFound(N_("There is no such subscription."))
