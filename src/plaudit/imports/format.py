"""The formats by their names.

What reads them stands apart, so that a command which only names them starts at once.
"""

from enum import StrEnum


class Format(StrEnum):
    PLAUDIT = "plaudit"
    DIFY = "dify"
    OPEN_WEBUI = "open-webui"
    LANGFUSE = "langfuse"
