"""Workers of a batch as processes that a test may kill, forked by the server of tests."""

from multiprocessing.process import BaseProcess

from bench.money import batch_worker
from bench.money.worker import WorkerSetup
from tests.support.forkserver import FORKSERVER


def started_worker(setup: WorkerSetup, batch_id: str, *, name: str, at_once: int) -> BaseProcess:
    """at_once: companies under way in it."""
    process: BaseProcess = batch_worker.started_worker(setup, batch_id, name=name, at_once=at_once, context=FORKSERVER)
    return process
