"""Batches as their workers see them: claim a lot, begin each company within the budget, report its end.

    claim -> begin -> finish            renew: while the worker lives            hand_back: what it did not begin

Every method is one short transaction and blocks its thread. All may raise StoreError.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Protocol

from enrichment.domain.batches import Batch, BatchCompany, BatchCompanyState, BatchEnd
from enrichment.domain.purchases import Cap
from enrichment.ports.ledger import CapReached


class Batches(Protocol):
    """A lease is a worker's right to a company; when it is over, another worker may claim that company."""

    def by_id(self, batch_id: str) -> Batch | None: ...

    def claim(
        self, batch_id: str, worker: str, *, most: int, caps: Sequence[Cap], at: datetime, lease_until: datetime
    ) -> Sequence[BatchCompany]:
        """Claims at most so many companies that can be begun now; none of them is claimed by another worker.

        First those whose worker is gone: their requests end as failed. Then those that wait, then postponed ones that
        all caps have room for again. Nothing is claimed of a batch that is not open. Raises DiskAlmostFull.
        """
        ...

    def companies(self, batch_id: str, *states: BatchCompanyState) -> Iterator[BatchCompany]:
        """The companies in the order of the batch; only those in these states, if any are named."""
        ...

    def put_first(self, batch_id: str, company_ids: Sequence[str]) -> None:
        """Those of these companies that wait are begun in this order, before all others."""
        ...

    def begin(
        self, company: BatchCompany, worker: str, request_id: str, *, need: int, caps: Sequence[Cap], at: datetime
    ) -> BatchCompany | CapReached | None:
        """Begins a company: sets its need aside in each of these caps. Returned: the first cap without room for it.

        A cap has room for what is neither taken nor set aside for companies under way. caps: the batch's own and
        those of days and consumers. None: the claim is lost. Returned: the company with its new attempt.
        """
        ...

    def postpone(self, company: BatchCompany, worker: str, *, need: int, reason: str) -> None:
        """Puts off a company that does not fit now. It is claimed again when the budget has room for its need."""
        ...

    def finish(self, company: BatchCompany, end: BatchEnd, *, at: datetime) -> bool:
        """A request that is still running by then has failed, at the cost of its purchases.

        False: another worker has begun it since, and nothing is written.
        """
        ...

    def renew(
        self, batch_id: str, worker: str, company_ids: Collection[str], *, lease_until: datetime
    ) -> Collection[str]:
        """A new lease on all that this worker has claimed. Those of these companies that another one has claimed."""
        ...

    def hand_back(self, batch_id: str, worker: str) -> None:
        """What the worker claimed and did not begin waits for others."""
        ...

    def end_if_done(self, batch_id: str, caps: Sequence[Cap]) -> bool:
        """Whether no company of it is under way or can be begun within these caps; then the batch is done.

        A company that was to be tried once more and did not fit ends as it had before.
        """
        ...
