"""Votes on messages as both of Dify's clients for Python do, and prints what they are answered: a line of JSON each."""

import asyncio
import json
import sys

from dify_client import AsyncClient, Client, errors
from dify_client.models import FeedbackRequest

base_url, key, message, user = sys.argv[1:]


def tell(act) -> None:
    try:
        said = act().result
    except errors.DifyAPIError as error:
        said = [type(error).__name__, error.status, error.code]
    sys.stdout.write(json.dumps(said) + "\n")


def vote(client, rating, name=user, content=None):
    return client.feedback_messages(message, FeedbackRequest(rating=rating, user=name, content=content))


client = Client(api_key=key, api_base=base_url)
tell(lambda: vote(client, "like"))
tell(lambda: vote(client, "dislike", content="Wrong."))
tell(lambda: vote(client, None))
tell(lambda: vote(client, "like", name="somebody-else"))
tell(lambda: vote(client, "like", content="x" * 1001))
tell(lambda: vote(Client(api_key="sk_nobodys", api_base=base_url), "like"))
tell(lambda: asyncio.run(AsyncClient(api_key=key, api_base=base_url).afeedback_messages(
    message, FeedbackRequest(rating="like", user=user))))
