"""Counted by hand, one answer after the other: what `Store.counts` must say of a ledger. And whether the totals that a
store keeps are what a recount gives."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from plaudit.counts import BUCKETS, Attribute, Counted, Counts, Period
from plaudit.model import Role
from plaudit.store.recount import differences
from plaudit.store.tally import bucket_of

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


async def fold_all(store):
    while await store.fold():
        pass


async def wrong_totals(store, zones=None):
    """Each total that is not what the votes say."""
    return await store._read(differences, zones or {})


def by_hand(ledger, project_id, selection, grouping, zone="UTC"):
    """As `Store.counts` sorts it."""
    votes = {it.message_id: it for it in ledger.standing(project_id)}
    votes_only = selection.auth_level is not None or selection.has_comment is not None or any(
        it.attribute in {Attribute.AUTH_LEVEL, Attribute.REASON} for it in grouping.by)
    groups = defaultdict(lambda: [[0] * BUCKETS for _ in range(3)])
    for message in ledger.messages.values():
        if (message.project_id, message.role) == (project_id, Role.ASSISTANT) and _is_selected(message, selection):
            vote = votes.get(message.id)
            vote = vote if vote and _is_vote_selected(vote, selection) else None
            if vote or not votes_only:
                for values in _values(message, vote, grouping):
                    _count(groups[values, _start(message.created_at, grouping.per, zone)], message, vote)
    return [Counted(values, start, Counts(None if votes_only else tuple(shown), tuple(likes), tuple(dislikes)))
            for (values, start), (shown, likes, dislikes) in sorted(groups.items(), key=_order)]


def _is_selected(message, selection):
    """An empty text asks for those that have none."""
    attributes = [(selection.model, message.model), (selection.prompt_version, message.prompt_version),
                  (selection.locale, message.locale), (selection.platform, message.platform),
                  *((arm, message.arms.get(experiment)) for experiment, arm in selection.arms.items())]
    return (all(wish is None or wish == (value or "") for wish, value in attributes)
            and (selection.since is None or message.created_at >= selection.since)
            and (selection.until is None or message.created_at < selection.until))


def _is_vote_selected(vote, selection):
    return (selection.auth_level in (None, vote.auth_level)
            and selection.has_comment in (None, vote.comment is not None))


def _values(message, vote, grouping):
    """Of the groups that it belongs to: one, or as many as it has reasons."""
    by_reason = any(it.attribute is Attribute.REASON for it in grouping.by)
    return [_value(message, vote, grouping, reason) for reason in (vote.reasons if by_reason else [None])]


def _value(message, vote, grouping, reason):
    values = {Attribute.MODEL: message.model, Attribute.PROMPT_VERSION: message.prompt_version,
              Attribute.LOCALE: message.locale, Attribute.PLATFORM: message.platform,
              Attribute.AUTH_LEVEL: vote and vote.auth_level.value, Attribute.REASON: reason}
    return tuple(message.arms.get(it.experiment) if it.attribute is Attribute.ARM else values[it.attribute]
                 for it in grouping.by)


def _start(instant, per, zone):
    """By the standard library's own calendar; for zones in which every day has a midnight."""
    if per is None:
        return None
    local = (EPOCH + timedelta(milliseconds=instant)).astimezone(ZoneInfo(zone))
    if per is Period.HOUR:
        begun = local.replace(minute=0, second=0, microsecond=0)
    else:
        day = local.date() - timedelta(days=local.weekday() if per is Period.WEEK else 0)
        begun = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone))
    return (begun.astimezone(UTC) - EPOCH) // timedelta(milliseconds=1)


def _count(group, message, vote):
    bucket = bucket_of(message.owner.key)
    group[0][bucket] += 1
    if vote:
        group[1 if vote.vote > 0 else 2][bucket] += 1


def _order(group):
    (values, start), _ = group
    return start or 0, [(value is not None, value or "") for value in values]
