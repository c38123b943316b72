"""The process that `drawing` starts: a specification a line, an answer a line, until there is no more to read."""

import json
import signal
import sys

from plaudit.charts import render
from plaudit.charts.specs import Scale, spark

REASON_LENGTH_MAX = 500


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the server's to hear; it closes our input then
    _drawn(json.dumps(spark([], Scale())).encode())  # wakes the engine, while nobody waits yet
    for line in sys.stdin.buffer:
        sys.stdout.write(json.dumps(_drawn(line)) + "\n")
        sys.stdout.flush()


def _drawn(line: bytes) -> dict[str, str]:
    """The picture, or why there is none: a chart is worth less than the page around it."""
    try:
        return {"svg": render.svg(json.loads(line))}
    except Exception as error:  # noqa: BLE001 -- whatever the JavaScript engine says
        return {"error": str(error)[:REASON_LENGTH_MAX]}


if __name__ == "__main__":
    main()
