"""Charts: what they are given, and that they can be drawn by the process beside the server."""

# ruff: noqa: RUF001 -- dashes, minus signs and letters as people read them

import asyncio
import json
import re
import xml.etree.ElementTree as ET

import pytest

from plaudit.charts.drawing import KEPT_MAX, Drawing
from plaudit.charts.palette import DARK
from plaudit.charts.specs import FULL, NARROW, WIDE, Moment, Row, Scale, forest, spark, trend

HOSTILE = "</text><script>alert(1)</script> \"'`${1} 'x']"
HOUR = 3_600_000
MOMENTS = [Moment(number * HOUR, f"{number}:00", 70.0 + number, 65.0 + number, 75.0 + number, alert=number == 2)
           for number in range(5)]
ROWS = [Row("gpt-4", 83.9, 75.0, 90.0, "83.9%"), Row(HOSTILE, 60.0, 40.0, 80.0, "60.0%", (50.0, 70.0), "bad"),
        Row("few", None, None, None, "–")]


def every_chart():
    for frame in (FULL, WIDE, NARROW):
        yield trend(MOMENTS, Scale(), frame)
        yield trend([], Scale(suffix="", most=1000.0, from_nought=True), frame)
        yield forest(ROWS, Scale(), frame, reference=70.0)
        yield forest(ROWS, Scale(suffix=""), frame, about_nought=True, margin=2.0)
        yield forest([], Scale(), frame)
    yield spark(MOMENTS, Scale())
    yield spark([], Scale())


@pytest.fixture
async def drawing():
    one = Drawing()
    yield one
    await one.aclose()


@pytest.mark.anyio
async def test_every_chart_is_drawn_and_asks_nothing_of_the_world(drawing):
    pictures = await drawing.svgs(list(every_chart()))
    for picture in pictures:
        ET.fromstring(picture)
        assert "<script" not in picture
        assert set(re.findall(r"https?://[^\"' ]+", picture)) <= {
            "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
        assert "prefers-color-scheme:dark" in picture


@pytest.mark.anyio
async def test_a_chart_is_as_large_as_it_was_said_to_be(drawing):
    """The page reserves its place before the picture is there."""
    for spec, picture in zip(list(every_chart()), await drawing.svgs(list(every_chart())), strict=True):
        room = spec["padding"]
        size = spec["width"] + room["left"] + room["right"], spec["height"] + room["top"] + room["bottom"]
        assert (ET.fromstring(picture).get("width"), ET.fromstring(picture).get("height")) == tuple(map(str, size))


@pytest.mark.anyio
async def test_the_same_chart_is_drawn_once_and_only_the_newest_are_kept(drawing):
    first, again = await drawing.svgs([spark(MOMENTS, Scale())] * 2)
    assert first is again
    await drawing.svgs([spark(MOMENTS, Scale(), width=100 + number) for number in range(KEPT_MAX + 3)])
    assert len(drawing._kept) == KEPT_MAX


@pytest.mark.anyio
async def test_a_chart_that_cannot_be_drawn_leaves_the_others_alone(drawing):
    good = spark(MOMENTS, Scale())
    found, picture = await drawing.svgs([{"mark": {"type": 7}, "data": 1}, good])
    assert found is None
    assert picture


@pytest.mark.anyio
async def test_when_the_drawing_process_dies_another_takes_its_place(drawing):
    await drawing.svgs([spark(MOMENTS, Scale())])
    drawing._process.kill()
    await drawing._process.wait()
    [picture] = await drawing.svgs([spark(MOMENTS, Scale(), width=111)])
    assert picture


@pytest.mark.anyio
async def test_the_process_ends_when_nobody_wants_charts():
    drawing = Drawing(idle_seconds=0.05)
    await drawing.svgs([spark(MOMENTS, Scale())])
    process = drawing._process
    async with asyncio.timeout(20):
        assert await process.wait() == 0
    await drawing.aclose()


@pytest.mark.anyio
async def test_drawing_does_not_hold_up_the_event_loop(drawing):
    """The reason for the process: in this one, every chart would stop everything for some twenty milliseconds."""
    await drawing.svgs([spark(MOMENTS, Scale())])
    beats, done = 0, asyncio.Event()

    async def beat():
        nonlocal beats
        while not done.is_set():
            await asyncio.sleep(0)
            beats += 1

    beating = asyncio.create_task(beat())
    await drawing.svgs([trend(MOMENTS, Scale(), WIDE)])
    done.set()
    await beating
    assert beats > 50


def test_what_too_few_people_made_is_no_part_of_the_line():
    moments = [*MOMENTS, Moment(5 * HOUR, "5:00", 5.0, None, None)]
    spec = trend(moments, Scale(), WIDE)
    assert spec["data"]["values"][-1]["line"] is None
    domain = spec["layer"][1]["encoding"]["y"]["scale"]["domain"]
    assert domain[0] >= 60


@pytest.mark.parametrize(("values", "least", "most"), [
    ((70.0, 70.4, 70.2), 60, 85),  # a quiet line is not blown up: never less than twenty points
    ((2.0, 1.0, 3.0), 0, 25),
    ((99.0, 100.0, 98.0), 80, 100),
])
def test_an_axis_is_honest(values, least, most):
    moments = [Moment(number, "", value, value, value) for number, value in enumerate(values)]
    low, high = spark(moments, Scale())["layer"][1]["encoding"]["y"]["scale"]["domain"]
    assert least <= low <= min(values) <= max(values) <= high <= most
    assert high - low >= 20


def test_names_reach_a_chart_as_data_or_as_json_and_never_as_its_language():
    spec = forest(ROWS, Scale(), WIDE)
    expression = spec["encoding"]["y"]["axis"]["labelExpr"]
    assert json.loads(expression.removesuffix("[datum.value]"))["1"] == HOSTILE


def test_colours_are_told_apart_in_the_dark():
    assert len(set(DARK.values())) == len(DARK)
