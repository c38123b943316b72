"""Registers answers, votes on one of them as the guest who got it, and reads what was said.

    PLAUDIT_URL=http://127.0.0.1:8000 PLAUDIT_KEY=sk_… python examples/script.py
"""

import os
import uuid

from plaudit.client import Dropped, Guest, GuestHeaders, Message, Plaudit

DEVICE, PERSON = f"device-{uuid.uuid4()}", f"U-{uuid.uuid4()}"
CONVERSATION = str(uuid.uuid4())


def lost(dropped: Dropped) -> None:
    print(f"not registered: {dropped.message.id}, {dropped.reason}, {dropped.error}")


with Plaudit(os.environ["PLAUDIT_URL"], os.environ["PLAUDIT_KEY"], on_dropped=lost) as plaudit:
    # What your application showed. It returns at once; a thread sends what has come together.
    answers = [Message(id=str(uuid.uuid4()), conversation_id=CONVERSATION, owner=Guest(DEVICE, PERSON), model="gpt-x",
                       content=f"It is {number}.") for number in (41, 42, 43)]
    for answer in answers:
        plaudit.register(answer)
    plaudit.flush()
    print(f"registered: {plaudit.counts.stored}, dropped: {plaudit.dropped}")

    # What the guest's device would do, with its own headers.
    device = GuestHeaders(DEVICE, PERSON)
    plaudit.submit(answers[0].id, "dislike", comment="It is 42", guest=device)
    plaudit.submit(answers[1].id, "dislike", guest=device)
    plaudit.submit(answers[1].id, "like", guest=device)

    # What you want to know.
    for vote in plaudit.feedback(conversation_id=CONVERSATION):
        print(f"{vote.vote}: {vote.comment or '-'} ({vote.model})")
    print(f"changes of mind: {len(plaudit.history(answers[1].id)) - 1}")
