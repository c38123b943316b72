"""In pages that React and Vue make, bundled by Vite."""

import json

import pytest
from npm_project import installed, node, packed
from playwright.sync_api import expect

PAGE = """\
<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8"><title>A chat</title><link rel="icon" href="data:,">
  <script>
    window.heard = [];
    addEventListener("plaudit-vote", ({{ detail }}) => heard.push(["vote", detail]));
  </script>
  <script id="given" type="application/json">{given}</script>
  <script type="module" src="/{framework}/page.js"></script>
</head>
<body><div id="root"></div></body>
</html>
"""
FRAMEWORKS = ("react-18", "react-19", "vue")


@pytest.fixture(scope="module")
def built(tmp_path_factory, site):
    folder = tmp_path_factory.mktemp("npm")
    project = installed(folder, packed(folder))
    for framework in FRAMEWORKS:
        node(project, "npx", "vite", "build", "--mode", framework)
        site.put_folder(f"/{framework}", project / "built" / framework)


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_it_votes_restores_and_tells_the_page(chat, site, framework):
    """Also when it is taken away and put back, and when what holds it is drawn anew."""
    it = chat()
    first, second = it.answer(), it.answer()
    it.way.wire.vote(it.server, first, it.reader.headers)
    token = it.reader.headers["authorization"].removeprefix("Bearer ")
    given = {"plaudit": it.url, "ids": [first, second], "conversation": it.conversation, "token": token}
    it.tab.goto(site.put(f"/{framework}.html", PAGE.format(framework=framework, given=json.dumps(given))))
    it.thumbs(first).shows("like")
    thumbs = it.thumbs(second)
    assert thumbs.host.get_attribute("class") == "thumbs"
    thumbs.dislike.click()
    expect(it.tab.locator("output")).to_have_text("dislike")
    thumbs.comment.fill("Too long")
    thumbs.send.click()
    expect(it.tab.locator("output")).to_have_text("dislike dislike")
    it.tab.locator("#toggle").click()
    expect(thumbs.host).to_have_count(0)
    it.tab.locator("#toggle").click()
    thumbs.shows("dislike")
    it.thumbs(first).like.click()
    expect(it.tab.locator("output")).to_have_text("dislike dislike none")
    it.stands(first, "like", None)
    assert [each["comment"] for each in it.server.history(second)] == [None, "Too long"]
