"""The colours of charts, and the same ones in the dark.

A chart is drawn once. What it is embedded in may be light or dark, so a style inside the picture turns each colour by
itself: nothing else of it has these very colours.
"""

from typing import Any

INK = "#1d1f23"
FAINT = "#5c6068"
GRID = "#e7e4dd"
ACCENT = "#1f6a80"
GOOD = "#1a7347"
BAD = "#a8382a"
GROUND = "#fffefc"  # behind a mark that must be told from the line that it stands on

DARK = {INK: "#e8e6e1", FAINT: "#a9acb4", GRID: "#353941", ACCENT: "#79c3da", GOOD: "#6fd8a1", BAD: "#ff9d8f",
        GROUND: "#1f2228"}
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif"

CONFIG: dict[str, Any] = {
    "background": None,
    "font": FONT,
    "view": {"stroke": None},
    "axis": {
        "domain": False, "ticks": False, "grid": True, "gridColor": GRID, "labelColor": FAINT, "labelFontSize": 12,
        "labelPadding": 8, "title": None, "labelFont": FONT,
    },
    "text": {"font": FONT, "fontSize": 12, "color": INK},
}


def turning_dark(svg: str) -> str:
    """The picture with a style that turns its colours where the reader prefers dark."""
    rules = "".join(f'[{what}="{light}"]{{{what}:{dark}}}'
                    for light, dark in DARK.items() for what in ("fill", "stroke"))
    head, tail = svg.split(">", 1)
    return f"{head}><style>@media (prefers-color-scheme:dark){{{rules}}}</style>{tail}"
