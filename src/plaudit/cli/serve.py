"""`plaudit serve`"""

import os
import sys

from plaudit.cli.options import Config, Development, Host, Port, Workers, read
from plaudit.settings import Configuration

CLOSING_SECONDS = 5.0  # for a worker's database connections, after its last answer


def serve(host: Host = None, port: Port = None, development: Development = None, workers: Workers = None,
          config: Config = None) -> None:
    """Serve both contracts and Plaudit's own API, until Ctrl-C.

    Needs no configuration: the first start makes its secrets and a server key in `plaudit-data`, prints the key once,
    and three curl lines that work as pasted. Ctrl-C, like SIGTERM,
    finishes what is in flight and loses nothing.

    Examples:

      plaudit serve

      plaudit serve --port 9000 --development

      plaudit serve --config /etc/plaudit.toml --workers 4
    """
    from plaudit.cli import logs

    configuration = read(config, host=host, port=port, development=development, workers=workers)
    logs.configure(configuration.settings.log_format)
    if configuration.settings.workers == 1:
        _alone(configuration)
    elif code := _together(configuration):
        sys.exit(code)


def _alone(configuration: Configuration) -> None:
    import uvloop

    from plaudit import bootstrap, listening
    from plaudit.cli import welcome

    listener, settings = listening.listen(configuration.settings)
    with listener:
        prepared = bootstrap.prepare(configuration.with_settings(settings), os.environ)
        uvloop.run(bootstrap.serve(prepared, listener, welcome.announce))


def _together(configuration: Configuration) -> int:
    """The exit code of several processes."""
    import uvloop

    from plaudit import bootstrap, listening
    from plaudit.cli import exit_code, welcome
    from plaudit.http.worker_metrics import Board
    from plaudit.workers import Worker, supervise

    def work(worker: Worker) -> int:
        return exit_code(lambda: uvloop.run(bootstrap.serve_as(worker, prepared, board, welcome.announce)))

    reserved, settings = listening.reserve(configuration.settings)
    with reserved:
        prepared = bootstrap.prepare(configuration.with_settings(settings), os.environ)
        board = Board(settings.workers)
        patience_seconds = settings.drain_seconds + settings.shutdown_timeout_seconds + CLOSING_SECONDS
        return supervise(settings.workers, work, stop_seconds=patience_seconds)
