"""What one run shares: the release, a temporary folder, how long to measure,
and the servers that are up.
"""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from bench import servers
from bench.checks import EXCUSED, differences
from bench.questions import questions_about
from bench.servers import NotRunning, Server
from unicef_linked.release import open_release

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from bench.questions import Question
    from bench.report import Report


@dataclass
class Run:
    """One run; ``seconds`` is how long one measurement takes,
    ``rounds`` how often each is taken, ``connections`` how many ask at once.
    """

    release: Path
    folder: Path
    seconds: float
    rounds: int
    connections: int
    stack: ExitStack = field(default_factory=ExitStack)

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        """The ten kinds of query, about a thing of the release."""
        return questions_about(open_release(self.release))

    def ours(self) -> Server:
        """Start our server; it runs until the end of the section."""
        return self.stack.enter_context(servers.ours(self.release, self._folder()))

    def peer(
        self,
        report: Report,
        start: Callable[[Path, Path], AbstractContextManager[Server]],
        source: Path,
    ) -> Server | None:
        """Start another server; None, with a remark, when that is not possible here."""
        try:
            return self.stack.enter_context(start(source, self._folder()))
        except NotRunning as reason:
            report.remarks.append(f"not compared: {reason}")
            return None

    def compared(
        self, report: Report, *starts: Callable[[Path, Path], AbstractContextManager[Server]]
    ) -> tuple[Server, list[Server]]:
        """Start our server and the others,
        and return it and those that give the same answers as ours.
        """
        ours = self.ours()
        started = [self.peer(report, start, self.release) for start in starts]
        return ours, [
            peer for peer in started if peer and _same_answers(report, ours, peer, self.questions)
        ]

    def _folder(self) -> Path:
        number = sum(1 for _ in self.folder.iterdir())
        folder = self.folder / f"server-{number}"
        folder.mkdir()
        return folder


def _same_answers(
    report: Report, ours: Server, peer: Server, questions: Sequence[Question]
) -> bool:
    found = differences(peer, ours, questions)
    report.remarks += [f"{peer.name}, {kind}: {words}" for kind, words in found.items()]
    if all(words.endswith(EXCUSED) for words in found.values()):
        return True
    report.remarks.append(f"{peer.name} is not compared: it does not give the same answers")
    return False


def say(text: str) -> None:
    """Tell how far the run is, apart from its report."""
    print(text, file=sys.stderr, flush=True)
