"""From rows to Vega-Lite specifications. Pure: whoever asks has turned numbers into percent and words into a language.

Axes are honest: they begin at nought, or show by their labels where they begin, and never span less than twenty
points of satisfaction, so that noise does not look like news.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from plaudit.charts.palette import ACCENT, BAD, CONFIG, FAINT, GOOD, GROUND, INK

Spec = dict[str, Any]

SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
SPAN_MIN = 20.0
ROW_HEIGHT = 26
NAMED_ROW_HEIGHT = 44
LABELS: Spec = {"tickCount": 4, "labelOverlap": True, "labelFlush": False}
SCALE_WIDTH = 46  # left of a trend, for its percentages
HALF_LABEL_WIDTH = 16  # left of a chart whose first label stands at its very edge
NUMBER_WIDTH = 66  # right of a chart, for what is written there
AXIS_HEIGHT = 30
LETTERS = 0.85  # of the room for names: letters may be wider than the engine thinks
COLOURS = {"good": GOOD, "bad": BAD, "open": FAINT, "plain": ACCENT}


@dataclass(frozen=True, slots=True)
class Frame:
    """Where a chart goes: its width in all, in pixels; how much of it is for names, beside the rows or (0) above them;
    how many dates fit under it."""

    width: int
    names_width: int
    dates: int
    height: int = 220


FULL = Frame(width=1120, names_width=260, dates=10, height=240)
WIDE = Frame(width=760, names_width=190, dates=7)
NARROW = Frame(width=340, names_width=0, dates=3, height=190)


@dataclass(frozen=True, slots=True)
class Moment:
    """One period of a trend; None where there is nothing to show.

    One that is not `sure` has too few people for an interval: it is a faint dot, and the line passes it over.
    """

    start: int
    label: str
    value: float | None
    low: float | None
    high: float | None
    alert: bool = False

    @property
    def sure(self) -> bool:
        return self.low is not None


@dataclass(frozen=True, slots=True)
class Row:
    """One named interval. `inner` is a second, shorter one, drawn thicker."""

    name: str
    value: float | None
    low: float | None
    high: float | None
    said: str
    inner: tuple[float, float] | None = None
    colour: str = "plain"


@dataclass(frozen=True, slots=True)
class Scale:
    """What the values are in: a suffix for the axis, and between what they must lie."""

    suffix: str = "%"
    least: float = 0.0
    most: float | None = 100.0
    from_nought: bool = False


def trend(moments: Sequence[Moment], scale: Scale, frame: Frame) -> Spec:
    """A line with its interval as a band, alerts as marks, and the last value written beside it."""
    sure = [one for one in moments if one.sure]
    y = _quantitative(_domain(_ends(moments), scale), scale)
    last = sure[-1:]
    return {
        **_head(frame.width - SCALE_WIDTH - NUMBER_WIDTH, frame.height, left=SCALE_WIDTH, right=NUMBER_WIDTH,
                bottom=AXIS_HEIGHT),
        "data": {"values": [_moment(one) for one in moments]},
        "encoding": {"x": _time(moments, frame.dates)},
        "layer": [
            *_band(y, line_width=2),
            _dots([one for one in moments if not one.sure], y, FAINT, 40),
            _dots([one for one in sure if one.alert], y, BAD, 64),
            _dots(last, y, ACCENT, 40),
            {"data": {"values": [_said(one, scale) for one in last]},
             "mark": {"type": "text", "align": "left", "dx": 8, "fontWeight": 600, "fontSize": 13, "color": INK},
             "encoding": {"y": {"field": "value", **y}, "text": {"field": "said"}}},
        ],
    }


def spark(moments: Sequence[Moment], scale: Scale, width: int = 320, height: int = 60) -> Spec:
    """A trend so small that it says no more than up, down or level."""
    y: Spec = {"type": "quantitative", "axis": None, "scale": {"domain": _domain(_ends(moments), scale), "zero": False}}
    x: Spec = {"field": "start", "type": "quantitative", "axis": None, "scale": {"zero": False, "nice": False}}
    last = [one for one in moments if one.sure][-1:]
    return {
        **_head(width - 8, height, right=6, bottom=2, left=2),
        "data": {"values": [_moment(one) for one in moments]}, "encoding": {"x": x},
        "layer": [*_band(y, line_width=1.75), _dots(last, y, ACCENT, 36)],
    }


def forest(rows: Sequence[Row], scale: Scale, frame: Frame, *, reference: float | None = None,
           about_nought: bool = False, margin: float | None = None) -> Spec:
    """A row each: a point, its interval, and the number written at the end.

    `reference` is a dashed line; `about_nought` puts nought in the middle, for differences, and `margin` shades what
    would count as none.
    """
    values = [number for row in rows for number in (row.value, row.low, row.high) if number is not None]
    domain = _about_nought(values, margin) if about_nought else _domain(values, scale)
    left = frame.names_width or HALF_LABEL_WIDTH
    width = frame.width - left - NUMBER_WIDTH
    x = _quantitative(domain, scale) if not about_nought else _differences(domain)
    return {
        **_head(width, (ROW_HEIGHT if frame.names_width else NAMED_ROW_HEIGHT) * max(len(rows), 1),
                left=left, right=NUMBER_WIDTH, bottom=AXIS_HEIGHT),
        "data": {"values": [_row(number, row) for number, row in enumerate(rows)]},
        "encoding": {"y": _names(rows, frame.names_width)},
        "layer": [*_margin_band(margin, x), *_reference(0.0 if about_nought else reference, x),
                  *_intervals(x, _said_in_rows(width, names_above=not frame.names_width))],
    }


# ---------------------------------------------------------------- parts of a forest


def _intervals(x: Spec, texts: list[Spec]) -> list[Spec]:
    colour = {"field": "colour", "type": "nominal", "scale": None, "legend": None}
    return [
        {"transform": [{"filter": "isValid(datum.low)"}],
         "mark": {"type": "rule", "strokeWidth": 2, "strokeCap": "round", "opacity": 0.75},
         "encoding": {"x": {"field": "low", **x}, "x2": {"field": "high"}, "color": colour}},
        {"transform": [{"filter": "isValid(datum.inner_low)"}],
         "mark": {"type": "rule", "strokeWidth": 6, "strokeCap": "round", "opacity": 0.45},
         "encoding": {"x": {"field": "inner_low", **x}, "x2": {"field": "inner_high"}, "color": colour}},
        {"transform": [{"filter": "isValid(datum.value)"}],
         "mark": {"type": "point", "filled": True, "size": 64, "opacity": 1, "stroke": GROUND, "strokeWidth": 1.5},
         "encoding": {"x": {"field": "value", **x}, "color": colour}},
        *texts,
    ]


def _said_in_rows(width: int, *, names_above: bool) -> list[Spec]:
    number: Spec = {"mark": {"type": "text", "align": "left", "fontWeight": 600, "color": INK},
                    "encoding": {"x": {"value": width + 10}, "text": {"field": "said"}}}
    name: Spec = {"mark": {"type": "text", "align": "left", "dy": -16, "fontSize": 12.5, "color": INK,
                           "limit": LETTERS * (width + NUMBER_WIDTH)},
                  "encoding": {"x": {"value": 2 - HALF_LABEL_WIDTH}, "text": {"field": "name"}}}
    return [number, name] if names_above else [number]


def _names(rows: Sequence[Row], width: int) -> Spec:
    """By number, so that two rows of one name stay two."""
    if not width:
        return {"field": "number", "type": "ordinal", "sort": None, "axis": None}
    labels = json.dumps({str(number): row.name for number, row in enumerate(rows)})
    return {"field": "number", "type": "ordinal", "sort": None, "axis": {
        "labelExpr": f"{labels}[datum.value]", "labelLimit": LETTERS * (width - 12), "labelColor": INK,
        "labelFontSize": 12.5, "labelAlign": "left", "labelPadding": width - 4, "grid": False, "domain": False,
        "ticks": False}}


def _margin_band(margin: float | None, x: Spec) -> list[Spec]:
    if not margin:
        return []
    return [{"data": {"values": [{"low": -margin, "high": margin}]},
             "mark": {"type": "rect", "color": FAINT, "opacity": 0.1},
             "encoding": {"x": {"field": "low", **x}, "x2": {"field": "high"}, "y": {"value": 0},
                          "y2": {"value": "height"}}}]


def _reference(value: float | None, x: Spec) -> list[Spec]:
    if value is None:
        return []
    return [{"data": {"values": [{"at": value}]},
             "mark": {"type": "rule", "color": FAINT, "strokeDash": [3, 3], "strokeWidth": 1},
             "encoding": {"x": {"field": "at", **x}, "y": {"value": 0}, "y2": {"value": "height"}}}]


def _row(number: int, row: Row) -> Spec:
    low, high = row.inner or (None, None)
    return {"number": number, "name": row.name, "value": row.value, "low": row.low, "high": row.high, "inner_low": low,
            "inner_high": high, "said": row.said, "colour": COLOURS[row.colour]}


# ---------------------------------------------------------------- parts of a trend


def _band(y: Spec, line_width: float) -> list[Spec]:
    """The interval, and the line within it."""
    return [
        {"mark": {"type": "area", "color": ACCENT, "fillOpacity": 0.16, "interpolate": "monotone"},
         "encoding": {"y": {"field": "low", **y}, "y2": {"field": "high"}}},
        {"mark": {"type": "line", "color": ACCENT, "strokeWidth": line_width, "strokeCap": "round",
                  "interpolate": "monotone"},
         "encoding": {"y": {"field": "line", **y}}},
    ]


def _dots(moments: Sequence[Moment], y: Spec, colour: str, size: int) -> Spec:
    return {"data": {"values": [_moment(one) for one in moments]},
            "mark": {"type": "point", "filled": True, "color": colour, "opacity": 1, "size": size, "stroke": GROUND,
                     "strokeWidth": 1.5, "clip": True},
            "encoding": {"y": {"field": "value", **y}}}


def _ends(moments: Sequence[Moment]) -> list[float]:
    """What must have its place: where hardly anything is sure, that which is not, too."""
    sure = [one for one in moments if one.sure]
    shown = sure if len(sure) > 1 else moments
    return [number for one in shown for number in (one.value, one.low, one.high) if number is not None]


def _moment(moment: Moment) -> Spec:
    return {"start": moment.start, "value": moment.value, "low": moment.low, "high": moment.high,
            "line": moment.value if moment.sure else None}


def _said(moment: Moment, scale: Scale) -> Spec:
    return {**_moment(moment), "said": f"{moment.value:.1f}{scale.suffix}"}


def _time(moments: Sequence[Moment], dates: int) -> Spec:
    """A quantity with labels of our own: the reader's language and the project's time zone know no drawing."""
    step = max(1, math.ceil(len(moments) / dates))
    shown = moments[::step]
    labels = json.dumps({str(one.start): one.label for one in shown})
    return {"field": "start", "type": "quantitative", "scale": {"zero": False, "nice": False},
            "axis": {"values": [one.start for one in shown], "labelExpr": f"{labels}[toString(datum.value)]",
                     "grid": False, "labelBound": False, "labelOverlap": True, "labelFlush": 40}}


# ---------------------------------------------------------------- axes


def _head(width: int, height: int, *, top: int = 8, right: int = 0, bottom: int = 0, left: int = 0) -> Spec:
    """Room beside the chart is given, not measured: the reader's letters are not those that the engine measures."""
    return {"$schema": SCHEMA, "width": width, "height": height, "config": CONFIG,
            "autosize": {"type": "none"}, "padding": {"top": top, "right": right, "bottom": bottom, "left": left}}


def _quantitative(domain: list[float], scale: Scale) -> Spec:
    return {"type": "quantitative", "scale": {"domain": domain, "zero": False, "nice": False},
            "axis": {"labelExpr": f"datum.label + {json.dumps(scale.suffix)}", **LABELS}}


def _differences(domain: list[float]) -> Spec:
    """In points, with their sign."""
    return {"type": "quantitative", "scale": {"domain": domain, "zero": False, "nice": False},
            "axis": {"labelExpr": "(datum.value > 0 ? '+' : '') + datum.label", **LABELS}}


def _domain(values: Sequence[float], scale: Scale) -> list[float]:
    """Around the values, on multiples of five, with the least span."""
    low, high = (min(values), max(values)) if values else (scale.least, scale.least)
    if scale.from_nought:
        return [scale.least, max(high * 1.1, scale.least + 1)]
    low, high = _widened(low, high, scale)
    high = math.ceil(high / 5) * 5
    return [max(scale.least, math.floor(low / 5) * 5), high if scale.most is None else min(scale.most, high)]


def _widened(low: float, high: float, scale: Scale) -> tuple[float, float]:
    """To the least span, and what has no room at one end has it at the other."""
    lacking = max(0.0, SPAN_MIN - (high - low)) / 2
    low, high = low - lacking, high + lacking
    if scale.most is not None and high > scale.most:
        low, high = low - (high - scale.most), scale.most
    return (low, high) if low >= scale.least else (scale.least, high + scale.least - low)


def _about_nought(values: Sequence[float], margin: float | None) -> list[float]:
    reach = max([abs(value) for value in values] + [2 * (margin or 0), 1.0]) * 1.08
    return [-reach, reach]
