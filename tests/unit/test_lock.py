"""The lock file installs what pyproject.toml asks for, the same everywhere, from wherever pip is told to look."""

import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def entries(lock: str) -> list[str]:
    return re.sub(r" \\\n", " ", lock).splitlines()


ENTRIES = entries(LOCK)


def locked() -> dict[str, Requirement]:
    """Name to exact requirement, of what is meant for this Python on this system."""
    requirements = [Requirement(re.sub(r"\s+--hash=\S+", "", entry)) for entry in ENTRIES]
    wanted = [each for each in requirements if each.marker is None or each.marker.evaluate()]
    return {canonicalize_name(each.name): each for each in wanted}


def version(requirement: Requirement) -> Version:
    return Version(str(requirement.specifier).removeprefix("=="))


def declared() -> list[str]:
    project = PROJECT["project"]
    extras = project["optional-dependencies"].values()
    return sum(extras, start=project["dependencies"] + PROJECT["build-system"]["requires"])


@pytest.mark.parametrize("text", declared())
def test_every_dependency_is_locked_within_its_bounds(text):
    """A dependency that was added or raised in pyproject.toml is in the lock: `make lock` writes it."""
    requirement = Requirement(text)
    entry = locked()[canonicalize_name(requirement.name)]
    assert requirement.specifier.contains(version(entry))


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.partition(" ")[0])
def test_every_entry_is_one_exact_version_with_hashes(entry):
    """Nothing floats and nothing comes unverified."""
    assert re.match(r"[a-z0-9-]+==[0-9][a-z0-9.]* ", entry, re.ASCII)
    assert re.search(r" --hash=sha256:[0-9a-f]{64}(\s|$)", entry, re.ASCII)


def test_the_lock_names_no_address():
    """Where packages come from is the machine's affair."""
    assert not re.search(r"://|--index|--extra-index|--find-links|--trusted-host", LOCK)


@pytest.mark.parametrize("name", sorted(locked()))
def test_what_is_installed_is_what_is_locked(name):
    """The tests speak of the versions in the lock and of no others."""
    assert Version(metadata.version(name)) == version(locked()[name])


# ---------------------------------------------------------------- what the image installs


def image_lock(name: str) -> dict[str, str]:
    """Name to entry."""
    text = (ROOT / f"requirements-{name}.lock").read_text(encoding="utf-8")
    return {canonicalize_name(entry.partition("==")[0]): entry for entry in entries(text)}


@pytest.mark.parametrize("name", ["runtime", "build"])
def test_the_image_is_made_of_what_the_tests_ran_on(name):
    """Its locks are parts of the lock, to the last hash: `make lock` writes all three."""
    assert set(image_lock(name).values()) - set(ENTRIES) == set()


@pytest.mark.parametrize(("name", "texts"), [
    ("runtime", PROJECT["project"]["dependencies"]),
    ("build", PROJECT["build-system"]["requires"]),
])
def test_the_image_has_all_that_is_asked_for(name, texts):
    """A dependency that was added to pyproject.toml is in the image too."""
    assert {canonicalize_name(Requirement(text).name) for text in texts} - set(image_lock(name)) == set()


def test_the_image_has_nothing_that_only_developers_want():
    """What an application does not run cannot be attacked in it."""
    extra = {canonicalize_name(Requirement(text).name) for text in PROJECT["project"]["optional-dependencies"]["dev"]}
    assert extra & set(image_lock("runtime")) <= {"packaging"}  # which a library may ask for too
