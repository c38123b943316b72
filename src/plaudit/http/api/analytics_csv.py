"""Numbers as CSV (RFC 4180): the same as in JSON, a line for each period, group, difference or rank. Pure."""

import csv
import io
from collections.abc import Sequence

from plaudit.exports.tables import Cell, cell
from plaudit.http.api import analytics_wire as wire
from plaudit.http.api.analytics_wire import Json
from plaudit.statistics.results import Breakdown, Comparison, Ranking, Rates, Series

Row = dict[str, Cell]

MEDIA_TYPE = "text/csv; charset=utf-8; header=present"
COUNTS = ("shown", "votes", "likes", "dislikes")
RATES = ("satisfaction", "response_rate", "dislikes_per_thousand")
INTERVAL = ("value", "low", "high")
RATE_COLUMNS = (*COUNTS, *(f"{rate}{part}" for rate in RATES for part in ("", "_low", "_high", "_reliability")))


def summary(found: Rates) -> bytes:
    return table(RATE_COLUMNS, [_rates(wire.rates(found))])


def series(found: Series) -> bytes:
    """The alerts of a period are words such as "dislikes_per_thousand up" in its last column."""
    said = wire.series(found)
    alerts: dict[str, list[str]] = {}
    for each in said["alerts"]:
        alerts.setdefault(each["start"], []).append(f"{each['measure']} {each['direction']}")
    rows = [{"start": point["start"], **_rates(point), "alerts": "; ".join(alerts.get(point["start"], []))}
            for point in said["points"]]
    return table(("start", *RATE_COLUMNS, "alerts"), rows)


def breakdown(found: Breakdown) -> bytes:
    by = str(found.by)
    return table((by, *RATE_COLUMNS), [{by: group.value, **_rates(wire.rates(group.rates))} for group in found.groups])


def comparison(found: Comparison) -> bytes:
    """A line for each measure of each arm against the baseline."""
    plain = ("baseline", "arm", "measure", "verdict", "p_value")
    spread = ("fixed", "always", "ratio")
    rows = []
    for each in found.differences:
        said = wire.difference(each)
        rows.append({**{name: said[name] for name in plain},
                     **{f"{name}_{part}": (said[name] or {}).get(part) for name in spread for part in INTERVAL}})
    return table((*plain, *(f"{name}_{part}" for name in spread for part in INTERVAL)), rows)


def ranking(found: Ranking) -> bytes:
    by = str(found.by)
    columns = (by, "rank_low", "rank_high", "simultaneous_low", "simultaneous_high", *RATE_COLUMNS)
    rows = []
    for each in found.ranked:
        said = wire.ranked(each)
        spread = said["simultaneous"] or {}
        rows.append({by: each.value, "rank_low": each.rank_low, "rank_high": each.rank_high,
                     "simultaneous_low": spread.get("low"), "simultaneous_high": spread.get("high"), **_rates(said)})
    return table(columns, rows)


def _rates(said: Json) -> Row:
    row: Row = {name: said[name] for name in COUNTS}
    for rate in RATES:
        estimate = said[rate] or {}
        row |= {rate: estimate.get("value"), f"{rate}_low": estimate.get("low"), f"{rate}_high": estimate.get("high"),
                f"{rate}_reliability": estimate.get("reliability")}
    return row


def table(columns: Sequence[str], rows: Sequence[Row]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([cell(column) for column in columns])
    writer.writerows([[cell(row[column]) for column in columns] for row in rows])
    return text.getvalue().encode()
