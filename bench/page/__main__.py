"""What the page takes in Debian's Chromium, each figure beside its bar.

    python -m bench.page [--companies 100000] [--times 12] [--seed N]        a minute and a half; needs chromium

A sandbox and the service are started for it; one company is bought, so many are registered.
"""

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import httpx
from playwright.sync_api import Browser, CDPSession, FilePayload, Page

from bench.page.filled_store import RARE, fill
from bench.page.picture import ask
from bench.page.running_page import page_of_sandbox
from enrichment.domain.numbers import in_number
from resources.settings import load_settings
from resources.wiring import open_store_of

_BOUGHT = "tesla.com"
_PAINT, _TABLE, _WEIGHT = 100, 300, 70_000
_LIST = "Website\nfirst-widgets.com\nsecond-widgets.com\nnvidia.com\napple.com\n"
_SHIFTS = (
    "window.moved = 0; new PerformanceObserver((list) => { for (const one of list.getEntries()) "
    "window.moved += one.value; }).observe({type: 'layout-shift', buffered: true});"
)
_PAINTED = (
    "new Promise((done) => { const first = () => performance.getEntriesByName('first-contentful-paint')[0]; "
    "const look = () => first() ? done(first().startTime) : requestAnimationFrame(look); look(); })"
)
_NAVIGATION = "performance.getEntriesByType('navigation')[0]"


@dataclass(frozen=True, slots=True)
class Bench:
    """One run: the browser, the service, and how often each page is opened."""

    browser: Browser
    url: str
    client: httpx.Client
    times: int

    @contextmanager
    def page(self) -> Iterator[Page]:
        """A page in a browser profile of its own: nothing is in its cache."""
        context = self.browser.new_context(base_url=self.url, viewport={"width": 1440, "height": 900})
        try:
            yield context.new_page()
        finally:
            context.close()

    def milliseconds(self, path: str) -> list[float]:
        """Milliseconds from the call to the whole answer."""
        took = []
        for _ in range(self.times):
            began = time.monotonic()
            self.client.get(path).raise_for_status()
            took.append((time.monotonic() - began) * 1000)
        return took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--companies", type=int, default=100_000, help="registered ones")
    parser.add_argument("--times", type=int, default=12, help="each page is opened so often")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10_000))
    options = parser.parse_args()
    print(f"seed {options.seed}, {in_number(options.companies, 'company')}")
    with tempfile.TemporaryDirectory() as home:
        _run(Path(home), options)


def _run(home: Path, options: argparse.Namespace) -> None:
    with page_of_sandbox(home) as (browser, url), httpx.Client(base_url=url, timeout=90, trust_env=False) as client:
        _measured(Bench(browser, url, client, options.times), options)


def _measured(bench: Bench, options: argparse.Namespace) -> None:
    for consumer in ("customer_enrichment", "vendor_enrichment", "profile"):
        body = {"company": _BOUGHT, "consumer": consumer}
        bench.client.post("/v1/enrichments", json=body, headers={"Prefer": "wait=60"}).raise_for_status()
    store = open_store_of(load_settings(sandbox=True))
    fill(store, options.companies, bought=_BOUGHT, seed=options.seed)
    store.close()
    _paint(bench)
    _table(bench)
    _shift(bench)
    _weight(bench)


def _paint(bench: Bench) -> None:
    """Measures when a remembered company is painted, after the last byte and from the click, beside plain text."""
    for what, path, warm in (
        ("plain text", "/healthz", True),
        ("a company, cache filled", f"/companies/{_BOUGHT}", True),
        ("a company, cache empty", f"/companies/{_BOUGHT}", False),
    ):
        took, since_click, cpu = [], [], []
        for _ in range(bench.times):
            with bench.page() as page:
                page.goto(path if warm else "/healthz")
                metrics = page.context.new_cdp_session(page)
                metrics.send("Performance.enable", {"timeDomain": "threadTicks"})
                before = _cpu_of(metrics)
                page.goto(path)
                since_click.append(page.evaluate(_PAINTED))
                took.append(since_click[-1] - page.evaluate(f"{_NAVIGATION}.responseEnd"))
                cpu.append((_cpu_of(metrics) - before) * 1000)
        of_thread = f"; CPU of its thread {statistics.median(cpu):.0f} ms"
        _say(
            f"first paint after the answer: {what}",
            _spread(took) + of_thread,
            "" if path == "/healthz" else f"at most {_PAINT} ms",
        )
        _say(f"first paint from the click: {what}", _spread(since_click), "")


def _cpu_of(metrics: CDPSession) -> float:
    """Seconds of the thread that lays a page out and runs its scripts."""
    found = {one["name"]: one["value"] for one in metrics.send("Performance.getMetrics")["metrics"]}
    return float(found["TaskDuration"])


def _table(bench: Bench) -> None:
    """Pages of the table, in the order of the bar: by each order, deep, filtered; the last one in the browser."""
    base = bench.milliseconds("/healthz")
    worst = 0.0
    for what, query in _pages(bench).items():
        took = bench.milliseconds(f"/companies?{urlencode(query)}")
        worst = max(worst, _p95(took))
        _say(f"table: {what}", _spread(took), f"at most {_TABLE} ms")
    _say("table, the worst p95 beside /healthz", f"{worst:.0f} ms, {worst / statistics.median(base):.0f} times", "")
    took = []
    for _ in range(bench.times):
        with bench.page() as page:
            page.goto("/healthz")
            page.goto("/companies")
            took.append(page.evaluate(_PAINTED))
    _say("table: painted, from the click", _spread(took), f"at most {_TABLE} ms")


def _pages(bench: Bench) -> Mapping[str, Mapping[str, str]]:
    middle = bench.client.get("/v1/company-table", params={"text": "rapid", "limit": 1}).raise_for_status().json()
    key = middle["companies"][0]["key"]
    found: dict[str, dict[str, str]] = {"first page": {}}
    for sort in ("key", "name", "added"):
        for way in ("false", "true"):
            order = {"sort": sort, "descending": way}
            found[f"by {sort}, {'descending' if way == 'true' else 'ascending'}, deep"] = {**order, "after": key}
    found["one company by its name"] = {"text": RARE}
    found["text of many, deep"] = {"text": "wind", "after": key}
    found["text of none"] = {"text": "qqqqqq"}
    for what in ("known", "unknown"):
        found[f"{what}: industry, by name, deep"] = {what: "industry", "sort": "name", "after": key}
        found[f"{what}: industry, by added"] = {what: "industry", "sort": "added", "descending": "true"}
    found["known: what none has"] = {"known": "founded", "unknown": "industry"}
    return found


def _shift(bench: Bench) -> None:
    """While the events of a question arrive, a batch goes on, and a company is bought anew."""
    with bench.page() as page:
        page.add_init_script(_SHIFTS)
        ask(page)
        arrived = page.locator(".timeline li").count()
        _say("layout shift, a question", f"{page.evaluate('moved'):.5f} over {arrived} events", "0")
    with bench.page() as page:
        page.add_init_script(_SHIFTS)
        page.goto("/companies")
        listed = FilePayload(name="list.csv", mimeType="text/csv", buffer=_LIST.encode())
        page.locator("input[name=list]").set_input_files(listed)
        page.get_by_role("button", name="What would it cost?").click()
        page.get_by_role("button", name="Start, within").click()
        page.wait_for_url("**/batches/bat_*")
        page.get_by_role("button", name="Stop").wait_for(state="detached")
        _say("layout shift, a batch to its end", f"{page.evaluate('moved'):.5f}", "0")
    with bench.page() as page:
        page.add_init_script(_SHIFTS)
        page.goto(f"/companies/{_BOUGHT}")
        page.get_by_label("No value older than").select_option("1h")
        page.get_by_label("Vendor context").check()
        page.get_by_role("button", name="What would it cost?").click()
        page.get_by_role("button", name="Buy for at most").wait_for()
        quoted = page.evaluate("moved")
        page.get_by_role("button", name="Buy for at most").click()
        page.wait_for_url("**/enrichments/*")
        page.wait_for_url(f"**/companies/{_BOUGHT}")
        _say("layout shift, a company: its quote, its request", f"{quoted:.5f}, {page.evaluate('moved'):.5f}", "0")


def _weight(bench: Bench) -> None:
    """What comes over the wire with an empty cache."""
    for path in (f"/companies/{_BOUGHT}", "/companies", "/spend", "/sources", "/rules", "/"):
        with bench.page() as page:
            sizes: list[int] = []
            session = page.context.new_cdp_session(page)
            session.send("Network.enable")
            session.on("Network.loadingFinished", lambda one, sizes=sizes: sizes.append(int(one["encodedDataLength"])))
            page.goto(path, wait_until="networkidle")
            session.detach()
            _say(f"transferred, {path}", f"{sum(sizes):,} bytes in {len(sizes)} answers", f"at most {_WEIGHT:,}")


def _spread(values: Sequence[float]) -> str:
    return f"p50 {statistics.median(values):.0f}, p95 {_p95(values):.0f} ms of {len(values)}"


def _p95(values: Sequence[float]) -> float:
    return statistics.quantiles(values, n=20, method="inclusive")[-1] if len(values) > 1 else float("nan")


def _say(what: str, seen: str, bar: str) -> None:
    print(f"{what:<50} {seen:<60} {bar}", flush=True)


if __name__ == "__main__":
    main()
