"""Seen, heard and pressed by everybody: contrast, names, keys, languages, directions, themes."""

import pytest
from playwright.sync_api import expect
from running import fresh, guest
from screens import PHONE
from ways import GUEST, USER, VISITOR

LANGUAGES = {
    "en": "Good answer", "de": "Gute Antwort", "fr": "Bonne réponse", "es": "Buena respuesta", "it": "Buona risposta",
    "pt": "Boa resposta", "nl": "Goed antwoord", "pl": "Dobra odpowiedź", "tr": "\u0130yi yan\u0131t",
    "ar": "إجابة جيدة", "zh": "回答得好", "ja": "良い回答",
}
ENGLISH = {"Tell us more", "Send", "Skip"}
STYLE_OF = "(element, name) => getComputedStyle(element)[name]"
SCREENS = {
    "light": {"color_scheme": "light"}, "dark": {"color_scheme": "dark"}, "phone": {"viewport": PHONE},
    "forced": {"forced_colors": "active"},
}
ADD = "html => document.querySelector('main').insertAdjacentHTML('beforeend', html)"


@pytest.mark.parametrize("way", [VISITOR, GUEST, USER], ids=str)
@pytest.mark.parametrize("screen", SCREENS)
def test_axe_finds_nothing_in_any_state(chat, axe, way, screen):
    """At rest, pressed, with the box open, with too long a comment, refused, and without a message."""
    it = chat(way, **SCREENS[screen])
    thumbs = it.show(comment="both")
    foreign = way.wire.registered(it.server, guest(fresh("somebody")))
    it.tab.evaluate(ADD, it.markup(foreign) + "<plaudit-thumbs></plaudit-thumbs>")
    assert axe(it.tab) == []
    thumbs.dislike.click()
    it.hears("vote")
    it.thumbs(foreign).like.click()
    it.hears("error")
    assert axe(it.tab) == []
    if way.comments:
        thumbs.comment.fill("x" * 1001)
        assert axe(it.tab) == []
    it.tab.complaints.clear()


def test_it_can_be_used_by_the_keyboard_alone(chat):
    it = chat()
    thumbs = it.show(comment="dislike")
    expect(thumbs.like).to_have_attribute("aria-label", "Good answer")
    it.tab.keyboard.press("Tab")
    it.tab.keyboard.press("Tab")
    expect(thumbs.dislike).to_be_focused()
    assert thumbs.dislike.evaluate(STYLE_OF, "outlineStyle") == "solid"
    it.tab.keyboard.press("Space")
    it.hears("vote")
    it.tab.keyboard.press("Tab")
    expect(thumbs.comment).to_be_focused()
    it.tab.keyboard.type("Too long")
    it.tab.keyboard.press("Tab")
    it.tab.keyboard.press("Enter")
    it.hears("vote", 2)
    expect(thumbs.dislike).to_be_focused()
    assert it.server.standing(thumbs.message_id)[0]["comment"] == "Too long"


def test_the_mouse_leaves_no_outline(chat):
    it = chat()
    thumbs = it.show()
    thumbs.like.click()
    assert thumbs.like.evaluate(STYLE_OF, "outlineStyle") == "none"


@pytest.mark.parametrize(("motion", "seconds"), [("reduce", "0s"), ("no-preference", "0.15s")])
def test_nothing_moves_for_those_who_do_not_want_it(chat, motion, seconds):
    thumbs = chat(reduced_motion=motion).show()
    assert thumbs.like.locator("svg").evaluate(STYLE_OF, "transitionDuration") == seconds


def test_forced_colours_show_what_is_pressed(chat):
    it = chat(forced_colors="active")
    thumbs = it.show(value="like")
    thumbs.shows("like")
    pressed, other = (each.evaluate(STYLE_OF, "backgroundColor") for each in (thumbs.like, thumbs.dislike))
    assert pressed != other


# ---------------------------------------------------------------- languages


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_speaks_the_language_of_its_page(chat, language):
    it = chat()
    it.open(it.markup(message_id := it.answer(), comment="dislike"), lang=language)
    thumbs = it.thumbs(message_id)
    expect(thumbs.like).to_have_attribute("aria-label", LANGUAGES[language])
    root = thumbs.host.locator(":scope > div").first
    expect(root).to_have_attribute("lang", language)
    expect(root).to_have_attribute("dir", "rtl" if language == "ar" else "ltr")
    thumbs.dislike.click()
    said = {part.inner_text() for part in (thumbs.label, thumbs.send, thumbs.skip)}
    assert len(said - ENGLISH) == (0 if language == "en" else 3)


@pytest.mark.parametrize(("own", "page", "browser", "spoken"), [
    ("fr", "de", "ja-JP", "fr"), (None, "de-AT", "ja-JP", "de"), (None, "zh-Hant-TW", "en-US", "zh"),
    (None, "", "ja-JP", "ja"), (None, "sv", "pl-PL", "pl"), (None, "", "sv-SE", "en"), (None, "", "arn-CL", "en"),
    ("DE", "en", "en-US", "de"),
])
def test_which_language_it_speaks(chat, own, page, browser, spoken):
    """Its own attribute, the nearest around it, the browser's, English."""
    it = chat(locale=browser)
    it.open(it.markup(message_id := it.answer(), **({"lang": own} if own else {})), lang=page)
    expect(it.thumbs(message_id).like).to_have_attribute("aria-label", LANGUAGES[spoken])


def test_another_language_can_be_chosen_at_any_time(chat):
    it = chat()
    thumbs = it.show()
    thumbs.host.evaluate("element => { element.lang = 'ar'; }")
    expect(thumbs.like).to_have_attribute("aria-label", LANGUAGES["ar"])
    first, second = (each.bounding_box()["x"] for each in (thumbs.like, thumbs.dislike))
    assert first > second


# ---------------------------------------------------------------- themes


def test_it_looks_as_the_text_around_it_unless_it_is_told(chat):
    it = chat(color_scheme="dark")
    thumbs = it.show()
    around = it.tab.locator("main").evaluate(STYLE_OF, "color")
    assert thumbs.like.evaluate(STYLE_OF, "color") == around == "rgb(255, 255, 255)"
    for theme, colour in (("light", "rgb(51, 51, 51)"), ("dark", "rgb(221, 221, 221)"), ("auto", around)):
        thumbs.host.evaluate("(element, theme) => element.setAttribute('theme', theme)", theme)
        assert thumbs.like.evaluate(STYLE_OF, "color") == colour


def test_a_page_may_change_its_looks(chat):
    it = chat(VISITOR)
    thumbs = it.show(value="like")
    it.tab.add_style_tag(content="""
      plaudit-thumbs { --plaudit-like: rgb(1, 2, 3); --plaudit-size: 40px; --plaudit-radius: 9px; --plaudit-color: red }
      plaudit-thumbs::part(dislike) { background: rgb(4, 5, 6) }
    """)
    assert thumbs.like.evaluate(STYLE_OF, "color") == "rgb(1, 2, 3)"
    assert thumbs.dislike.evaluate(STYLE_OF, "color") == "rgb(255, 0, 0)"
    assert thumbs.like.evaluate(STYLE_OF, "borderRadius") == "9px"
    assert thumbs.like.locator("svg").bounding_box()["width"] == 40
    assert thumbs.dislike.evaluate(STYLE_OF, "backgroundColor") == "rgb(4, 5, 6)"


def test_nothing_overflows_a_narrow_page(chat):
    it = chat(GUEST, viewport={"width": 240, "height": 500})
    thumbs = it.show(comment="dislike")
    thumbs.dislike.click()
    expect(thumbs.box).to_be_visible()
    assert it.tab.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
