"""A specification drawn, here and now, by vl-convert: SVG or PNG.

vl-convert carries a JavaScript engine. It takes half a second to wake, a hundred megabytes from then on, and it holds
the interpreter while it draws: a server asks `drawing` instead, which has this done in another process.
"""

from importlib.util import find_spec

from plaudit.charts.palette import turning_dark
from plaudit.charts.specs import Spec

VEGA_LITE = "v5.20"
PNG_SCALE = 2.0
NOWHERE: list[str] = []  # addresses from which data may be fetched


def can_draw() -> bool:
    """Is the extra `dashboard` installed?"""
    return find_spec("vl_convert") is not None


def svg(spec: Spec) -> str:
    import vl_convert  # noqa: PLC0415 -- an extra, and slow to load

    drawn: str = vl_convert.vegalite_to_svg(spec, VEGA_LITE, allowed_base_urls=NOWHERE)
    return turning_dark(drawn)


def png(spec: Spec) -> bytes:
    """On white: a picture file does not know what it will lie on."""
    import vl_convert  # noqa: PLC0415 -- as above

    on_white = {**spec, "config": {**spec.get("config", {}), "background": "white"}}
    drawn: bytes = vl_convert.vegalite_to_png(on_white, VEGA_LITE, scale=PNG_SCALE, allowed_base_urls=NOWHERE)
    return drawn
