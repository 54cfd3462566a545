"""What is said of a feed: how it is doing, when it is looked at next and why, whether a hub pushes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from media_tracker.errors import N_
from media_tracker.ingest.health import ALARMS, Diagnosis, Health, diagnose
from media_tracker.ingest.outcome import PUSH_TRUSTED
from media_tracker.ingest.schedule import QUIET_SHARE, STORIES_REMEMBERED, History, usual_wait
from media_tracker.ingest.websub_documents import Subscription
from media_tracker.outlets.documents import Feed, FeedSource, Notice
from media_tracker.web.render import Pages

MINUTES_UP_TO = timedelta(minutes=90)
HOURS_UP_TO = timedelta(hours=36)


@dataclass(frozen=True, slots=True)
class State:
    """How a feed, or the worst of several, is doing: an untranslated sentence and what fills it."""

    tone: str
    """``ok``, ``same`` (nothing new), ``bad``, ``warn``, ``news`` or ``quiet``."""
    message: str
    params: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Words:
    """Fills sentences with moments and lengths of time, as the reader writes them."""

    pages: Pages

    def moment(self, moment: datetime | None) -> str:
        return self.pages.formats.datetime_text(moment)

    def length(self, length: timedelta) -> str:
        """A length of time in the unit that suits it: 30 minutes, 5 hours, 3.5 days."""
        if length < MINUTES_UP_TO:
            minutes = round(length / timedelta(minutes=1))
            return self.pages.catalogue.ngettext("%(num)d minute", "%(num)d minutes", minutes) % {"num": minutes}
        if length < HOURS_UP_TO:
            hours = round(length / timedelta(hours=1))
            return self.pages.catalogue.ngettext("%(num)d hour", "%(num)d hours", hours) % {"num": hours}
        return self.pages.formats.duration(length / timedelta(days=1))

    def reason(self, feed: Feed) -> str:
        """Why the last look failed, in the reader's language where we know how."""
        state = feed.state
        if state.error_message is None:
            return state.error or ""
        return self.pages.catalogue.translate(state.error_message, None, **state.error_params)

    def health(self, feed: Feed, now: datetime) -> State:
        """How ``feed`` is doing, in a sentence."""
        found = diagnose(feed, now)
        told: dict[str, str | int] = {"moment": self.moment(found.since), "reason": self.reason(feed)}
        match found.health:
            case Health.FAILING:
                told["times"] = feed.state.failures
                return State("bad", N_("The last {times} looks have failed, the latest on {moment}. {reason}"), told)
            case Health.SILENT:
                return self._silent(found)
            case Health.STUMBLING:
                return State("warn", N_("The look on {moment} failed; it is tried again by itself. {reason}"), told)
            case Health.NEW:
                return State("quiet", N_("It has not been read yet."))
            case Health.RESTING:
                return State("quiet", N_("It rests: nothing asks it."))
            case Health.BY_HAND:
                return State("quiet", N_("Its stories are entered by hand, by sheets or by the outlet's own system."))
            case Health.WELL:
                return State("ok", N_("It is in order."))

    def notice(self, feed: Feed) -> State | None:
        """What has happened to ``feed`` that somebody should know of."""
        state = feed.state
        told = {"moment": self.moment(state.notice_at), "before": state.notice_from, "now": feed.url}
        match state.notice:
            case Notice.MOVED:
                sentence = N_("Its address moved for good on {moment}, and was changed here: from {before} to {now}")
                return State("news", sentence, told)
            case Notice.MOVED_ONTO_ANOTHER:
                sentence = N_(
                    "Since {moment} its address leads to {before}, which is subscribed to already; so it rests."
                )
                return State("news", sentence, told)
            case Notice.GONE:
                return State(
                    "news", N_("Its server said on {moment} that it is gone for good (410); so it rests."), told
                )
            case None:
                return None

    def next_look(self, feed: Feed, now: datetime) -> State:
        """When ``feed`` is looked at next."""
        state = feed.state
        if feed.source is FeedSource.HAND or not feed.active:
            return State("quiet", N_("none"))
        if state.leased_until is not None and state.leased_until > now:
            return State("ok", N_("It is being read at this moment."))
        if state.next_check_at is None or state.next_check_at <= now:
            return State("ok", N_("due now"))
        return State("ok", "{moment}", {"moment": self.moment(state.next_check_at)})

    def why_then(self, feed: Feed) -> State | None:
        """What decided when ``feed`` is looked at next; see ``ingest.schedule``. None where nothing has yet."""
        state, at = feed.state, feed.state.checked_at
        if at is None or not feed.active or feed.source is FeedSource.HAND:
            return None
        if state.failures:
            sentence = N_("After failures it waits longer each time, at most a day, and never gives up.")
            return State("quiet", sentence)
        pushed = state.pushed_at is not None and at - state.pushed_at < PUSH_TRUSTED
        usual = usual_wait(at, History(state.published, pushed=pushed))
        every = {"every": self.length(usual)}
        hint = timedelta(seconds=state.hint_seconds or 0)
        if hint > usual:
            return State(
                "quiet", N_("Its server asks for {every} from one look to the next."), {"every": self.length(hint)}
            )
        if pushed:
            return State("quiet", N_("A hub brings its stories; a look every {every} makes sure."), every)
        moments = sorted(state.published, reverse=True)[:STORIES_REMEMBERED]
        if not moments:
            return State("quiet", N_("Its rhythm is not known yet: a look every {every}."), every)
        return self._by_rhythm(at, moments, every)

    def push(self, feed: Feed, subscription: Subscription | None, now: datetime, public_url: str) -> State:
        """Whether a hub brings the stories of ``feed``."""
        if not feed.state.hub:
            return State("quiet", N_("The feed names no hub, so it is polled only."))
        hub = {"hub": feed.state.hub}
        if not public_url:
            sentence = N_(
                "It names the hub {hub}, but hubs cannot reach this program: MEDIA_TRACKER_PUBLIC_URL is not set."
            )
            return State("quiet", sentence, hub)
        if subscription is None:
            return State("quiet", N_("It names the hub {hub}, which is asked soon."), hub)
        again = {"hub": subscription.hub, "again": self.moment(subscription.ask_at)}
        if subscription.denied_at is not None:
            told = {**again, "reason": subscription.denied_reason or "—"}
            return State("warn", N_("The hub {hub} declined ({reason}). It is asked again on {again}."), told)
        if subscription.active(now):
            told = {"hub": subscription.hub, "until": self.moment(subscription.lease_until)}
            return State("ok", N_("The hub {hub} pushes new stories, confirmed until {until}."), told)
        if subscription.error:
            told = {**again, "reason": subscription.error}
            return State("warn", N_("The hub {hub} could not be asked: {reason} It is asked again on {again}."), told)
        return State("quiet", N_("The hub {hub} has been asked and has not confirmed yet."), again)

    def _silent(self, found: Diagnosis) -> State:
        told = {"since": self.moment(found.since), "usual": self.length(found.usual or timedelta())}
        return State("warn", N_("No story since {since}; its longest pause before was {usual}."), told)

    def _by_rhythm(self, at: datetime, moments: Sequence[datetime], every: Mapping[str, str]) -> State:
        quiet = max(at - moments[0], timedelta())
        gap = (moments[0] - moments[-1]) / (len(moments) - 1) if len(moments) > 1 else timedelta()
        if quiet / QUIET_SHARE > gap / 2:
            told = {**every, "quiet": self.length(quiet)}
            return State("quiet", N_("It has been quiet for {quiet}: a look every {every}."), told)
        told = {**every, "gap": self.length(gap)}
        return State("quiet", N_("It brings a story every {gap} on average: a look every {every}."), told)


def needs_attention(feed: Feed, words: Words, now: datetime) -> list[State]:
    """What an editor should know of ``feed``, in sentences, the worst first; nothing if it is in order."""
    alarm = [words.health(feed, now)] if diagnose(feed, now).health in ALARMS else []
    notice = words.notice(feed)
    return [*alarm, notice] if notice else alarm


def state_of_feeds(feeds: Sequence[Feed], words: Words, now: datetime) -> State:
    """How the worst of ``feeds`` is doing. A feed that rests is asked nothing, so its last failure is no news."""
    active = [feed for feed in feeds if feed.active]
    failing = next((feed for feed in active if feed.state.error), None)
    if failing is not None:
        return State("bad", "{sentence}", {"sentence": words.reason(failing)})
    silent = next((feed for feed in active if diagnose(feed, now).health is Health.SILENT), None)
    if silent is not None:
        return words.health(silent, now)
    if not feeds:
        return State("quiet", N_("no feed"))
    if not active:
        return State("quiet", N_("resting"))
    if all(feed.source is FeedSource.HAND for feed in active):
        return State("quiet", N_("entered by hand"))
    if not any(feed.state.checked_at for feed in active):
        return State("quiet", N_("not read yet"))
    return State("ok", N_("in order"))
