"""The pictures of docs/element.md, taken anew by `pytest tests/browser/element/pictures.py`; no test by itself."""

from pathlib import Path

import pytest
from screens import PHONE

IMAGES = Path(__file__).parents[3] / "docs" / "images"
LOOK = """
  body { margin: 0; font: 16px/1.5 system-ui, sans-serif; background: Canvas; color: CanvasText }
  main { max-width: 34rem; margin: auto; padding: 1.5rem }
  h1, p { margin: 0 0 .25rem }
  h1 { display: none }
  section { margin-bottom: 1.25rem }
"""
SAID = {
    "en": ["Your parcel is in Lyon and arrives on Thursday.", "You can return it within thirty days, unopened.",
           "The shop in Paris opens at nine on Sundays."],
    "ar": ["طردك في ليون ويصل يوم الخميس.", "يمكنك إرجاعه خلال ثلاثين يومًا دون فتحه.",
           "يفتح المتجر في باريس الساعة التاسعة يوم الأحد."],
}
PICTURES = {
    "light": ("en", {"color_scheme": "light"}), "dark": ("en", {"color_scheme": "dark"}),
    "arabic": ("ar", {"color_scheme": "light"}), "phone": ("en", {"viewport": PHONE}),
    "forced-colours": ("en", {"forced_colors": "active", "color_scheme": "dark"}),
}


@pytest.mark.parametrize("name", PICTURES)
def test_picture(chat, name):
    """An answer without a vote, a liked one, and a disliked one with its box."""
    language, screen = PICTURES[name]
    it = chat(**{"viewport": {"width": 640, "height": 480}, **screen}, device_scale_factor=2)
    ids = [it.answer() for _ in range(3)]
    offered = {"comment": "dislike"} | ({"reasons": ""} if language == "en" else {})  # the project has no Arabic ones
    answers = "".join(f"<section><p>{said}</p>{it.markup(message_id, **offered)}</section>"
                      for said, message_id in zip(SAID[language], ids, strict=True))
    it.open(answers.replace("An answer. ", ""), lang=language)
    it.tab.evaluate(f"document.dir = '{'rtl' if language == 'ar' else 'ltr'}'")
    it.tab.add_style_tag(content=LOOK)
    it.thumbs(ids[1]).like.click()
    it.thumbs(ids[2]).dislike.click()
    it.hears("vote", 2)
    it.tab.wait_for_load_state("networkidle")
    it.thumbs(ids[2]).comment.focus()
    it.tab.mouse.move(0, 0)
    it.tab.screenshot(path=IMAGES / f"element-{name}.png", full_page=True)
