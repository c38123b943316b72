"""How LibreChat says no: a status and `{"error": text}` for each of our errors. Pure."""

from typing import Any

from plaudit.errors import PlauditError
from plaudit.http.errors import usual_status, usual_text


class LibreChatDialect:
    prefix = "/librechat/"

    def refuse(self, error: PlauditError, request_id: str) -> tuple[int, dict[str, Any]]:  # noqa: ARG002  # no place for it
        return usual_status(error), {"error": usual_text(error)}


DIALECT = LibreChatDialect()
