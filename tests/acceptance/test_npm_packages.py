"""The npm packages: exactly what their manifests list, the module that Plaudit serves, and types that hold."""

import json
import tarfile

import pytest
from npm_project import PACKAGES, ROOT, installed, node, packed

from plaudit import __version__
from plaudit.http.element.served import module


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("npm")


@pytest.fixture(scope="module")
def tarballs(folder):
    return packed(folder)


def contents(tarball):
    with tarfile.open(tarball) as archive:
        return {member.name.removeprefix("package/"): archive.extractfile(member).read() for member in archive}


def manifest(name):
    return json.loads((ROOT / "npm" / name / "package.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", PACKAGES)
def test_a_package_has_exactly_what_its_manifest_lists(tarballs, name):
    assert set(contents(tarballs[name])) == {"package.json", *manifest(name)["files"]}


def test_the_module_is_the_one_that_is_served(tarballs):
    assert contents(tarballs["element"])["element.js"] == module().content


def test_all_of_them_have_plaudits_version():
    assert {manifest(name)["version"] for name in PACKAGES} == {__version__}
    assert manifest("react")["dependencies"] == {"@plaudit/element": __version__}


def test_the_types_hold_on_a_plain_page_and_in_react(folder, tarballs):
    """Compiled with everything strict and nothing cast; what the types refuse is in `misuse.tsx`."""
    node(installed(folder, tarballs), "npx", "tsc")
