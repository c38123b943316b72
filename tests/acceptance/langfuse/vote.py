"""Langfuse's Python client, version 4 or 5: `vote.py URL PUBLIC_KEY SECRET_KEY MESSAGE`. What it is answered comes as a
line of JSON each."""

import json
import sys

import langfuse

url, public_key, secret_key, message = sys.argv[1:]
client = langfuse.Langfuse(base_url=url, public_key=public_key, secret_key=secret_key)
is_5 = langfuse.__version__.startswith("5.")


def send(**score):
    """Queued, and sent in a batch: to the ingestion by version 4, as a list by version 5."""
    client.create_score(trace_id=message, **score)
    client.flush()


def say(said):
    sys.stdout.write(json.dumps(said) + "\n")


def create(**score):
    """At once, with what the server says."""
    try:
        if is_5:
            answer = client.api.scores.create(request=[{"traceId": message, **score}])
        else:
            answer = client.api.scores.create(trace_id=message, **score)
        said = json.loads(answer.model_dump_json(exclude_unset=True))
    except langfuse.api.core.ApiError as error:
        said = [type(error).__name__, error.status_code, error.body["error"]]
    say(said)


say(client.auth_check())
send(name="user-feedback", value=1, data_type="BOOLEAN", comment="Exactly.")
send(name="user-feedback", value="thumbs-down", data_type="CATEGORICAL")
create(name="user-feedback", value=1)
create(name="accuracy", value=0.9)
delete = client.api.scores.delete if is_5 else client.api.legacy.score_v1.delete
delete(f"user-feedback-{message}")
client.shutdown()
