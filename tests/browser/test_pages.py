"""Every page, on a desk and on a phone, in light and in dark, in both languages."""

import pytest
from screens import DESK, PHONE

PAGES = ["/dashboard", "/dashboard/trends", "/dashboard/compare", "/dashboard/ranking", "/dashboard/review",
         f"/dashboard/messages/{7:024x}"]
HEADINGS = ["Overview", "Trends", "Compare", "Ranking", "Review", "Message"]
SCREENS = {f"{name}-{scheme}": {"viewport": viewport, "color_scheme": scheme}
           for name, viewport in (("desk", DESK), ("phone", PHONE)) for scheme in ("light", "dark")}
NO_OVERFLOW = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize(("path", "heading"), list(zip(PAGES, HEADINGS, strict=True)), ids=HEADINGS)
def test_a_page_is_whole_fits_and_is_open_to_everybody(signed_in, axe, path, heading, screen):
    tab = signed_in(**SCREENS[screen])
    assert tab.goto(path).status == 200
    assert tab.locator("h1").inner_text() == heading
    assert tab.evaluate(NO_OVERFLOW)
    assert axe(tab) == []


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("path", PAGES)
def test_a_page_in_arabic_runs_from_right_to_left(signed_in, axe, path, viewport):
    tab = signed_in(viewport=viewport, locale="ar-EG")
    tab.goto(path)
    assert tab.evaluate("[document.documentElement.lang, document.dir]") == ["ar", "rtl"]
    assert tab.evaluate(NO_OVERFLOW)
    assert axe(tab) == []


@pytest.mark.parametrize("path", PAGES)
def test_a_page_needs_no_script(signed_in, path):
    tab = signed_in(java_script_enabled=False)
    assert tab.goto(path).status == 200
    assert tab.locator("main").inner_text()


@pytest.mark.parametrize(("path", "charts"), [("/dashboard", 4), ("/dashboard/trends", 4), ("/dashboard/compare", 1),
                                              ("/dashboard/ranking", 1)])
@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_charts_are_pictures_with_words_and_numbers_beside_them(signed_in, path, charts, viewport):
    tab = signed_in(viewport=viewport)
    tab.goto(path)
    images = tab.locator(".figure img")
    assert images.count() == charts
    assert all(image.evaluate("image => image.decode().then(() => image.naturalWidth)") for image in images.all())
    assert all(image.get_attribute("alt") for image in images.all())
    assert tab.locator("table").count()


def test_a_language_once_chosen_is_kept(signed_in):
    tab = signed_in()
    tab.goto("/dashboard/ranking?days=7")
    tab.get_by_role("link", name="العربية").click()
    assert "days=7" in tab.url
    tab.goto("/dashboard")
    assert tab.evaluate("document.documentElement.lang") == "ar"
    tab.get_by_role("link", name="English").click()
    assert tab.locator("h1").inner_text() == "Overview"


@pytest.mark.parametrize("options", [{}, {"java_script_enabled": False}, {"has_touch": True, "viewport": PHONE}],
                         ids=["mouse", "no-script", "touch"])
def test_a_number_explains_itself_in_a_sentence(signed_in, options):
    tab = signed_in(**options)
    tab.goto("/dashboard")
    number = tab.locator(".big .explained").first
    number.tap() if "has_touch" in options else number.click()
    says = tab.locator(".says:popover-open")
    assert "votes are likes" in says.inner_text()
    box, width = says.bounding_box(), tab.viewport_size["width"]
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width


def test_a_number_explains_itself_to_the_keyboard_and_under_the_pointer(signed_in):
    tab = signed_in()
    tab.goto("/dashboard")
    number, says = tab.locator(".big .explained").first, tab.locator(".says:popover-open")
    number.hover()
    says.wait_for()
    tab.mouse.move(5, 400)
    says.wait_for(state="detached")
    number.focus()
    tab.keyboard.press("Enter")
    says.wait_for()
    tab.keyboard.press("Escape")
    assert says.count() == 0


def test_an_empty_project_says_what_to_do_next(signed_in, axe):
    tab = signed_in("empty")
    tab.goto("/dashboard")
    assert "curl -X PUT" in tab.locator(".empty").inner_text()
    assert axe(tab) == []
    for path in ("trends", "compare", "ranking", "review"):
        tab.goto(f"/dashboard/{path}")
        assert tab.locator(".empty").inner_text()
        assert axe(tab) == []


def test_what_is_not_there_is_said_as_a_page(signed_in, axe):
    tab = signed_in()
    for path, status in [("/dashboard/nothing", 404), ("/dashboard/messages/unknown", 404),
                         ("/dashboard?days=31", 400), ("/dashboard/sign-out", 405)]:
        assert tab.goto(path).status == status
        assert tab.get_by_role("link", name="Back to the overview").is_visible()
        assert axe(tab) == []
    assert len(tab.complaints) == 4  # the browser's own words on each status
    tab.complaints.clear()


def test_a_message_has_its_conversation_its_vote_and_its_trace(signed_in):
    tab = signed_in()
    tab.goto("/dashboard/review?days=all")
    tab.locator("a.open").first.click()
    text = tab.locator("main").inner_text()
    assert "Dislike" in tab.locator(".said.this").inner_text()
    assert tab.locator(".said").count() > 1
    assert all(part in text for part in ("Model", "Prompt version", "History of the vote", "Arm of greeting"))
    trace = tab.locator(".facts a")
    assert trace.get_attribute("href").startswith("https://traces.example.com/show/trace%2F")
    assert "noreferrer" in trace.get_attribute("rel")
