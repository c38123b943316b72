"""The contracts' documents, readable in a browser. Nothing in these pages runs, and nothing comes from elsewhere."""

from plaudit.http.docs.routes import routes

__all__ = ["routes"]
