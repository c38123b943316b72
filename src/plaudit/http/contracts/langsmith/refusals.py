"""How LangSmith says no: a status and `{"detail", "error"}`. Pure."""

from typing import Any

from plaudit.errors import Invalid, PlauditError
from plaudit.http.errors import usual_status

WRONG_FIELD = 422


class LangSmithDialect:
    prefix = "/langsmith/"

    def refuse(self, error: PlauditError, request_id: str) -> tuple[int, dict[str, Any]]:  # noqa: ARG002  # no place for the id
        """`error` is the same word as in Plaudit's own API."""
        if isinstance(error, Invalid):
            return WRONG_FIELD, {"detail": f"{error.field}: {error.reason}", "error": error.code}
        return usual_status(error), {"detail": error.message, "error": error.code}


DIALECT = LangSmithDialect()
