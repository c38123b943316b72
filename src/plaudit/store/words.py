"""What a text is found by: its words, the same on every database, whose own ideas of a word differ.

Case and accents are put aside. Scripts that leave no space between words are taken two characters at a time.
"""

import re
import unicodedata
from itertools import islice

CHARACTERS_MAX = 10_000  # of a text, from its beginning
WORDS_MAX = 1000  # of a text
ASKED_MAX = 16  # of a search
PREFIX_CHARACTERS_MIN = 3  # a shorter word is looked for as it is: too many begin with it
LENGTH_MAX = 64

WORD = re.compile(r"[^\W_]+")
UNSPACED = re.compile(  # Thai and Lao, Burmese, Khmer, kana, Han
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff]+")
PROJECT = "\ue000"  # for private use: no text can hold it, for it is no letter


def words(*texts: str | None) -> list[str]:
    """Of all these texts, each once."""
    found = dict.fromkeys(word for text in texts if text for word in _words(text))
    return list(islice(found, WORDS_MAX))


def asked(search: str) -> list[tuple[str, bool]]:
    """The words of a search, and whether what begins with one will do."""
    return [(word, len(word) >= PREFIX_CHARACTERS_MIN or (len(word) == 1 and bool(UNSPACED.fullmatch(word))))
            for word in words(search)[:ASKED_MAX]]


def project_word(project_id: str) -> str:
    """The word that all texts of a project have."""
    return PROJECT + project_id.encode().hex()


def _words(text: str) -> list[str]:
    folded = text[:CHARACTERS_MAX].casefold()
    if folded.isascii():
        return [word[:LENGTH_MAX] for word in WORD.findall(folded)]
    bare = "".join(it for it in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(it))
    return [part for word in WORD.findall(bare) for part in _parts(word)]


def _parts(word: str) -> list[str]:
    runs = UNSPACED.findall(word)
    pairs = [run[start:start + 2] for run in runs for start in range(len(run))]
    return [rest[:LENGTH_MAX] for rest in UNSPACED.split(word) if rest] + pairs
