"""The proxies of deploy/ in front of two instances, with the real nginx and the real Caddy."""

from __future__ import annotations

import grp
import os
import pwd
import re
import shutil
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import pytest
import requests
from bench.servers import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.conftest import Server

    from unicef_linked.release import Release

CONFIGURATION: Final = Path(__file__).resolve().parents[2] / "deploy" / "nginx.conf"
NGINX: Final = shutil.which("nginx", path=f"{os.environ['PATH']}{os.pathsep}/usr/sbin")
CADDYFILE: Final = CONFIGURATION.with_name("Caddyfile")
CADDY: Final = shutil.which("caddy")
AROUND: Final = """
user {user} {group};
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""


class Site:
    """nginx before two instances of the service."""

    def __init__(self, url: str, instances: list[Server], start: Callable[[int], Server]) -> None:
        self.url, self.instances, self._start = url, instances, start

    def get(self, path: str) -> requests.Response:
        """Ask the site on a connection of its own."""
        headers = {"Connection": "close"}
        url = self.url + path
        return requests.get(url, timeout=20, headers=headers, allow_redirects=False)

    def restart(self, place: int) -> None:
        """Stop an instance as a supervisor does, and start it at the same port."""
        old = self.instances[place]
        old.process.send_signal(signal.SIGTERM)
        assert old.process.wait(timeout=30) == 0
        self.instances[place] = self._start(int(old.url.rpartition(":")[2]))


@pytest.fixture(scope="module")
def site(
    serve: Callable[..., Server], release: Release, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """The configuration as shipped, with ports that are free here."""
    assert NGINX, "nginx is not installed; make test installs it"
    folder = tmp_path_factory.mktemp("nginx")

    def start(port: int) -> Server:
        arguments = ("--release", str(release.path), "--workers", "1", "--port", str(port))
        return serve(*arguments)

    instances = [start(free_port()) for _ in range(2)]
    port = free_port()
    text = CONFIGURATION.read_text(encoding="utf-8").replace("listen 80;", f"listen {port};")
    for shipped, instance in zip(("127.0.0.1:8001", "127.0.0.1:8002"), instances, strict=True):
        text = text.replace(shipped, instance.url.removeprefix("http://"))
    assert not re.search(r"800[12]", text.replace(str(port), ""))
    (folder / "site.conf").write_text(text, encoding="utf-8")
    # Its processes may write into folders of the tests.
    user, group = pwd.getpwuid(os.getuid()).pw_name, grp.getgrgid(os.getgid()).gr_name
    around = AROUND.format(folder=folder, user=user, group=group)
    (folder / "nginx.conf").write_text(around, encoding="utf-8")
    command = [NGINX, "-p", folder, "-c", folder / "nginx.conf", "-e", folder / "errors.log"]
    process = subprocess.Popen(command)
    site = Site(f"http://127.0.0.1:{port}", instances, start)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            site.get("/healthz")
            break
        except requests.ConnectionError:
            time.sleep(0.05)
    yield site
    process.terminate()
    process.wait(timeout=20)


def test_long_addresses_do_not_take_the_site_down(site: Site) -> None:
    long = quote('"' + "a0" * 900 + '"')
    for _ in range(4):
        assert site.get(f"/fragments?object={long}").status_code in {200, 400, 414}
    assert [site.get("/healthz").status_code for _ in range(6)] == [200] * 6


def test_instances_are_restarted_in_turn_without_a_lost_request(site: Site) -> None:
    statuses: list[int] = []
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            for path in ("/doc/office/gao", "/search?q=gao", "/dump/dataset.nq"):
                statuses.append(site.get(path).status_code)

    clients = [threading.Thread(target=ask) for _ in range(2)]
    for client in clients:
        client.start()
    try:
        for place in range(2):
            site.restart(place)
    finally:
        stop.set()
        for client in clients:
            client.join()
    assert len(statuses) > 10
    assert set(statuses) == {200}


@pytest.mark.parametrize("path", ["/sparql", "/sparql/", "//sparql", "/sparql//"])
def test_every_spelling_of_the_endpoint_is_limited(site: Site, path: str) -> None:
    statuses = [site.get(f"{path}?query=ASK%7B%7D").status_code for _ in range(60)]
    assert 429 in statuses


# Caddy


@pytest.fixture(scope="module")
def caddy(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The Caddyfile as shipped, with ports that are free here, and without a certificate."""
    assert CADDY, "caddy is not installed; make test installs it"
    folder, port = tmp_path_factory.mktemp("caddy"), free_port()
    text = CADDYFILE.read_text(encoding="utf-8")
    text = text.replace("data.example.org {", f"http://127.0.0.1:{port} {{")
    for shipped, instance in zip(("127.0.0.1:8001", "127.0.0.1:8002"), site.instances, strict=True):
        text = text.replace(shipped, instance.url.removeprefix("http://"))
    (folder / "Caddyfile").write_text("{\n\tadmin off\n}\n" + text, encoding="utf-8")
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [CADDY, "run", "--config", folder / "Caddyfile", "--adapter", "caddyfile"],
            env={"HOME": str(folder), "PATH": os.environ["PATH"]},
            stderr=log,
        )
    site = Site(f"http://127.0.0.1:{port}", site.instances, site._start)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            site.get("/healthz")
            break
        except requests.ConnectionError:
            assert process.poll() is None, (folder / "log").read_text()
            time.sleep(0.05)
    yield site
    process.terminate()
    process.wait(timeout=20)


def test_caddy_passes_on_what_the_service_answers(caddy: Site) -> None:
    document = caddy.get("/doc/office/gao.ttl")
    assert document.status_code == 200
    assert document.headers["ETag"].startswith('"')
    assert caddy.get("/id/office/gao").headers["Location"] == "/doc/office/gao"
    answer = requests.post(f"{caddy.url}/sparql", data={"query": "ASK {}"}, timeout=20)
    assert answer.json()["boolean"] is True
    assert len(answer.headers["X-Request-Id"]) >= 16


def test_caddy_goes_on_while_one_instance_is_restarted(caddy: Site) -> None:
    old = caddy.instances[0]
    old.process.send_signal(signal.SIGTERM)
    assert old.process.wait(timeout=30) == 0
    assert [caddy.get("/doc/office/gao").status_code for _ in range(6)] == [200] * 6
    caddy.instances[0] = caddy._start(int(old.url.rpartition(":")[2]))
    assert [caddy.get("/doc/office/gao").status_code for _ in range(6)] == [200] * 6
