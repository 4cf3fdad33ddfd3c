"""The wheel carries all that it needs: installed alone, it serves from any folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from unicef_linked.release import Release

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def installed(
    tmp_path_factory: pytest.TempPathFactory, cache: Path
) -> Callable[..., subprocess.CompletedProcess[str]]:
    """The command as installed from the wheel;
    the libraries it depends on are lent by this environment, what was built by the other tests.
    """
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    subprocess.run(
        [*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, ROOT],
        check=True,
    )
    (wheel,) = folder.glob("*.whl")
    environment = folder / "environment"
    venv.create(environment, with_pip=False)
    python = environment / "bin" / "python"
    subprocess.run(
        [*pip, "--python", python, "install", "--no-deps", "--no-index", wheel], check=True
    )
    (site_packages,) = environment.glob("lib/python*/site-packages")
    (site_packages / "lent.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [environment / "bin" / "unicef-linked", *arguments],
            capture_output=True,
            text=True,
            cwd="/",
            env={"PATH": os.environ["PATH"], "XDG_CACHE_HOME": str(cache), "PYTHONSAFEPATH": "1"},
            timeout=300,
            check=False,
        )

    package = subprocess.run(
        [python, "-c", "import unicef_linked; print(unicef_linked.__file__)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert package.stdout.startswith(str(environment)), (
        "the source tree would hide what the wheel lacks"
    )
    return run


def test_the_packaged_dataset_can_be_asked_from_any_folder(
    installed: Callable[..., subprocess.CompletedProcess[str]], release: Release
) -> None:
    """A release is kept by the digest of its content: the wheel's is that of this repository."""
    assert release.manifest.conforms
    done = installed(
        "query", "SELECT (COUNT(?o) AS ?offices) { ?o a ul:ZoneOffice }", "--format", "csv"
    )
    assert "building" not in done.stderr
    assert done.returncode == 2, "a prefix is declared in the query or not at all"
    ontology = "https://w3id.org/unicef-linked/ontology#"
    done = installed(
        "query",
        f"PREFIX ul: <{ontology}> SELECT (COUNT(?o) AS ?offices) {{ ?o a ul:ZoneOffice }}",
        "--format",
        "csv",
    )
    assert (done.returncode, done.stdout.split()) == (0, ["offices", "5"])


def test_the_wheel_holds_pages_styles_and_translations(
    installed: Callable[..., subprocess.CompletedProcess[str]],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    assert installed("--version").returncode == 0
    package = next(
        tmp_path_factory.getbasetemp().glob(
            "wheel*/environment/lib/python*/site-packages/unicef_linked"
        )
    )
    for needed in (
        "web/templates/resource.html",
        "web/static/built/assets.json",
        "web/translations/fr.po",
        "content/rules/labels.rq",
    ):
        assert (package / needed).is_file()
    assets = json.loads((package / "web/static/built/assets.json").read_text(encoding="utf-8"))
    assert {"site.css", "site.js", "sparql.js"} <= assets.keys()
    assert all((package / "web/static/built" / name).is_file() for name in assets.values())
