"""Our own processes under measurement: started, asked, their memory and CPU read from /proc, ended."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

_PATIENCE_SECONDS = 600.0
_ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Running:
    """ready_seconds: from its start to the first answer of `path`."""

    url: str
    pid: int
    ready_seconds: float

    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def megabytes(self) -> float:
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) / 1024


@contextmanager
def running(words: list[str], environment: Mapping[str, str], *, log: Path, url: str, path: str) -> Iterator[Running]:
    """Starts a process and waits until it answers `path`; ended with the block."""
    began = time.monotonic()
    with log.open("wb") as to:
        process = subprocess.Popen([sys.executable, "-m", *words], env=environment, stdout=to, stderr=to)  # noqa: S603
        try:
            _wait_for(f"{url}{path}", process, began, log)
            yield Running(url, process.pid, time.monotonic() - began)
        finally:
            process.terminate()
            process.wait()


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def address_in(log: Path) -> str:
    """The first one that a process has printed."""
    end = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < end:
        if found := _ADDRESS.search(log.read_text()):
            return found[0]
        time.sleep(0.05)
    raise SystemExit(f"{log} shows no address")


def _wait_for(url: str, process: "subprocess.Popen[bytes]", began: float, log: Path) -> None:
    while time.monotonic() - began < _PATIENCE_SECONDS and process.poll() is None:
        try:
            if httpx.request("GET", url, timeout=5, trust_env=False).status_code < 500:
                return
        except httpx.TransportError:
            time.sleep(0.02)
    raise SystemExit(f"It has not started: {log.read_text()[-2_000:]}")
