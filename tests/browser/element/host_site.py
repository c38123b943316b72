"""An application that has the thumbs on its pages: a web server of its own, on an origin of its own."""

import itertools
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from mimetypes import guess_type
from pathlib import Path
from typing import Any

PAGE = """\
<!doctype html>
<html lang="{lang}">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width">
  <meta name="color-scheme" content="light dark">
  <title>A chat</title>
  <link rel="icon" href="data:,">
  <style>body {{ background: Canvas }}</style>
  <script>
    window.heard = [];
    for (const name of ["vote", "error", "device-token"]) {{
      addEventListener(`plaudit-${{name}}`, ({{ detail }}) => heard.push([name, detail]));
    }}
  </script>
  <script type="module">
    import {{ PlauditThumbs }} from "{plaudit}/element.js";
    window.proof = {proof};
    PlauditThumbs.prototype.getToken = async () => window.proof.token;
    PlauditThumbs.prototype.getHeaders = async () => window.proof.headers;
  </script>
</head>
<body><main><h1>A chat</h1>{body}</main></body>
</html>
"""


class HostSite:
    """`heard`: the paths asked for, in order."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.files: dict[str, tuple[bytes, str, dict[str, str]]] = {}
        self.heard: list[str] = []
        self._numbers = itertools.count(1)

    def put(self, path: str, content: str | bytes, headers: dict[str, str] | None = None) -> str:
        """Its address."""
        plain = content.encode() if isinstance(content, str) else content
        media_type = guess_type(path)[0] or "text/html"
        self.files[path] = plain, f"{media_type}; charset=utf-8", headers or {}
        return self.url + path

    def put_folder(self, path: str, folder: Path) -> str:
        for file in folder.rglob("*"):
            if file.is_file():
                self.put(f"{path}/{file.relative_to(folder)}", file.read_bytes())
        return f"{self.url}{path}/index.html"

    def page(self, plaudit: str, body: str, *, token: str | None = None, headers: dict[str, Any] | None = None,
             lang: str = "en") -> str:
        """The address of a page with the element's module and a proof of who reads it."""
        proof = json.dumps({"token": token, "headers": headers or {}})
        return self.put(f"/{next(self._numbers)}", PAGE.format(lang=lang, plaudit=plaudit, proof=proof, body=body))


@contextmanager
def running() -> Iterator[HostSite]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {}))
    site = server.RequestHandlerClass.site = HostSite(server.server_port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    site: HostSite

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        self.site.heard.append(path)
        content, media_type, headers = self.site.files.get(path, (b"", "text/plain", {}))
        self.send_response(200 if path in self.site.files else 404)
        for name, value in {"content-type": media_type, "content-length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  # the library's name
        """Tests are quiet."""
