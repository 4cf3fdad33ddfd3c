"""verify and --sign: every file of a release, damaged in every way, is named;
strangers check with their own tools.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Final

import pytest

from unicef_linked.build import snapshot
from unicef_linked.cli import main
from unicef_linked.errors import NotARelease
from unicef_linked.release import open_whole_release, verification, verified, verify
from unicef_linked.release.directory import digest_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DATA: Final = """
PREFIX : <http://example.org/>
:a :p "one", "two" .
GRAPH :g { :a :p :b }
"""
FILES: Final = (
    "SHA256SUMS",
    "context.jsonld",
    "dumps/SHA256SUMS",
    "dumps/dataset.nq",
    "manifest.json",
)


def truncate(path: Path) -> None:
    """Leave the first half, as a broken transfer does."""
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def empty(path: Path) -> None:
    """Leave nothing, as a full disk does."""
    path.write_bytes(b"")


def flip(path: Path) -> None:
    """Change one bit in the middle."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def remove(path: Path) -> None:
    """Lose it."""
    path.unlink()


def rename(path: Path) -> None:
    """Call it something else."""
    path.rename(path.with_name(f"{path.name}.old"))


def link(path: Path) -> None:
    """Put a link to the same content in its place."""
    elsewhere = path.parents[2] / f"elsewhere-{path.name}"
    shutil.move(path, elsewhere)
    path.symlink_to(elsewhere)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A small release."""
    (tmp_path / "data.trig").write_text(DATA, encoding="utf-8")
    snapshot([tmp_path / "data.trig"], tmp_path / "out")
    return tmp_path / "out"


def test_a_release_is_whole_when_it_is_built(out: Path) -> None:
    assert verify(out) == []
    assert open_whole_release(out).manifest.quads == 3
    names = {
        path.relative_to(out.resolve()).as_posix()
        for path in out.resolve().rglob("*")
        if path.is_file()
    }
    assert names == set(FILES)


@pytest.mark.parametrize("damage", [truncate, empty, flip, remove, rename, link])
@pytest.mark.parametrize("name", FILES)
def test_every_damaged_file_is_named(
    out: Path, capsys: pytest.CaptureFixture[str], name: str, damage: Callable[[Path], None]
) -> None:
    damage(out.resolve() / name)
    assert main(["verify", str(out)]) in {1, 2}
    output = capsys.readouterr()
    assert name in output.out + output.err or "SHA256SUMS" in output.out
    with pytest.raises(NotARelease, match=r"build it again|build the release again|unicef-linked"):
        open_whole_release(out)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """The names of the files that are hashed, from now on; files settle at once."""
    names: list[str] = []

    def digest(path: Path) -> str:
        names.append(path.name)
        return digest_of(path)

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(verification, "digest_of", digest)
    monkeypatch.setattr(verified, "_SETTLED", 0.0)
    return names


def test_what_was_verified_here_is_read_again_only_if_it_changed(
    out: Path, read: list[str]
) -> None:
    open_whole_release(out)
    assert len(read) == len(FILES) - 1
    read.clear()
    open_whole_release(out)
    assert read == []
    changed = out.resolve() / "context.jsonld"
    times = changed.stat()
    flip(changed)
    os.utime(changed, ns=(times.st_atime_ns, times.st_mtime_ns))
    for _ in range(2):
        read.clear()
        with pytest.raises(NotARelease, match=r"is not whole: context\.jsonld: has SHA-256"):
            open_whole_release(out)
        assert read == ["context.jsonld"]


def test_verify_reads_everything(out: Path, read: list[str]) -> None:
    open_whole_release(out)
    read.clear()
    assert verify(out) == []
    assert len(read) >= len(FILES) - 1


def test_a_file_that_has_just_changed_is_not_taken_for_verified(
    out: Path, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verified, "_SETTLED", 60.0)
    for _ in range(2):
        read.clear()
        open_whole_release(out)
        assert len(read) == len(FILES) - 1


def test_a_file_that_was_added_is_named(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (out.resolve() / "dumps" / "more.nq").write_text("", encoding="utf-8")
    assert main(["verify", str(out)]) == 1
    assert capsys.readouterr().out == "dumps/more.nq: is not in SHA256SUMS: it was added later\n"


def test_a_forged_set_of_sums_does_not_hide_what_the_manifest_says(
    out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = out.resolve()
    dataset = folder / "dumps" / "dataset.nq"
    dataset.write_bytes(dataset.read_bytes().replace(b'"one"', b'"1"'))
    sums = subprocess.run(
        ["sha256sum", *(name for name in FILES if name != "SHA256SUMS")],
        cwd=folder,
        capture_output=True,
        check=True,
    )
    (folder / "SHA256SUMS").write_bytes(sums.stdout)
    assert main(["verify", str(out)]) == 1
    assert "manifest.json says" in capsys.readouterr().out


def test_wrong_counts_are_named(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = out.resolve()
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["graphs"]["http://example.org/g"] = 2
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    assert main(["verify", str(out)]) == 1
    assert "the graph <http://example.org/g>" in capsys.readouterr().out


def test_what_is_no_release_is_told_apart(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", str(tmp_path)]) == 2
    assert "is not a release" in capsys.readouterr().err


def test_serve_refuses_a_release_that_is_not_whole(
    out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flip(out.resolve() / "dumps" / "dataset.nq")
    assert main(["serve", "--release", str(out), "--port", "0"]) == 2
    error = capsys.readouterr().err
    assert "is not whole: dumps/dataset.nq: has SHA-256" in error
    assert "build it again" in error


def test_strangers_check_the_digests_with_sha256sum(out: Path) -> None:
    done = subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=out, capture_output=True)
    assert done.returncode == 0, done.stdout


# Signatures


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two pairs of keys, made with OpenSSL."""
    folder = tmp_path_factory.mktemp("keys")
    for name in ("ours", "theirs"):
        private = folder / f"{name}.pem"
        for command in (
            ["genpkey", "-algorithm", "ed25519", "-out", private],
            ["pkey", "-in", private, "-pubout", "-out", folder / f"{name}.pub.pem"],
        ):
            subprocess.run(["openssl", *command], check=True, capture_output=True)
    subprocess.run(
        ["openssl", "genpkey", "-algorithm", "rsa", "-out", folder / "rsa.pem"],
        check=True,
        capture_output=True,
    )
    return folder


@pytest.fixture
def signed(tmp_path: Path, keys: Path) -> Path:
    """A release that was built with ``--sign``."""
    files = {
        "data.ttl": "<http://example.org/a> <http://example.org/p> 1 .",
        "shapes.ttl": "[] a <http://www.w3.org/ns/shacl#NodeShape> .",
        "ontology.ttl": "",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    inputs = [f"--{name.removesuffix('.ttl')}={tmp_path / name}" for name in files]
    out = tmp_path / "signed"
    assert main(["build", *inputs, "--sign", str(keys / "ours.pem"), "--out", str(out)]) == 0
    return out


def test_a_signature_is_checked_with_the_key_of_the_publisher(
    signed: Path, keys: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", str(signed), "--key", str(keys / "ours.pub.pem")]) == 0
    assert "signed by this key" in capsys.readouterr().out
    assert main(["verify", str(signed), "--key", str(keys / "theirs.pub.pem")]) == 1
    assert "SHA256SUMS.sig: is no signature" in capsys.readouterr().out


def test_strangers_check_the_signature_with_openssl(signed: Path, keys: Path) -> None:
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", keys / "ours.pub.pem"]
    files = ["-rawin", "-in", "SHA256SUMS", "-sigfile", "SHA256SUMS.sig"]
    done = subprocess.run([*command, *files], cwd=signed, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "Verified Successfully" in done.stdout


def test_a_release_without_a_signature_is_not_signed(
    out: Path, keys: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", str(out), "--key", str(keys / "ours.pub.pem")]) == 1
    assert "the release is not signed" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("rsa.pem", "is not an Ed25519 key"),
        ("ours.pub.pem", "is not a private key in PEM"),
        ("absent.pem", "cannot be read"),
    ],
)
def test_a_key_that_cannot_sign_is_refused(
    tmp_path: Path, keys: Path, capsys: pytest.CaptureFixture[str], name: str, words: str
) -> None:
    out = tmp_path / "out"
    assert main(["build", "--sign", str(keys / name), "--out", str(out)]) == 2
    assert words in capsys.readouterr().err
    assert not out.exists()


def test_signing_what_is_built_already_keeps_the_unsigned_release(
    signed: Path, keys: Path, tmp_path: Path
) -> None:
    before = signed.resolve()
    inputs = [f"--{name}={tmp_path / name}.ttl" for name in ("data", "shapes", "ontology")]
    assert main(["build", *inputs, "--sign", str(keys / "ours.pem"), "--out", str(signed)]) == 0
    assert signed.resolve() == before
    assert main(["build", *inputs, "--sign", str(keys / "theirs.pem"), "--out", str(signed)]) == 0
    assert signed.resolve() != before
    assert main(["verify", str(signed), "--key", str(keys / "theirs.pub.pem")]) == 0
