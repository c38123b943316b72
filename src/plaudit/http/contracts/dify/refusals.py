"""How Dify says no: a status and `{code, message, status}` for each of our errors, with `params` for a wrong field.
Pure."""

from typing import Any

from plaudit.errors import Invalid, PlauditError
from plaudit.http.errors import usual_status, usual_text

CODES = {
    400: "bad_request",
    401: "unauthorized",
    402: "payment_required",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    408: "request_timeout",
    409: "conflict",
    413: "request_entity_too_large",
    415: "unsupported_media_type",
    429: "too_many_requests",
    431: "request_header_fields_too_large",
    500: "internal_server_error",
    503: "service_unavailable",
}


class DifyDialect:
    prefix = "/dify/"

    def refuse(self, error: PlauditError, request_id: str) -> tuple[int, dict[str, Any]]:  # noqa: ARG002  # no place for it
        status = usual_status(error)
        if isinstance(error, Invalid):
            return status, {"code": "invalid_param", "message": error.reason, "params": error.field, "status": status}
        return status, {"code": CODES[status], "message": usual_text(error), "status": status}


DIALECT = DifyDialect()
