"""On whatever page it is put: strict policies, two modules, ids that come late, shadow trees."""

import json

from loopback import wait_until
from playwright.sync_api import expect

from plaudit.http.element.served import module

STRICT = ("default-src 'none'; script-src 'self' {plaudit}; connect-src {plaudit}; img-src data:; base-uri 'none'; "
          "form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'")
STRICT_PAGE = """\
<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8"><title>A chat</title><link rel="icon" href="data:,">
  <script type="module" src="{plaudit}{path}" integrity="{integrity}" crossorigin></script>
  <script type="module" src="/strict.js"></script>
</head>
<body>{body}</body>
</html>
"""
STRICT_SCRIPT = """\
window.heard = [];
addEventListener("plaudit-vote", ({ detail }) => heard.push(["vote", detail]));
customElements.get("plaudit-thumbs").prototype.getToken = async () => TOKEN;
"""


def test_it_works_under_the_strictest_policy_with_its_content_pinned(chat, site):
    """No inline styles, no markup from strings, nothing from anywhere but what the policy names."""
    it = chat()
    message_id, token = it.answer(), it.reader.headers["authorization"].removeprefix("Bearer ")
    site.put("/strict.js", STRICT_SCRIPT.replace("TOKEN", json.dumps(token)))
    page = strict_page(it, message_id, module().integrity)
    it.tab.goto(site.put("/strict", page, {"content-security-policy": STRICT.format(plaudit=it.url)}))
    thumbs = it.thumbs(message_id)
    thumbs.dislike.click()
    it.hears("vote")
    expect(thumbs.comment).to_be_visible()
    assert thumbs.comment.evaluate("element => getComputedStyle(element).resize") == "vertical"
    it.stands(message_id, "dislike")


def test_content_that_was_tampered_with_is_not_run(chat, site):
    it = chat()
    it.tab.goto(site.put("/tampered", strict_page(it, it.answer(), "sha384-" + "A" * 64)))
    assert it.tab.evaluate("customElements.get('plaudit-thumbs') === undefined")
    it.tab.complaints.clear()


def strict_page(it, message_id, integrity):
    body = it.markup(message_id, comment="dislike")
    return STRICT_PAGE.format(plaudit=it.url, path=module().path, integrity=integrity, body=body)


def test_a_page_that_loads_the_module_twice_has_one_element(chat):
    """From two addresses, which are two modules to a browser."""
    it = chat()
    thumbs = it.show()
    same = it.tab.evaluate("""async (url) => {
      const { PlauditThumbs } = await import(`${url}/element.js?again`);
      return PlauditThumbs === customElements.get("plaudit-thumbs");
    }""", it.url)
    assert same
    thumbs.like.click()
    it.hears("vote")
    it.stands(thumbs.message_id, "like")


def test_an_answer_that_has_no_id_yet_cannot_be_voted_on(chat):
    """While it streams; the id comes with its end."""
    it = chat()
    it.open(f"<plaudit-thumbs endpoint='{it.url}'></plaudit-thumbs>")
    host = it.tab.locator("plaudit-thumbs")
    expect(host.locator("[part~=like]")).to_be_disabled()
    message_id = it.answer()
    host.evaluate("(element, id) => element.setAttribute('message-id', id)", message_id)
    it.thumbs(message_id).like.click()
    it.hears("vote")
    it.stands(message_id, "like")


def test_its_module_s_own_origin_is_asked_where_the_page_names_none(chat):
    it = chat()
    message_id = it.answer()
    it.open(f"<plaudit-thumbs message-id='{message_id}'></plaudit-thumbs>")
    it.thumbs(message_id).like.click()
    it.hears("vote")
    it.stands(message_id, "like")


def test_an_endpoint_may_have_a_path_and_end_in_a_slash(chat):
    it = chat()
    with it.tab.expect_request(f"{it.url}/below/v1/messages/*/feedback"):
        it.show(endpoint=f"{it.url}/below/").like.click()
    it.hears("error")
    it.tab.complaints.clear()


def test_events_leave_shadow_trees(chat):
    it = chat()
    message_id = it.answer()
    it.open(f"<div lang='de'><template shadowrootmode='open'>{it.markup(message_id)}</template></div>")
    thumbs = it.thumbs(message_id)
    expect(thumbs.like).to_have_attribute("aria-label", "Gute Antwort")
    thumbs.like.click()
    assert it.hears("vote")[0]["messageId"] == message_id


def test_an_element_that_is_moved_keeps_its_vote_and_its_box(chat):
    it = chat()
    thumbs = it.show(comment="dislike")
    thumbs.dislike.click()
    thumbs.comment.fill("Too")
    thumbs.host.evaluate("element => document.body.append(element)")
    thumbs.shows("dislike")
    expect(thumbs.comment).to_have_value("Too")
    it.stands(thumbs.message_id, "dislike")


def test_a_page_hears_of_a_vote_whose_element_is_gone(chat):
    """As in a list that shows only what is in sight."""
    it = chat()
    thumbs = it.show()
    held = it.held("**/messages/*/feedback")
    with it.tab.expect_request("**/messages/*/feedback"):
        thumbs.like.click()
    thumbs.host.evaluate("element => element.remove()")
    held[0].continue_()
    assert it.hears("vote")[0]["messageId"] == thumbs.message_id


def test_elements_that_are_gone_are_not_held_in_memory(chat):
    """A chat may be open for days. One was voted on, one was removed while its vote was under way, one did nothing."""
    it = chat()
    ids = [it.answer() for _ in range(3)]
    it.open("".join(map(it.markup, ids)))
    it.tab.evaluate("window.gone = [...document.querySelectorAll('plaudit-thumbs')].map((each) => new WeakRef(each))")
    it.thumbs(ids[0]).like.click()
    it.hears("vote")
    held = it.held("**/messages/*/feedback")
    with it.tab.expect_request("**/messages/*/feedback"):
        it.thumbs(ids[1]).like.click()
    it.tab.evaluate("document.querySelectorAll('plaudit-thumbs').forEach((element) => element.remove())")
    held[0].continue_()
    it.hears("vote", 2)
    it.tab.mouse.move(0, 0)
    wait_until(lambda: it.tab.request_gc() or not it.tab.evaluate("gone.filter((each) => each.deref()).length"))


def test_what_is_typed_into_the_box_is_no_shortcut_of_the_page(chat):
    """A page takes keys for shortcuts unless they come from a text field, and cannot see that these do."""
    it = chat()
    thumbs = it.show(comment="dislike")
    it.tab.evaluate("window.keys = []; addEventListener('keydown', ({ key }) => keys.push(key))")
    thumbs.dislike.press("k")
    thumbs.dislike.click()
    thumbs.comment.press("j")
    thumbs.comment.press("Escape")
    expect(thumbs.box).to_be_hidden()
    expect(thumbs.comment).to_have_value("j")
    assert it.tab.evaluate("keys") == ["k"]


def test_a_vote_survives_that_its_page_is_left_at_once(chat):
    it = chat()
    thumbs = it.show()
    with it.tab.expect_request("**/messages/*/feedback"):
        thumbs.like.click()
    it.tab.goto("about:blank")
    it.stands(thumbs.message_id, "like")
