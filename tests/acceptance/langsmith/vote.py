"""LangSmith's Python client: `vote.py URL KEY RUN`. What comes of it is a line of JSON each."""

import json
import sys
import uuid

import langsmith
from langsmith.utils import LangSmithError

url, api_key, run = sys.argv[1:]
client = langsmith.Client(api_url=url, api_key=api_key)
PROJECT = uuid.uuid4()  # of LangSmith's, without which the client warns


def say(said):
    sys.stdout.write(json.dumps(said) + "\n")


def read():
    found = client.read_feedback(run)
    say([str(found.run_id), found.key, found.score, found.comment])


client.create_feedback(run, "user_score", score=1, comment="Exactly.", session_id=PROJECT)
read()
client.create_feedback(key="user_score", score=0, trace_id=run, session_id=PROJECT)  # a trace's is sent at once too
read()
client.update_feedback(run, comment="On second thoughts.")
read()
say([str(each.run_id) for each in client.list_feedback(run_ids=[run, uuid.uuid4()])])
try:
    client.create_feedback(run, "correctness", score=0.9, session_id=PROJECT, stop_after_attempt=1)
except LangSmithError as error:
    say([type(error).__name__, "422" in str(error), "names no vote" in str(error)])
client.delete_feedback(run)
say(client.create_presigned_feedback_token(run, "user_score").url)
say([each.url for each in client.create_presigned_feedback_tokens(run, ["user_liked", "user_disliked"])])
