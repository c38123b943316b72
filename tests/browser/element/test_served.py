"""The module as it is served: small, cacheable, readable by any page, and made of its sources."""

import gzip
import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from plaudit import __version__
from plaudit.http import element
from plaudit.http.element.served import module

ROOT = Path(__file__).parents[3]
SOURCES = Path(element.__file__).parent
BYTES_MAX = 6 * 1024
ORIGIN = {"origin": "https://anybody.example"}


def test_it_is_no_larger_than_six_kilobytes_and_needs_nothing_else(server):
    answer = server.http.get("/element.js", headers={"accept-encoding": "gzip"})
    assert (answer.status_code, answer.headers["content-encoding"]) == (200, "gzip")
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert int(answer.headers["content-length"]) <= BYTES_MAX
    assert len(gzip.compress(answer.content, 9)) <= BYTES_MAX
    assert not re.search(r"\bimport[ {(\"]", answer.text)


def test_what_is_served_is_made_of_the_sources(tmp_path):
    """`npm run build`, with the packages of the lock file, makes the very same bytes."""
    npm = shutil.which("npm")
    assert npm, "npm is not on the PATH. On Debian and Ubuntu: apt-get install nodejs npm"
    for name in ("package.json", "package-lock.json", ".npmrc", "build.mjs"):
        shutil.copy(ROOT / "npm" / name, tmp_path)
    for command in (["ci", "--prefer-offline"], ["run", "build", "--", SOURCES / "element.js", tmp_path / "made.js"]):
        ran = subprocess.run([npm, *command], cwd=tmp_path, text=True, capture_output=True, check=False,
                             env={**os.environ, "NO_PROXY": "127.0.0.1"})
        assert ran.returncode == 0, ran.stdout + ran.stderr
    assert (tmp_path / "made.js").read_bytes() == (SOURCES / "element.min.js").read_bytes()


def test_its_name_is_of_this_content_and_may_be_kept_forever(server):
    digest = hashlib.sha384((SOURCES / "element.min.js").read_bytes()).hexdigest()
    assert module().path == f"/element/{__version__}-{digest[:12]}.js"
    answer = server.http.get(module().path)
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert hashlib.sha384(answer.content).hexdigest() == digest
    assert server.http.get("/element/0.0.1-0123456789ab.js").status_code == 404


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_the_current_one_is_asked_for_again_after_five_minutes(server, encoding):
    asked = {"accept-encoding": encoding}
    answer = server.http.get("/element.js", headers=asked)
    assert (answer.headers["cache-control"], answer.headers["vary"]) == ("public, max-age=300", "Accept-Encoding")
    again = server.http.get("/element.js", headers={**asked, "if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", answer.headers["etag"])
    other = server.http.get("/element.js", headers={**asked, "if-none-match": '"older"'})
    assert (other.status_code, other.content) == (200, answer.content)


@pytest.mark.parametrize("path", ["/element.js", module().path])
def test_any_page_may_load_it(server, site, path):
    """Once is enough: a browser refuses an answer that allows two origins."""
    for origin in (ORIGIN, {"origin": site.url}, {}):
        answer = server.http.get(path, headers=origin)
        assert answer.headers.get_list("access-control-allow-origin") == ["*"]
        assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_document_shows_the_tag_of_this_very_content():
    """What `python -m plaudit.http.element` prints."""
    assert module().tag in (ROOT / "docs/element.md").read_text(encoding="utf-8")
