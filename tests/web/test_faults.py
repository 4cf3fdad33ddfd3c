"""Faults of real processes: whichever ends, the rest goes on and it comes back,
or the service says that it cannot.
"""

from __future__ import annotations

import os
import resource
import shutil
import signal
import socket
import tempfile
import time
from contextlib import ExitStack, closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
import requests

from unicef_linked.errors import NoQueryProcess, UnusableInput
from unicef_linked.rdf.formats import NTRIPLES, RESULTS_CSV
from unicef_linked.release import open_release
from unicef_linked.store.embedded import Embedded
from unicef_linked.store.loading import index_release
from unicef_linked.store.pool.launcher import run_evaluators
from unicef_linked.store.pool.messages import LONGEST_QUEUE
from unicef_linked.store.query import Query

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Server

    from unicef_linked.config import Settings
    from unicef_linked.release import Release

PATIENCE: Final = 60
"""Longest wait for a condition (s): far more than it takes on an idle machine."""


def wait_until(condition: Callable[[], bool], what: str) -> None:
    """Return when a condition holds."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def children(pid: int) -> list[int]:
    """Return the processes that a process has started."""
    with suppress(OSError):
        tasks = Path(f"/proc/{pid}/task").glob("*/children")
        return [int(child) for task in tasks for child in task.read_text().split()]
    return []


def exists(pid: int) -> bool:
    """Tell whether a process runs."""
    with suppress(OSError):
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    return False


class Running:
    """A server, its log and its processes."""

    def __init__(self, server: Server, log: Path, folder: Path) -> None:
        self.server, self.log, self.folder = server, log, folder

    @property
    def main(self) -> int:
        """The main process."""
        return self.server.process.pid

    def supervisors(self) -> list[int]:
        """Return the parents of the query processes."""
        return [pid for pid in children(self.main) if _is_supervisor(pid)]

    def supervisor(self) -> int:
        """Return the parent of the query processes."""
        wait_until(lambda: bool(self.supervisors()), "there is no supervisor")
        return self.supervisors()[0]

    def web_workers(self) -> list[int]:
        """Return the web workers."""
        return [pid for pid in children(self.main) if not _is_supervisor(pid)]

    def status(self, path: str) -> int:
        """Return the status of an address; 0 where the connection failed."""
        with suppress(requests.RequestException):
            return self.server.get(path, headers={"Connection": "close"}).status_code
        return 0

    def wait_until_ready(self) -> None:
        """Return when documents and queries are answered, several times in a row."""
        paths = ("/readyz", "/doc/office/gao", "/sparql?query=SELECT(RAND()AS%3Fx)%7B%7D")
        wait_until(
            lambda: all(self.status(path) == 200 for path in paths * 3), self.log.read_text()
        )

    def said(self, text: str) -> bool:
        """Tell whether the log has a text."""
        return text in self.log.read_text()


def _is_supervisor(pid: int) -> bool:
    with suppress(OSError):
        return b"store.pool.supervisor" in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False


@pytest.fixture(scope="module")
def start(
    serve: Callable[..., Server], release: Release, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Running]:
    """Start a server over its own copy of the release, with its own folder for temporary files."""

    def start(*arguments: str, **settings: str) -> Running:
        folder = tmp_path_factory.mktemp("faults")
        copy = folder / "release"
        shutil.copytree(release.path, copy)
        (folder / "tmp").mkdir()
        environment = {"TMPDIR": str(folder / "tmp")}
        environment |= {f"UNICEF_LINKED_{name}": value for name, value in settings.items()}
        log = folder / "log"
        server = serve("--release", str(copy), *arguments, environment=environment, log=log)
        return Running(server, log, folder)

    return start


@pytest.fixture(scope="module")
def running(start: Callable[..., Running]) -> Running:
    """A server that is hurt by one test after the other."""
    return start("--workers", "2", QUERY_WORKERS="2")


# One server, many faults


def test_a_query_process_that_is_killed_is_replaced_and_logged(running: Running) -> None:
    os.kill(children(running.supervisor())[0], signal.SIGKILL)
    wait_until(lambda: running.said("was killed by SIGKILL; another takes its place"), "no line")
    running.wait_until_ready()


def test_query_processes_that_cannot_start_are_tried_again_after_pauses(running: Running) -> None:
    supervisor = running.supervisor()
    limits = resource.prlimit(supervisor, resource.RLIMIT_NOFILE)
    resource.prlimit(supervisor, resource.RLIMIT_NOFILE, (3, limits[1]))  # no further files
    for pid in children(supervisor):
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: running.said("trying again in 0.4 s"), "no pauses")
    assert running.said("query process: [Errno 24] Too many open files")
    resource.prlimit(supervisor, resource.RLIMIT_NOFILE, limits)
    running.wait_until_ready()
    assert running.supervisor() == supervisor


def test_a_supervisor_killed_again_while_it_starts_comes_back(running: Running) -> None:
    first = running.supervisor()
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: running.supervisors() not in ([], [first]), "no successor")
    second = running.supervisor()
    problem = running.server.get("/readyz").json()
    query = running.server.get("/sparql?query=ASK%7B%7D%23not-cached")
    os.kill(second, signal.SIGKILL)
    assert problem["type"].endswith("/no-query-process")
    assert query.json()["type"].endswith("/no-query-process")
    assert int(query.headers["Retry-After"]) > 0
    assert running.status("/doc/office/gao") == 200
    running.wait_until_ready()
    assert running.supervisor() not in {first, second}
    assert running.said("supervisor of the query processes ended: killed by SIGKILL")
    assert running.said("attempt 2")


def test_sockets_whose_folder_was_removed_are_made_again(running: Running) -> None:
    for folder in (running.folder / "tmp").iterdir():
        shutil.rmtree(folder)
    wait_until(lambda: running.said("was removed; the query processes are started again"), "mute")
    running.wait_until_ready()


def test_a_release_that_was_gone_for_a_moment_does_no_lasting_harm(running: Running) -> None:
    release = running.folder / "release"
    release.rename(running.folder / "elsewhere")
    os.kill(running.supervisor(), signal.SIGKILL)
    wait_until(lambda: running.said("is not a release"), "no line")
    (running.folder / "elsewhere").rename(release)
    running.wait_until_ready()


def test_web_workers_that_are_killed_again_and_again_come_back(running: Running) -> None:
    for _ in range(3):
        before = running.web_workers()
        os.kill(before[0], signal.SIGKILL)
        wait_until(
            lambda before=before: len(set(running.web_workers()) - {before[0]}) == len(before),
            "no successor",
        )
    assert running.said("ended (killed by SIGKILL); it is started again in")
    running.wait_until_ready()


def test_signals_that_mean_nothing_to_the_service_change_nothing(running: Running) -> None:
    for number in (signal.SIGUSR1, signal.SIGUSR2):
        running.server.process.send_signal(number)
    running.wait_until_ready()


def test_nothing_outlives_a_main_process_that_is_killed(running: Running) -> None:
    """This one is last."""
    workers, supervisor = running.web_workers(), running.supervisor()
    port = int(running.server.url.rpartition(":")[2])
    with ExitStack() as stack:
        for _ in range(4):  # requests that are under way hold a worker, not the port
            client = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            client.sendall(b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nASK")
        pids = [*workers, supervisor, *children(supervisor)]
        running.server.process.kill()
        running.server.process.wait()
        wait_until(lambda: is_free(port), "a process holds the port")
        assert any(map(exists, workers))
        wait_until(lambda: not any(map(exists, pids)), "a process goes on")


def is_free(port: int) -> bool:
    """Tell whether a server can listen on a port."""
    with suppress(OSError), socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))
        return True
    return False


# The end of the service


def test_a_service_whose_query_processes_cannot_be_kept_running_ends(
    start: Callable[..., Running],
) -> None:
    running = start("--workers", "1", RESTARTS="2", LOG_FORMAT="json")
    shutil.rmtree(running.folder / "release")
    os.kill(running.supervisor(), signal.SIGKILL)
    assert running.server.process.wait(timeout=PATIENCE) == 1
    assert running.said('"message": "the query processes ended too often; the service stops"')
    assert running.said("unicef-linked: a process ended again and again; see the log above")


def test_a_second_signal_during_a_stop_changes_nothing(start: Callable[..., Running]) -> None:
    running = start("--workers", "1")
    everything = "SELECT * { ?a ?b ?c . ?d ?e ?f } LIMIT 400000"
    with requests.get(
        f"{running.server.url}/sparql",
        params={"query": everything, "timeout": "30", "format": "csv"},
        timeout=PATIENCE,
        stream=True,
    ) as answer:
        for number in (signal.SIGTERM, signal.SIGTERM, signal.SIGINT):
            running.server.process.send_signal(number)
            time.sleep(0.2)  # signals of one kind are merged
        assert answer.content.count(b"\r\n") == 400_001
    assert running.server.process.wait(timeout=PATIENCE) == 0


# Query processes alone


def answers(store: Embedded) -> bool:
    """Tell whether a query is answered."""
    with suppress(NoQueryProcess):
        query = Query("SELECT ('x' AS ?y) {}")
        answer = store.answer(query, solutions=RESULTS_CSV, graph=NTRIPLES, timeout=5)
        return answer.whole == b"y\r\nx\r\n"
    return False


def test_query_processes_start_below_a_limit_of_the_service(
    release: Release, settings: Settings
) -> None:
    with (
        run_evaluators(release, settings) as evaluators,
        closing(Embedded(release, evaluators.address, settings)) as store,
    ):
        size = int(Path(f"/proc/{evaluators.pid}/statm").read_text().split()[0])
        limit = size * resource.getpagesize() + (100 << 20)  # less than query_memory
        resource.prlimit(evaluators.pid, resource.RLIMIT_AS, (limit, limit))
        before = children(evaluators.pid)
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not set(before) & set(children(evaluators.pid)), "still there")
        assert answers(store)


def test_an_index_that_is_damaged_or_gone_is_made_again(
    release: Release, settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shutil.copytree(release.path, tmp_path / "release")
    own = open_release(tmp_path / "release")
    index = index_release(own)
    for file in index.glob("MANIFEST-*"):
        file.write_bytes(b"damaged")
    assert index_release(own) == index
    assert "is damaged; it is made again" in caplog.text
    single = replace(settings, query_workers=1)
    with (
        run_evaluators(own, single, lambda: index_release(own)) as evaluators,
        closing(Embedded(own, evaluators.address, single)) as store,
    ):
        shutil.rmtree(index)
        first = evaluators.pid
        for pid in children(first):
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: evaluators.pid != first and answers(store), "not made again")
        assert index.is_dir()


@pytest.mark.parametrize("fault", ["stopped", "no slots"])
def test_a_check_tells_faults_from_load(release: Release, settings: Settings, fault: str) -> None:
    with (
        run_evaluators(release, settings) as evaluators,
        closing(Embedded(release, evaluators.address, settings)) as store,
    ):
        store.check()
        pids = [evaluators.pid, *children(evaluators.pid)]
        if fault == "stopped":
            for pid in pids:
                os.kill(pid, signal.SIGSTOP)
        else:
            os.kill(evaluators.pid, signal.SIGSTOP)
            Path(f"{evaluators.address}.slots").unlink()
        try:
            with pytest.raises(NoQueryProcess):
                store.check()
        finally:
            for pid in pids:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)


@pytest.mark.parametrize("over", [0, 1], ids=["as long as it may be", "too long"])
def test_a_folder_with_too_long_a_name_for_sockets_is_told(
    release: Release, settings: Settings, monkeypatch: pytest.MonkeyPatch, over: int
) -> None:
    own_part = len("/unicef-linked-12345678/queries")
    with tempfile.TemporaryDirectory() as base:
        folder = Path(base) / ("x" * (LONGEST_QUEUE - own_part - len(base) - 1 + over))
        folder.mkdir()
        monkeypatch.setattr(tempfile, "tempdir", str(folder))
        with ExitStack() as stack:
            if over:
                stack.enter_context(pytest.raises(UnusableInput, match="set TMPDIR to a shorter"))
            evaluators = stack.enter_context(run_evaluators(release, settings))
            store = Embedded(release, evaluators.address, settings)
            assert answers(stack.enter_context(closing(store)))
        monkeypatch.undo()


def test_a_folder_that_others_can_enter_is_not_used(
    release: Release, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    """Its name is known once the first one was removed: another user could make it."""
    with run_evaluators(release, replace(settings, restarts=1)) as evaluators:
        folder = Path(evaluators.address).parent
        os.kill(evaluators.pid, signal.SIGSTOP)
        shutil.rmtree(folder)
        folder.mkdir()
        folder.chmod(0o777)
        os.kill(evaluators.pid, signal.SIGKILL)
        wait_until(lambda: "can be entered by others; remove it" in caplog.text, "used")
