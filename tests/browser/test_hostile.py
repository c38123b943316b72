"""Whatever voters, users and applications write stays text: in comments, answers, model names, user ids and everywhere
else, on every page, in both languages."""

import json
from urllib.parse import quote

import pytest
from running import bearer, server_key
from votes import Answer, register, vote

PROJECT = "hostile"
CORPUS = [
    "<script>alert(1)</script>",
    "</title></style></textarea></script><script>alert(2)</script>",
    "<img src=x onerror=alert(3)>",
    "<svg onload=alert(4)><animate onbegin=alert(5) attributeName=x dur=1s>",
    "\"><iframe srcdoc='<script>alert(6)</script>'>",
    "' onfocus=alert(7) autofocus tabindex=1 x='",
    "javascript:alert(8)",
    "<a href=javascript:alert(9)>click</a>",
    "{{ 7 * 7 }}{% raw %}${7*7}#{7*7}<%= 7*7 %>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<base href=https://evil.example><form action=https://evil.example><button>x</button></form>",
    "<style>@import 'https://evil.example/x.css'; body { display: none }</style>",
    "<link rel=stylesheet href=https://evil.example/x.css>",
    "]]>--><!--<script>alert(10)</script>",
    "\\u003cscript\\u003ealert(11)\\u003c/script\\u003e",
    "&lt;script&gt;alert(12)&lt;/script&gt;",
    "'+alert(13)+'\"+alert(14)+\"`+alert(15)+`",
    "\u202e\u2066<b>turned around</b>\u2069",
    "a" * 120,
]
INTRUDERS = """[...document.querySelectorAll(
  'script:not([type=module]), iframe, object, embed, base, style, svg, [onerror], [onload], [onfocus], [srcdoc], ' +
  'a[href^="javascript:" i], form[action^="https:"], link[href^="https:"], meta[http-equiv], img:not([src^="data:"])'
)].map(element => element.outerHTML)"""


@pytest.fixture(scope="module")
def hostile(server):
    """A message and a disliking comment for each text, which stands wherever somebody may write something."""
    answers = []
    for number, text in enumerate(CORPUS, 300_000):
        everywhere = {"model": text, "prompt_version": text, "arms": {text[:60]: text[:60]}, "trace_id": text,
                      "content": text, "conversation_id": text, "metadata": {"note": text}}
        answers.append(Answer(3 * number + 1, liked=False, comment=text, project=PROJECT, changes=everywhere))
    register(server, answers)
    vote(server, answers)
    return answers


@pytest.fixture
def user_ids(server):
    """Users of an identity provider are called as it likes."""
    for number, text in enumerate(CORPUS):
        message = {"conversation_id": f"of-user-{number}", "role": "assistant", "content": text,
                   "owner": {"user": {"issuer": "https://issuer.example/", "subject": text}}}
        answer = server.http.put(f"/v1/messages/user-{number}", json=message, headers=bearer(server_key(PROJECT)))
        assert answer.status_code in {200, 201}, answer.text


def assert_it_is_text(tab, path):
    tab.goto(path)
    assert tab.evaluate(INTRUDERS) == []
    assert tab.url.endswith(path)


@pytest.mark.usefixtures("hostile")
@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("page", ["", "/trends", "/trends?by=prompt_version", "/compare?by=model", "/ranking",
                                  "/ranking?by=prompt_version", "/review?days=all", "/review?reviewed=all"])
def test_on_no_page_anything_is_executed(signed_in, page, language):
    assert_it_is_text(signed_in(PROJECT, locale=language), f"/dashboard{page}")


@pytest.mark.usefixtures("hostile")
def test_every_text_is_shown_as_it_was_written(signed_in):
    tab = signed_in(PROJECT)
    tab.goto("/dashboard/review?days=all")
    shown = tab.locator(".queue blockquote").all_text_contents()
    assert sorted(shown) == sorted(CORPUS)


def test_nor_is_it_on_the_page_of_a_message(signed_in, hostile):
    tab = signed_in(PROJECT)
    for answer in hostile:
        assert_it_is_text(tab, f"/dashboard/messages/{answer.id}")
        links = tab.locator(".facts a").evaluate_all("links => links.map(link => link.href)")
        assert all(link.startswith("https://traces.example.com/show/") for link in links)


@pytest.mark.usefixtures("user_ids")
def test_nor_are_the_names_of_users(signed_in):
    tab = signed_in(PROJECT)
    for number in range(len(CORPUS)):
        assert_it_is_text(tab, f"/dashboard/messages/user-{number}")


@pytest.mark.usefixtures("hostile")
@pytest.mark.parametrize("text", CORPUS)
def test_nor_is_what_an_address_says(signed_in, text):
    tab = signed_in(PROJECT)
    sent = quote(text)
    for path in (f"/dashboard?model={sent}", f"/dashboard/compare?by=model&arms={sent}&baseline={sent}",
                 f"/dashboard/review?q={sent}", f"/dashboard/messages/{quote(text, safe='')}",
                 f"/dashboard?by={sent}&days={sent}", f"/dashboard/sign-in?next={sent}&project={sent}"):
        tab.goto(path)
        assert tab.evaluate(INTRUDERS) == []
    tab.complaints[:] = [each for each in tab.complaints if "status of 4" not in each]  # what is wrong is refused


@pytest.mark.usefixtures("hostile")
def test_nor_is_what_a_reviewer_writes(signed_in):
    tab = signed_in(PROJECT)
    for text in CORPUS[:4]:
        tab.goto("/dashboard/review?days=all")
        item = tab.locator(".queue .item").first
        item.locator("summary").click()
        item.locator('input[name="label"]').fill(text[:64])
        item.locator("textarea").fill(text)
        item.locator("button.primary").click()
        tab.get_by_role("status").wait_for()
    assert_it_is_text(tab, "/dashboard/review?days=all&reviewed=yes")
    assert set(tab.locator(".given .words").all_text_contents()) == set(CORPUS[:4])


def test_even_a_script_that_came_into_a_page_would_not_run(signed_in):
    """The control: the policy itself, without the escaping."""
    tab = signed_in(PROJECT)
    tab.goto("/dashboard")
    tab.evaluate(f"document.querySelector('main').innerHTML = {json.dumps(CORPUS[2] + CORPUS[3])}")
    tab.wait_for_timeout(300)
    refused = [each for each in tab.complaints if "Content Security Policy" in each]
    assert refused
    assert not any("dialog" in each for each in tab.complaints)
    tab.complaints.clear()
