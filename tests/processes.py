"""A server program that a test starts, stops, kills and freezes, and what to do where the program is missing."""

import abc
import contextlib
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn, Self

import pytest

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 30
STOP_SECONDS = 20


def missing(program: str) -> NoReturn:
    """Skip the test for want of a program, or fail it where every program has to be there (CI)."""
    if os.environ.get("REQUIRE_SERVICES"):
        pytest.fail(f"needs {program}, and REQUIRE_SERVICES is set", pytrace=False)
    pytest.skip(f"needs {program}")


def find_program(*names: str, folders: str = "usr/sbin") -> str:
    """The path of the first of the names on PATH or in /`folders` (a glob; the last match first); else `missing`."""
    path = os.pathsep.join([os.environ["PATH"], *map(str, sorted(Path("/").glob(folders), reverse=True))])
    for name in names:
        if found := shutil.which(name, path=path):
            return found
    missing(names[0])


def free_port() -> int:
    """A port that nobody uses, from below the range that outgoing connections take theirs from: it stays free."""
    for port in random.SystemRandom().sample(range(20_000, 32_000), 100):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise RuntimeError("There is no free port.")


def wait_until(answer: Callable[[], bool], *, what: str, seconds: float = START_SECONDS) -> None:
    """Ask until the answer is yes; TimeoutError after `seconds`."""
    deadline = time.monotonic() + seconds
    while not answer():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {seconds} s")
        time.sleep(0.02)


class Server(abc.ABC):
    """One program in a process group of its own, on its own port, with a folder for its files and its log.

    A context manager: ready when the program answers, gone with its folder at the end.
    """

    stop_signal = signal.SIGTERM
    user: str | None = None  # runs the program, instead of oneself

    def __init__(self) -> None:
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix=f"chat-{type(self).__name__.lower()}-"))
        self.log = self.folder / "log"
        self.process: subprocess.Popen[bytes] | None = None
        if self.user:
            shutil.chown(self.folder, self.user)

    @abc.abstractmethod
    def command(self) -> list[str]:
        """The program and its arguments; it stays in the foreground."""

    def environment(self) -> dict[str, str]:
        return dict(os.environ)

    @abc.abstractmethod
    def answers(self) -> bool:
        """Whether the server serves now; asked until it does."""

    @property
    def pid(self) -> int:
        if self.process is None:
            raise RuntimeError(f"{type(self).__name__} is not running.")
        return self.process.pid

    def start(self) -> None:
        """Start and wait for an answer; RuntimeError with the end of the log if the program ends instead."""
        self.process = self.spawn(self.command())
        wait_until(self._started, what=f"{type(self).__name__} answers")

    def stop(self, with_signal: signal.Signals | None = None) -> None:
        """Ask the program to end and wait until it has; TimeoutError, and it is killed, if it does not."""
        if self.process is None:
            return
        self.resume()
        self.process.send_signal(with_signal or self.stop_signal)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired as error:
            raise TimeoutError(f"{type(self).__name__} ends: not within {STOP_SECONDS} s\n{self.log_end()}") from error
        finally:
            self.kill9()

    def restart(self) -> None:
        self.stop()
        self.start()

    def kill9(self) -> None:
        """Kill the whole group at once, without a chance to tidy up."""
        if self.process is not None:
            self._signal_group(signal.SIGKILL)
            self.process.wait()
            self.process = None

    def pause(self) -> None:
        """Freeze the program: its connections stay open and nothing answers."""
        self._signal_group(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal_group(signal.SIGCONT)

    def close(self) -> None:
        try:
            self.stop()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def log_end(self, characters: int = 4_000) -> str:
        return self.log.read_text(errors="replace")[-characters:]

    def spawn(self, command: list[str]) -> subprocess.Popen[bytes]:
        """Start a command as this server's user, in a group of its own; what it prints goes to the log."""
        account = pwd.getpwnam(self.user) if self.user else None
        with self.log.open("ab") as log:
            return subprocess.Popen(
                command,
                cwd=self.folder if account else ROOT,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                user=account.pw_uid if account else None,
                group=account.pw_gid if account else None,
                extra_groups=[] if account else None,
            )

    def run(self, command: list[str]) -> None:
        """Run a command as this server's user to its end; RuntimeError with the end of the log if it fails."""
        process = self.spawn(command)
        try:
            code = process.wait(START_SECONDS)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        if code:
            raise RuntimeError(f"{' '.join(command)}: failed with {code}\n{self.log_end()}")

    def _started(self) -> bool:
        if self.process is None or self.process.poll() is not None:
            raise RuntimeError(f"{type(self).__name__} ended while starting:\n{self.log_end()}")
        return self.answers()

    def _signal_group(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)
