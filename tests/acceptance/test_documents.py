"""What the documents show can be used, and what they point at is there."""

import re
from pathlib import Path

import pytest
from command_line import plaudit

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
LINK = re.compile(r"\]\((?!https?://)([^)#\s]+)")
TOML = re.compile(r"^```toml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SETTINGS = [(path, found.group(1)) for path in DOCUMENTS for found in TOML.finditer(path.read_text(encoding="utf-8"))]


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_what_a_document_links_to_is_there(path):
    """Files of the repository, pictures included; other hosts are not asked."""
    links = LINK.findall(path.read_text(encoding="utf-8"))
    assert [link for link in links if not (path.parent / link).exists()] == []


@pytest.mark.parametrize(("path", "text"), SETTINGS, ids=[name(path) for path, _ in SETTINGS])
def test_a_settings_file_that_a_document_shows_is_accepted(path, text, tmp_path, capsys):
    """By `plaudit config check`, as a reader would ask it."""
    file = tmp_path / "plaudit.toml"
    file.write_text(text, encoding="utf-8")
    said = plaudit(capsys, "config", "check", "--config", str(file))
    assert (said.code, said.err) == (0, ""), path
