"""The module's bytes, its names and its fingerprint."""

import base64
import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from plaudit import __version__


@dataclass(frozen=True, slots=True)
class Module:
    """`integrity` is what a page's `integrity` attribute says of it."""

    content: bytes
    gzipped: bytes
    path: str  # of this very content, whatever is served later
    integrity: str

    @property
    def tag(self) -> str:
        """What a page pastes to get this content or none."""
        return f'<script type="module" src="{self.path}" integrity="{self.integrity}" crossorigin></script>'


@cache
def module() -> Module:
    content = files(__package__).joinpath("element.min.js").read_bytes()
    digest = hashlib.sha384(content).digest()
    return Module(
        content, gzip.compress(content, 9, mtime=0), f"/element/{__version__}-{digest.hex()[:12]}.js",
        f"sha384-{base64.b64encode(digest).decode()}",
    )
