"""What Dagster's log says of the runs of `make demo`, as one live line and a sentence for each run that ended.

lines of enrichment_assets.local_runs -> now: "profile: 12 of 25 companies"; taken(): "profile: 25 companies
finished for 3.20 USD, 0 failed"
"""

import re
from collections import Counter, deque

_STARTED = re.compile(r"^(\w+): started$")
_ENDED = re.compile(r"^(\w+): (?:finished|failed)$")
_COMPANIES = re.compile(r"\d+ of \d+ companies")
_TOTAL = re.compile(r"\d+ companies finished for [\d.]+ USD, \d+ failed")
_CHECK = re.compile(r"Asset check '(\w+)' on '[^']+' (passed|did not pass)")
_PUBLISHED = re.compile(r"published \S+\.duckdb: \d+ rows came from the store")
_KEPT_LINES = 15


class RunProgress:
    """Reads a log line by line. now: what happens at present, in one line."""

    def __init__(self) -> None:
        self.now = "starting Dagster"
        self._title = ""
        self._total = ""
        self._checks: Counter[str] = Counter()
        self._failed: list[str] = []
        self._sentences: list[str] = []
        self._lines: deque[str] = deque(maxlen=_KEPT_LINES)

    def read(self, line: str) -> None:
        self._lines.append(line)
        if started := _STARTED.match(line):
            self._title, self._total = started[1], ""
            self._checks.clear()
            self._failed.clear()
            self.now = f"{self._title}: starting"
        elif _ENDED.match(line):
            self._sentences.append(f"{self._title}: {self._summary()}")
        elif companies := _COMPANIES.search(line):
            self.now = f"{self._title}: {companies[0]}"
        elif check := _CHECK.search(line):
            self._checks[check[2]] += 1
            if check[2] != "passed":
                self._failed.append(check[1])
            self.now = f"{self._title}: {self._checks.total()} checks evaluated"
        elif found := _TOTAL.search(line) or _PUBLISHED.search(line):
            self._total = found[0]

    def taken(self) -> list[str]:
        """A sentence for each run that ended since the last time."""
        taken, self._sentences = self._sentences, []
        return taken

    @property
    def last_lines(self) -> str:
        return "".join(self._lines)

    def _summary(self) -> str:
        parts = [self._total] if self._total else []
        if self._checks:
            failed = f", {self._checks['did not pass']} did not ({', '.join(dict.fromkeys(self._failed))})"
            passed = self._checks["passed"]
            parts.append(f"{passed} check{'' if passed == 1 else 's'} passed{failed if self._failed else ''}")
        return "; ".join(parts) or "done"
