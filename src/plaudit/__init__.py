"""Plaudit: the service behind the thumbs under an AI answer."""

from importlib.metadata import version

__version__ = version("plaudit")
