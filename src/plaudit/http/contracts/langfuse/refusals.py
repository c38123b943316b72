"""How Langfuse says no: a status and `{"message", "error"}`, and within a batch the same of one score. Pure."""

from typing import Any

from plaudit.errors import Invalid, PlauditError
from plaudit.http.errors import usual_status


class LangfuseDialect:
    prefix = "/langfuse/"

    def refuse(self, error: PlauditError, request_id: str) -> tuple[int, dict[str, Any]]:  # noqa: ARG002  # no place for the id
        return usual_status(error), said(error)


DIALECT = LangfuseDialect()


def said(error: PlauditError) -> dict[str, Any]:
    """`error` is the same word as in Plaudit's own API."""
    message = f"{error.field}: {error.reason}" if isinstance(error, Invalid) else error.message
    return {"message": message, "error": error.code}
