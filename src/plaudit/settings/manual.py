"""`docs/settings.md`, printed from the one table."""

import json
from typing import Any

from msgspec import Struct
from msgspec.json import schema_components

from plaudit.settings.table import SECTIONS

WORDS = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false",
         "object": "table"}

HEAD = """\
# Settings

<!-- Printed by `python -m plaudit.settings`; change src/plaudit/settings/table.py instead. -->

Plaudit reads `plaudit.toml` in the folder it is started in, or the file that `--config` or `PLAUDIT_CONFIG` names.
No file is needed: then there is one project, `default`, with everything on. What comes later wins: the default, the
file, the environment, an option of the command. A list in the environment is separated by commas. An unknown setting
is an error. `plaudit config check` says what is wrong and on which line; `plaudit config show` prints what holds.

Secrets are not settings. The first start writes them to `secrets.toml` in the data folder (mode 0600);
`PLAUDIT_SESSION_SECRET` and `PLAUDIT_GUEST_PEPPER`, 32 characters at least, take their place where no file is wanted.

```toml
port = 8000
trusted_proxies = ["10.0.0.0/8"]

[plans.free]
features = []

[plans.pro]
features = ["feedback"]

[[projects]]
id = "shop"
plan = "pro"
publishable_key = "pk_shop_0123456789"
origins = ["https://www.example.com"]

[projects.limits]
per_subject = 60

[[projects.issuers]]
issuer = "https://tenant.auth0.com/"
audiences = ["https://api.example.com"]
```
"""


def manual() -> str:
    return "\n".join([HEAD, *(_section(title, struct) for title, struct in SECTIONS)])


def _section(title: str, struct: type[Struct]) -> str:
    _, components = schema_components([struct])
    schema = components[struct.__name__]
    rows = [
        f"| `{name}` | {_type(field, components)} | {_default(name, field, schema)} | {field['description']} |"
        for name, field in schema["properties"].items()
    ]
    about = (struct.__doc__ or "").rpartition("`: ")[2]
    return "\n".join([
        f"## {title}", "", about[:1].upper() + about[1:], "",
        "| setting | type | default | |", "| --- | --- | --- | --- |", *rows, "",
    ])


def _type(field: dict[str, Any], components: dict[str, Any]) -> str:
    if "anyOf" in field:
        return _type(field["anyOf"][0], components)
    if "$ref" in field:
        return _type(components[field["$ref"].rpartition("/")[2]], components)
    if "enum" in field:
        return " or ".join(f'`"{value}"`' for value in field["enum"])
    if field["type"] == "array":
        return f"list of {_type(field['items'], components)}"
    bounds = f", {field['minimum']} to {field['maximum']}" if "minimum" in field else ""
    return WORDS[field["type"]] + bounds


def _default(name: str, field: dict[str, Any], schema: dict[str, Any]) -> str:
    if name in schema.get("required", ()):
        return "required"
    value = field.get("default")
    return "" if value is None or isinstance(value, dict) else f"`{json.dumps(value)}`"
