"""What a command does not need is not imported: on a busy machine imports are nearly all that a command costs."""

import json
import subprocess
import sys

import pytest

from resources.clock import TEST_CLOCK
from tests.acceptance.conftest import Stack
from tests.support.command_line import ROOT

HEAVY = (
    "alembic", "dagster", "duckdb", "openpyxl", "pandas", "pyarrow", "openai", "dateparser", "tldextract",
    "sqlalchemy.dialects.postgresql",
)  # fmt: skip
OF_VENDORS = ("aiohttp", "httpx", "requests", "selectolax", "extruct", "lxml")
OF_NAMES = ("rigour", "icu", "normality")
OF_PLANNING = (
    "numpy",
    "enrichment.planning",
    "enrichment.parsing.reply_facts",
    "enrichment.analysis",
    "enrichment.collection",
)
LISTED = """
import json, sys
sys.argv = ["enrich", *json.loads(sys.argv[1])]
from enrich_cli.main import main
try:
    main()
except SystemExit as ended:
    print(json.dumps([ended.code, [name for name in json.loads({heavy!r}) if name in sys.modules]]), file=sys.stderr)
"""


def imported(heavy: tuple[str, ...], *words: str, home: str, **environment: str) -> tuple[int, list[str]]:
    """The exit code of a command in a new process, and which of these modules it imported."""
    code = LISTED.format(heavy=json.dumps(heavy))
    inherited = {"PATH": "/usr/bin:/bin", "ENRICH_HOME": home, **environment}
    command = [sys.executable, "-c", code, json.dumps(words)]
    done = subprocess.run(command, cwd=ROOT, env=inherited, capture_output=True, text=True, check=False)
    exit_code, found = json.loads(done.stderr.splitlines()[-1])
    return exit_code, found


@pytest.mark.parametrize(
    ("words", "exit_code"),
    [
        (("--version",), 0),
        (("company", "--help"), 0),
        (("company", "Tesla", "--nonsense"), 2),
        (("company", "Tesla", "--max-cost", "lots"), 2),
        (("plan", "Tesla", "--max-age", "soon"), 2),
        (("plan",), 2),
        (("plan", "Tesla", "--for", "nothing"), 2),
        (("company", "Tesla", "--for", "nothing"), 2),
    ],
)
def test_help_and_a_slip_in_an_option_import_neither_store_nor_vendors(
    words: tuple[str, ...], exit_code: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    home = str(tmp_path_factory.mktemp("home"))
    assert imported((*HEAVY, *OF_VENDORS, *OF_NAMES, "numpy", "sqlalchemy", "resources.store"), *words, home=home) == (
        exit_code,
        [],
    )


def test_a_quote_calls_no_vendor_a_finished_profile_needs_no_plan_and_neither_migrations_nor_tables(
    stack: Stack,
) -> None:
    more = {"home": str(stack.settings.enrich_home), TEST_CLOCK: stack.clock.at.isoformat()}
    quote, bought, served = ("plan", "tesla.com"), ("company", "tesla.com"), ("company", "tesla.com")
    assert imported((*HEAVY, *OF_VENDORS, *OF_NAMES), *quote, "--sandbox", **more) == (0, [])
    assert imported((*HEAVY, "numpy"), *bought, "--sandbox", **more) == (0, [])  # the policy was solved by the first
    assert imported((*HEAVY, *OF_VENDORS, *OF_NAMES, *OF_PLANNING), *served, "--sandbox", **more) == (0, [])
    assert stack.store.requests.latest()[0].served_from == "layer_1"
