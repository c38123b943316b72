"""What the documents say, made HTML: escaped first, then the little Markdown that they use."""

import re

from markupsafe import Markup, escape

CODE = re.compile(r"`([^`]+)`")
PARAGRAPH = re.compile(r"\n\s*\n")
TOKEN = re.compile(r'(?P<key>"(?:[^"\\]|\\.)*")(?=\s*:)|(?P<string>"(?:[^"\\]|\\.)*")|'
                   r"(?P<literal>\b(?:true|false|null)\b|-?\b\d+(?:\.\d+)?\b)")


def prose(text: str) -> Markup:
    """Paragraphs."""
    paragraphs = filter(None, (paragraph.strip() for paragraph in PARAGRAPH.split(text)))
    return Markup("\n").join(Markup("<p>{}</p>").format(inline(paragraph)) for paragraph in paragraphs)


def inline(text: str) -> Markup:
    """`code` is the only mark-up within a line."""
    parts = CODE.split(text)  # code stands at the odd places
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if place % 2 else escape(part) for place, part in enumerate(parts))


def coloured(json: str) -> Markup:
    """JSON with its keys, strings and literals told apart."""
    done, end = [], 0
    for token in TOKEN.finditer(json):
        span = Markup('<span class="{}">{}</span>').format(token.lastgroup, token[0])
        done += [escape(json[end:token.start()]), span]
        end = token.end()
    return Markup("").join([*done, escape(json[end:])])
