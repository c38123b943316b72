"""All commands, in the order of `plaudit --help`. A command imports what it needs when it runs, not before."""

import typer

from plaudit.cli import (
    audit,
    backup,
    compare,
    config,
    copy,
    demo,
    doctor,
    export,
    import_,
    key,
    mcp,
    migrate,
    report,
    restore,
    serve,
    subject,
    token,
    webhook,
)

app = typer.Typer(
    name="plaudit",
    help="The service behind the thumbs under an AI answer.\n\n"
         "Every vote is checked, stored once, and durable when answered.\n\n"
         "Exit codes: 0 done, 1 failed, 2 used or configured wrongly.",
    epilog="Examples: `plaudit serve` starts with no configuration at all; `plaudit demo` shows it with invented data.",
    no_args_is_help=True,
    rich_markup_mode=None,  # plain help: rich would double the time to start
    pretty_exceptions_enable=False,
    add_completion=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("serve")(serve.serve)
app.command("demo")(demo.demo)
app.command("report")(report.report)
app.command("compare")(compare.compare)
app.command("export")(export.export)
app.command("import")(import_.import_)
app.add_typer(key.app, name="key")
app.command("token")(token.token)
app.add_typer(config.app, name="config")
app.add_typer(audit.app, name="audit")
app.add_typer(subject.app, name="subject")
app.add_typer(webhook.app, name="webhook")
app.command("doctor")(doctor.doctor)
app.command("mcp")(mcp.mcp)
app.command("backup")(backup.backup)
app.command("restore")(restore.restore)
app.command("migrate")(migrate.migrate)
app.command("copy")(copy.copy)
