"""The documents tell the truth: their queries run, their tables are complete,
their links lead somewhere.
"""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
import pyoxigraph as ox
import pytest

from unicef_linked.cli import COMMANDS, commands
from unicef_linked.config import Settings
from unicef_linked.rdf.formats import FORMATS
from unicef_linked.web.problems import STATUS, TITLES, slug

if TYPE_CHECKING:
    from unicef_linked.rdf.formats import Format

ROOT: Final = Path(__file__).resolve().parents[1]
DOCUMENTS: Final = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def text(name: str) -> str:
    """Return a document's text."""
    return (ROOT / name).read_text(encoding="utf-8")


def examples() -> list[object]:
    """Return each SPARQL block with the CSV block that follows it at once, if one does."""
    found = []
    for path in DOCUMENTS:
        content = path.read_text(encoding="utf-8")
        pattern = r"```sparql\n(.*?)```(?:\s*```csv\n(.*?)```)?"
        for number, match in enumerate(re.finditer(pattern, content, re.DOTALL), start=1):
            found.append(pytest.param(match[1], match[2], id=f"{path.name}-{number}"))
    return found


@pytest.mark.parametrize(("query", "expected"), examples())
def test_a_query_in_the_documents_gives_the_answer_beside_it(
    release_store: ox.Store, query: str, expected: str | None
) -> None:
    answer = release_store.query(query)
    if isinstance(answer, ox.QuerySolutions):
        found = answer.serialize(format=ox.QueryResultsFormat.CSV)
        assert found is not None
        rows = list(csv.reader(io.StringIO(found.decode(), newline="")))
        assert len(rows) > 1
        if expected:
            assert rows == list(csv.reader(io.StringIO(expected)))


def test_there_are_five_first_queries() -> None:
    assert len([e for e in examples() if e.id.startswith("README")]) >= 5  # type: ignore[attr-defined]


@pytest.mark.parametrize("setting", dataclasses.fields(Settings), ids=lambda f: f.name)
def test_every_setting_is_documented_with_its_default(setting: dataclasses.Field[object]) -> None:
    row = re.search(
        rf"^\| `{setting.name}` \| (.*?) \|", text("docs/run-the-service.md"), re.MULTILINE
    )
    assert row, setting.name
    if isinstance(setting.default, int | float):
        assert row[1] == f"`{setting.default:g}`"


def test_the_table_of_settings_has_no_others() -> None:
    table = text("docs/run-the-service.md").partition("| setting | default |")[2].split("\n\n")[0]
    documented = re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)
    assert sorted(documented) == sorted(field.name for field in dataclasses.fields(Settings))


@pytest.mark.parametrize(("document", "least"), [("SECURITY.md", 30), ("docs/operations.md", 12)])
def test_every_test_that_a_table_of_threats_or_faults_names_exists(
    document: str, least: int
) -> None:
    named = set(re.findall(r"`(test_\w+)`", text(document)))
    tests = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py"))
    assert len(named) > least
    assert {name for name in named if f"def {name}(" not in tests} == set()


LOGGED: Final = [
    (path, message)
    for path in sorted((ROOT / "src" / "unicef_linked").rglob("*.py"))
    for message in re.findall(
        r'_LOG\.(?:warning|error|critical)\(\s*"([^"]+)"', path.read_text(encoding="utf-8")
    )
]


@pytest.mark.parametrize(("path", "message"), LOGGED, ids=lambda value: str(value)[-40:])
def test_every_line_of_the_log_is_in_the_runbook(path: Path, message: str) -> None:
    parts = [part.strip(" :;,()") for part in re.split(r"%\w", message)]
    longest = max(parts, key=len)
    assert longest in text("docs/operations.md"), path


@pytest.mark.parametrize("name", sorted(TITLES))
def test_every_problem_type_is_documented(name: str) -> None:
    assert f"| `{name}` |" in text("docs/problems.md")


def test_every_error_with_a_status_has_a_title() -> None:
    assert {slug(kind) for kind in STATUS} <= set(TITLES)


def test_every_dependency_has_a_reason() -> None:
    python, browser = (
        tomllib.loads(text("pyproject.toml")),
        json.loads(text("browser/package.json")),
    )
    project = python["project"]
    documented = set(re.findall(r"`([\w@/.-]+)`", text("docs/dependencies.md")))
    wanted = [
        *project["dependencies"],
        *project["optional-dependencies"]["dev"],
        *python["build-system"]["requires"],
    ]
    wanted += [*browser["dependencies"], *browser["devDependencies"]]
    assert {re.split(r"[<>=]", name)[0] for name in wanted} <= documented


def test_the_table_of_browser_packages_is_what_npm_installs() -> None:
    browser = json.loads(text("browser/package.json"))
    rows = (
        text("docs/dependencies.md")
        .partition("| in the browser (")[2]
        .partition("\n\n")[0]
        .splitlines()[2:]
    )
    documented = [name for row in rows for name in re.findall(r"`([\w@/.-]+)`", row.split("|")[1])]
    assert sorted(documented) == sorted([*browser["dependencies"], *browser["devDependencies"]])


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_no_table_in_the_documents_is_empty(path: Path) -> None:
    assert not re.findall(r"^\|[ :|-]+\|\n(?!\|)", path.read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("offer", FORMATS, ids=lambda f: f.media_type)
def test_every_format_is_documented(offer: Format) -> None:
    assert offer.media_type in text("docs/use-the-data.md")


def test_every_command_and_option_that_the_documents_name_exists() -> None:
    explained = {}
    for name in COMMANDS:
        found = commands.get_command(click.Context(commands), name)
        assert found
        explained[name] = found.get_help(click.Context(found))
    for path in DOCUMENTS:
        for command, rest in re.findall(
            r"unicef-linked ([a-z]+)\b([^`\n]*)", path.read_text(encoding="utf-8")
        ):
            if command not in explained:
                continue  # prose
            for option in re.findall(r"(?<!\S)(--[a-z-]+)", rest):
                assert option in explained[command], f"{path.name}: {command} {option}"


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_links_between_documents_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", path.read_text(encoding="utf-8")):
        if not re.match(r"[a-z]+:", target):
            file, _, anchor = target.partition("#")
            linked = (path.parent / file) if file else path
            assert linked.exists(), target
            if anchor and linked.suffix == ".md":
                headings = re.findall(
                    r"^#+ (.+)$", linked.read_text(encoding="utf-8"), re.MULTILINE
                )
                assert anchor in {
                    re.sub(r"[^\w -]", "", h).strip().lower().replace(" ", "-") for h in headings
                }, target


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_documents_speak_of_the_project_alone(path: Path) -> None:
    assert not re.findall(
        r"(?<![\w.])/(?:work|tmp|root)/|\.\./shared|pypi\.org", path.read_text(encoding="utf-8")
    )
