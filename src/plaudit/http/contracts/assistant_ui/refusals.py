"""How assistant-ui's cloud says no: a status and `{"error": text}` for each of our errors, with `details` of a wrong
field. Pure."""

from typing import Any

from plaudit.errors import Invalid, PlauditError
from plaudit.http.errors import usual_status, usual_text


class AssistantUiDialect:
    prefix = "/assistant-ui/"

    def refuse(self, error: PlauditError, request_id: str) -> tuple[int, dict[str, Any]]:  # noqa: ARG002  # no place for it
        said: dict[str, Any] = {"error": usual_text(error)}
        if isinstance(error, Invalid):
            said["details"] = [{"path": [error.field], "message": error.reason}]
        return usual_status(error), said


DIALECT = AssistantUiDialect()
