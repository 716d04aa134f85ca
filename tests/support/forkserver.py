"""Processes for tests that start in a tenth of a second: forked by a server that has imported the project already.

FORKSERVER.Process(target=work, args=...) -> a process of its own, with its own memory, files and environment
"""

import multiprocessing

# what the command line imports only when a command runs
_COMMANDS = ("balances", "companies", "company", "maintenance", "plan", "purchases", "rules", "sources", "trace")

FORKSERVER = multiprocessing.get_context("forkserver")
FORKSERVER.set_forkserver_preload(
    [
        "tests.support.wide_terminal",
        *(f"enrich_cli.commands.{name}" for name in _COMMANDS),
        *("enrich_cli.main", "resources.providers.openai", "resources.store", "resources.warehouse"),
        *(
            "bench.money.worker",
            "tests.support.command_line",
            "tests.support.kill_points",
            "tests.support.service_process",
        ),
    ]
)
