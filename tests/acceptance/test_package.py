"""The package that `pip install .` installs has everything that the checkout has, and serves without the checkout."""

import subprocess
import sys
import zipfile
from pathlib import Path

import httpx2
import pytest
from documents import value

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src"


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The wheel, unpacked as pip would."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run([sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation",
                    "--wheel-dir", folder, ROOT], check=True, capture_output=True)
    [wheel] = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "installed")
    return folder / "installed"


def files(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*")
            if path.is_file() and "__pycache__" not in path.parts}


def test_the_wheel_has_every_file_of_the_package(installed):
    """SQL, OpenAPI documents, templates and style sheets included."""
    assert files(installed / "plaudit") == files(SOURCE / "plaudit")


def test_it_serves_without_the_checkout(installed, tmp_path):
    """It finds its statements, its documents and its pages where they were installed."""
    where = [sys.executable, "-P", "-c", "import plaudit; print(plaudit.__file__)"]
    found = subprocess.run(where, env={"PYTHONPATH": str(installed)}, check=True, capture_output=True, text=True)
    assert found.stdout.strip() == str(installed / "plaudit/__init__.py")
    command = [sys.executable, "-P", "-m", "plaudit", "serve", "--development", "--port", "0"]
    with subprocess.Popen(command, cwd=tmp_path, env={"PYTHONPATH": str(installed)}, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        try:
            url = value([process.stdout.readline()], "Plaudit serves")
            paths = ("/readyz", "/v1/openapi", "/v2/openapi", "/api/v1/openapi", "/docs/siteassist", "/docs/style.css")
            with httpx2.Client(base_url=url, trust_env=False) as http:
                assert [http.get(path).status_code for path in paths] == [200] * len(paths)
        finally:
            process.terminate()
