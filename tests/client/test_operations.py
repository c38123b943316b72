"""Every operation of both clients against a real server, and what each of them raises."""

import asyncio
import pickle
from datetime import UTC, datetime, timedelta

import pytest
from gateway import Refuse
from running import fresh, guest, server_key

from plaudit.client import (
    AsyncPlaudit,
    Closed,
    Conflict,
    Counts,
    Guest,
    GuestHeaders,
    Invalid,
    KnownGuest,
    Linked,
    Message,
    NotFound,
    Plaudit,
    PlauditError,
    Registered,
    Subject,
    Unauthenticated,
    Unreachable,
    UnreadableAnswer,
    User,
    Visitor,
)

SHOWN_AT = datetime(2026, 11, 22, 8, 0, 0, 125_000, UTC)
WHOLE = {"role": "assistant", "created_at": SHOWN_AT, "model": "gpt-x", "prompt_version": "v7",
         "arms": {"greeting": "b"}, "content": "It is 42.", "in_reply_to": "m-0", "locale": "en", "platform": "web",
         "trace_id": "t", "span_id": "s", "metadata": {"temperature": 0.5}}


def shown(name="answer", owner=None, **changes):
    """Somebody's answer, in a conversation of its own."""
    message_id = fresh(name)
    owner = owner or Visitor(message_id)
    return Message(id=message_id, conversation_id=f"chat-of-{message_id}", owner=owner, **changes)


def visitor_of(server):
    """Somebody with a session, as owner and as token."""
    person = server.visitor()
    return Visitor(person.owner["visitor"]["id"]), person.headers["authorization"].removeprefix("Bearer ")


# ---------------------------------------------------------------- messages


def test_a_message_is_registered_once_with_all_that_is_said_of_it(client):
    """And read back as it was first registered."""
    message = shown(**WHOLE)
    first, again = client.register_now(message), client.register_now(message)
    assert (first.created, again.created) == (True, False)
    assert first.message == again.message == client.message(message.id)
    assert first.message.owner == Subject(visitor=message.owner)
    assert {name: getattr(first.message, name) for name in WHOLE} == WHOLE


@pytest.mark.parametrize("message_id", ["a/b", "a?b#c", "ü 東", "%2F", "a+b", "..a", "a\\b"])
def test_an_id_may_hold_whatever_a_path_could_misunderstand(client, message_id):
    message = Message(id=f"{message_id}-{fresh('id')}", conversation_id=fresh("chat"), owner=Visitor("v"))
    client.register_now(message)
    assert client.message(message.id).id == message.id
    assert client.history(message.id) == []


@pytest.mark.parametrize(("owner", "subject"), [
    (User("https://tenant.auth0.com/", "auth0|a#b"), Subject(user=User("https://tenant.auth0.com/", "auth0|a#b"))),
    (Visitor("v-1"), Subject(visitor=Visitor("v-1"))),
])
def test_an_owner_comes_back_as_it_was_given(client, owner, subject):
    assert client.register_now(shown(owner=owner)).message.owner == subject


def test_of_a_guest_only_a_hash_comes_back(client):
    owner = client.register_now(shown(owner=Guest("device-of-gus-0001", "U-gus"))).message.owner
    assert isinstance(owner.guest, KnownGuest)


def test_what_is_registered_in_the_background_was_shown_when_it_was_handed_over(client):
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    message = shown()
    assert client.register(message)
    after = datetime.now(UTC)
    assert client.flush()
    assert before <= client.message(message.id).created_at <= after


def test_what_becomes_of_a_dictionary_later_does_not_matter(client):
    arms = {"greeting": "a"}
    message = shown(arms=arms)
    client.register(message)
    arms["greeting"] = "b"
    client.flush()
    assert client.message(message.id).arms == {"greeting": "a"}


@pytest.mark.parametrize(("field", "changes"), [
    ("id", {"id": ""}),
    ("conversation_id", {"conversation_id": "x" * 129}),
    ("created_at", {"created_at": datetime(2026, 11, 22)}),  # noqa: DTZ001 - that it has no zone is what is wrong
    ("content", {"content": "a\0b"}),
    ("arms", {"arms": {"greeting": ""}}),
    ("body", {"metadata": {"unsayable": object()}}),
    ("role", {"role": "robot"}),
    ("id", {"id": "half \ud800"}),
    ("content", {"content": "half \ud800"}),
    ("owner.guest.device_id", {"owner": Guest("short", "U-gus")}),
    ("metadata", {"metadata": {"context": "x" * 16 * 1024}}),
])
def test_what_the_server_would_refuse_is_refused_where_it_is_written(client, field, changes):
    """Before anything is sent, at once and not in the background."""
    message = Message(**{"id": "m", "conversation_id": "c", "owner": Visitor("v"), **changes})
    for register in (client.register, client.register_now):
        with pytest.raises(Invalid) as refused:
            register(message)
        assert refused.value.details["field"] == field
    assert client.counts.waiting == client.dropped == 0


# ---------------------------------------------------------------- votes


def test_a_vote_is_cast_changed_read_back_and_taken_back(client, server):
    owner, token = visitor_of(server)
    message = shown(owner=owner)
    client.register_now(message)
    assert client.submit(message.id, "like", token=token).revision == 1
    voted = client.submit(message.id, "dislike", comment="It is 43.", token=token)
    assert (voted.message_id, voted.vote, voted.comment, voted.revision) == (message.id, "dislike", "It is 43.", 2)
    [own] = client.my_feedback(message.conversation_id, token=token)
    for field in ("message_id", "vote", "comment", "updated_at"):
        assert getattr(own, field) == getattr(voted, field)
    assert client.submit(message.id, None, token=token).vote is None
    assert client.my_feedback(message.conversation_id, token=token) == []
    said = [(revision.vote, revision.comment) for revision in client.history(message.id)]
    assert said == [("like", None), ("dislike", "It is 43."), (None, None)]
    assert {revision.contract for revision in client.history(message.id)} == {"plaudit"}


def test_nothing_to_take_back_is_no_revision(client, server):
    owner, token = visitor_of(server)
    message = shown(owner=owner)
    client.register_now(message)
    taken_back = client.submit(message.id, None, token=token)
    assert (taken_back.vote, taken_back.revision, taken_back.updated_at) == (None, None, None)


def test_a_guest_votes_with_its_devices_headers(client):
    person = guest(fresh("gus"))
    headers = GuestHeaders(person.headers["x-device-id"], person.headers["x-user-id"])
    message = shown(owner=Guest(headers.device_id, headers.user_id))
    client.register_now(message)
    assert client.submit(message.id, "like", guest=headers).vote == "like"
    assert [vote.vote for vote in client.my_feedback(message.conversation_id, guest=headers)] == ["like"]


def test_nobody_votes_on_what_is_anothers(client, server):
    message = shown()
    client.register_now(message)
    with pytest.raises(PlauditError) as refused:
        client.submit(message.id, "like", token=visitor_of(server)[1])
    assert (refused.value.code, refused.value.status) == ("forbidden", 403)


@pytest.mark.parametrize(("arguments", "options", "field"), [
    (("m", "love"), {"token": "t"}, "vote"),
    (("m", "like"), {"token": "t", "comment": "x" * 1001}, "comment"),
    (("m", "like"), {}, "token"),
    (("m", "like"), {"token": "t", "guest": GuestHeaders("d", "u")}, "guest"),
    (("m", "like"), {"token": "two words"}, "token"),
    (("..", "like"), {"token": "t"}, "message_id"),
    (("half \ud800", "like"), {"token": "t"}, "message_id"),
    (("m", "like"), {"token": "t", "comment": "half \ud800"}, "body"),
    (("m", "like"), {"receipt": "é"}, "receipt"),
    (("m", "like"), {"guest": GuestHeaders("dévice-of-gus-0001", "U-gus")}, "device_id"),
    (("m", "like"), {"guest": GuestHeaders("device-of-gus-0001", "U-gus\n")}, "user_id"),
])
def test_a_vote_that_can_be_none_is_not_sent(client, arguments, options, field):
    with pytest.raises(Invalid) as refused:
        client.submit(*arguments, **options)
    assert refused.value.details["field"] == field


def test_what_a_visitor_has_said_becomes_the_users_who_signed_up(client, server):
    """Once; and never another user's."""
    (owner, token), ann, bob = visitor_of(server), *(User("https://tenant.auth0.com/", fresh("user")) for _ in range(2))
    message = shown(owner=owner)
    client.register_now(message)
    client.submit(message.id, "like", token=token)
    assert client.link(owner, ann) == Linked(messages=1, votes=1, superseded=0)
    assert client.link(owner, ann) == Linked(messages=0, votes=0, superseded=0)
    assert client.message(message.id).owner == Subject(user=ann)
    [vote] = client.feedback(message_id=message.id)
    assert (vote.subject, vote.vote) == (Subject(user=ann), "like")
    with pytest.raises(Conflict):
        client.link(owner, bob)


def test_a_guest_becomes_a_user_too(client):
    gus, ann = Guest("device-of-gus-0001", f"U-{fresh('gus')}"), User("https://tenant.auth0.com/", fresh("user"))
    client.register_now(shown(owner=gus))
    assert client.link(gus, ann).messages == 1
    with pytest.raises(Invalid):
        client.link(ann, ann)


# ---------------------------------------------------------------- reading


def test_votes_are_read_page_by_page_and_by_every_filter(client, server):
    conversation, (owner, token) = fresh("chat"), visitor_of(server)
    votes = {fresh("answer"): "like" if number % 2 else "dislike" for number in range(7)}
    for message_id, vote in votes.items():
        client.register_now(Message(id=message_id, conversation_id=conversation, owner=owner, model="gpt-x"))
        client.submit(message_id, vote, comment=message_id, token=token)
    read = list(client.feedback(conversation_id=conversation, page_size=2))
    assert {item.message_id: item.vote for item in read} == votes
    assert [item.message_id for item in read] == list(reversed(votes))
    assert {(item.subject, item.comment == item.message_id, item.contract, item.model) for item in read} == {
        (Subject(visitor=owner), True, "plaudit", "gpt-x")}
    disliked = client.feedback(
        conversation_id=conversation, vote="dislike", has_comment=True, model="gpt-x", contract="plaudit",
        since=read[-1].updated_at, until=read[0].updated_at + timedelta(milliseconds=1), auth_level=read[0].auth_level)
    assert len(list(disliked)) == 4
    assert list(client.feedback(conversation_id=conversation, prompt_version="v9")) == []
    assert len(list(client.feedback(conversation_id=conversation, prompt_version=None))) == 7


@pytest.mark.parametrize("ask", [
    lambda client: list(client.feedback(model="half \ud800")),
    lambda client: client.my_feedback("half \ud800", token="t"),
    lambda client: client.reasons("half \ud800", token="t"),
])
def test_a_question_that_can_be_none_is_not_sent(client, ask):
    with pytest.raises(Invalid, match="half a character"):
        ask(client)


# ---------------------------------------------------------------- what is raised


def test_an_error_has_all_that_the_server_said(client):
    with pytest.raises(NotFound) as refused:
        client.message("nobody-knows-it")
    error = refused.value
    assert (error.code, error.status) == ("not_found", 404)
    assert error.details == {"resource": "message", "id": "nobody-knows-it"}
    assert error.request_id
    assert error.request_id in str(error)


def test_a_conflict_names_what_is_fixed(client):
    message = shown()
    client.register_now(message)
    with pytest.raises(Conflict) as refused:
        client.register_now(Message(id=message.id, conversation_id="elsewhere", owner=message.owner))
    assert refused.value.details == {"resource": "message", "field": "conversation_id"}


def test_a_key_of_nobody_is_refused(kind, server):
    with kind(f"http://127.0.0.1:{server.port}", "sk_nobody", trust_env=False) as client:
        with pytest.raises(Unauthenticated):
            client.history("m")
        with pytest.raises(Unauthenticated):
            list(client.feedback())


@pytest.mark.parametrize("url", ["127.0.0.1:8000", "ftp://votes.example.com", "https://", "https://a.example/?b", "",
                                 "https://a.example/?", "https://a.example/#", "https://a..example",
                                 "https://ann:word@a.example"])
def test_what_is_no_address_is_refused_at_once(kind, url):
    """So is one with a password: it would be sent instead of the key."""
    with pytest.raises(Invalid, match="url") as refused:
        kind(url)
    assert "word@" not in str(refused.value)


@pytest.mark.parametrize("key", ["", "sk_x\n", " sk_x", "sk_ü"])
def test_a_key_that_can_be_none_is_refused_at_once(kind, key):
    """Not when the first registration is to be sent; and it is not repeated."""
    with pytest.raises(Invalid) as refused:
        kind("https://votes.example.com", key)
    assert refused.value.details == {"field": "key", "reason": "must be printable ASCII without spaces"}


@pytest.mark.parametrize("end", ["", "/", "//"])
def test_a_slash_at_the_end_of_the_url_changes_nothing(kind, server, end):
    with kind(f"http://127.0.0.1:{server.port}{end}", server_key(), trust_env=False) as client:
        assert client.register_now(shown()).created


def test_without_a_key_nothing_is_asked(kind, server):
    with kind(f"http://127.0.0.1:{server.port}", trust_env=False) as client:
        for ask in (lambda: client.message("m"), lambda: client.register(shown()), lambda: list(client.feedback())):
            with pytest.raises(Invalid, match="plaudit key new"):
                ask()


def test_a_closed_client_has_sent_what_waited_and_says_that_it_is_closed(server):
    client = Plaudit(f"http://127.0.0.1:{server.port}", server_key(), trust_env=False)
    client.register(shown())
    client.close()
    client.close()
    assert client.counts == Counts(stored=1)
    for ask in (lambda: client.message("m"), lambda: client.register(shown())):
        with pytest.raises(Closed):
            ask()


def test_so_does_a_closed_asynchronous_client(server):
    async def story():
        client = AsyncPlaudit(f"http://127.0.0.1:{server.port}", server_key(), trust_env=False)
        client.register(shown())
        await client.close()
        await client.close()
        assert client.counts == Counts(stored=1)
        with pytest.raises(Closed):
            await client.message("m")
        with pytest.raises(Closed):
            client.register(shown())

    asyncio.run(story())


def test_whoever_is_not_there_is_unreachable(kind):
    with kind("http://127.0.0.1:1", "sk_x", trust_env=False, total_seconds=0.3) as client:
        with pytest.raises(Unreachable) as failed:
            client.message("m")
        assert (failed.value.status, failed.value.request_id) == (None, None)


@pytest.mark.parametrize("status", [200, 204, 302, 401, 404, 500])
def test_another_server_is_found_out(kind, between, status):
    """Whatever status it answers with, and whatever it says."""
    between.next.append(Refuse(status, {"content-type": "text/html"}))
    with kind(f"http://127.0.0.1:{between.port}", "sk_x", trust_env=False) as client:
        with pytest.raises(PlauditError) as failed:
            client.message("m")
        assert failed.value.status == status
        assert isinstance(failed.value, UnreadableAnswer) == (status < 400)


def test_whoever_is_not_there_is_named(kind):
    with kind("http://127.0.0.1:1/votes", "sk_x", trust_env=False, total_seconds=1) as client, \
            pytest.raises(Unreachable, match=r"http://127\.0\.0\.1:1/votes: ConnectError"):
        client.message("m")


def test_an_error_may_go_to_another_process(client):
    with pytest.raises(NotFound) as refused:
        client.message("nobody-knows-it")
    for error in (refused.value, NotFound()):
        copy = pickle.loads(pickle.dumps(error))
        assert (type(copy), vars(copy), str(copy)) == (type(error), vars(error), str(error))


def test_no_key_is_in_what_is_printed(client):
    made = AsyncPlaudit("https://votes.example.com/", "sk_secret")
    assert repr(made) == "AsyncPlaudit('https://votes.example.com')"
    assert "U-gus" not in repr(Guest("device-of-gus-0001", "U-gus")) + repr(GuestHeaders("device-of-gus-0001", "U-gus"))
    assert isinstance(client.register_now(shown()), Registered)
