"""<plaudit-thumbs>, the thumbs as a web component: one JavaScript module, made of the sources beside it.

`element.min.js` is what is served and packed. `npm run build` in `npm/` makes it, and a test holds it to its sources.
"""

from plaudit.http.element.routes import routes

__all__ = ["routes"]
