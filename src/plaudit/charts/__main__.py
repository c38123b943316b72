"""The process that `drawing` starts: a specification a line, an SVG a line, until there is no more to read."""

import json
import signal
import sys

from plaudit.charts import render
from plaudit.charts.specs import Scale, spark


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the server's to hear; it closes our input then
    _drawn(json.dumps(spark([], Scale())).encode())  # wakes the engine, while nobody waits yet
    for line in sys.stdin.buffer:
        sys.stdout.write(json.dumps(_drawn(line)) + "\n")
        sys.stdout.flush()


def _drawn(line: bytes) -> str | None:
    """None for what cannot be drawn: a chart is worth less than the page around it."""
    try:
        return render.svg(json.loads(line))
    except Exception as error:  # noqa: BLE001 -- whatever the JavaScript engine says
        sys.stderr.write(f"a chart could not be drawn: {error}\n")
        return None


if __name__ == "__main__":
    main()
