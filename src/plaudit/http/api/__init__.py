"""Plaudit's own API, for the application's back end: it registers what was shown and reads what was said of it.

A server key is the proof. Paths that belong to no contract are refused in this one's words too.
"""

from plaudit.http.api.otlp.refusals import DIALECT as OTLP_DIALECT
from plaudit.http.api.refusals import DIALECT
from plaudit.http.api.routes import routes

__all__ = ["DIALECT", "OTLP_DIALECT", "routes"]
