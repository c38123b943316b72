"""A vote by a link in an e-mail or a chat: whoever holds the bearer receipt in it votes as the message's owner.

Programs open links before people do, so opening one never votes: it shows a page with two buttons.
"""

from plaudit.http.ballot.routes import DIALECT, routes

__all__ = ["DIALECT", "routes"]
