"""`plaudit serve`"""

import os

from plaudit.cli.options import Config, Development, Host, Port, read


def serve(host: Host = None, port: Port = None, development: Development = None, config: Config = None) -> None:
    """Serve both contracts and Plaudit's own API, until Ctrl-C.

    Needs no configuration: the first start makes its secrets and a server key in `plaudit-data`, prints the key once,
    and three curl lines that work as pasted. Ctrl-C, like SIGTERM,
    finishes what is in flight and loses nothing.

    Examples:

      plaudit serve

      plaudit serve --port 9000 --development

      plaudit serve --config /etc/plaudit.toml
    """
    import uvloop

    from plaudit import bootstrap
    from plaudit.cli import logs, welcome

    configuration = read(config, host=host, port=port, development=development)
    logs.configure(configuration.settings.log_format)
    listener, settings = bootstrap.listen(configuration.settings)
    with listener:
        prepared = bootstrap.prepare(configuration.with_settings(settings), os.environ)
        uvloop.run(bootstrap.serve(prepared, listener, welcome.announce))
