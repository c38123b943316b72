"""The pages that people look at: server-rendered, each showing its own project only."""

from plaudit.http.dashboard.refusals import DIALECT
from plaudit.http.dashboard.routes import Parts, routes

__all__ = ["DIALECT", "Parts", "routes"]
