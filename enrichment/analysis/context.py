"""What asking a language model may use of a request's context: purchases, stored answers, the model.

A RunContext is one; it cannot reach companies, profiles, requests or batches from here.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from enrichment.domain.knowledge import Analysis, Fact, ModelReply
from enrichment.ports import LanguageModel
from enrichment.purchasing.purchase_order import PurchaseContext, PurchaseStore


class StoredAnswers(Protocol):
    """The part of the port Knowledge that answers are read from."""

    def model_reply(self, key: str) -> ModelReply | None: ...
    def analysis(self, key: str) -> Analysis | None: ...


class CheckedAnswers(StoredAnswers, Protocol):
    """The methods of StoredAnswers, and what a check of an answer keeps."""

    def keep_analysis(self, analysis: Analysis, facts: Sequence[Fact], *, checked_by: int) -> None: ...
    def keep_failure(self, analysis_id: str, failure: str, *, checked_by: int) -> None: ...


class AnalysisStore(PurchaseStore, Protocol):
    """The ledger and its outages; of knowledge only what answers need."""

    @property
    def knowledge(self) -> CheckedAnswers: ...


class AnalysisContext(PurchaseContext, Protocol):
    """model: None where there is none, then unavailable says why, by its provider. stopping: as of RunContext."""

    @property
    def store(self) -> AnalysisStore: ...

    @property
    def model(self) -> LanguageModel | None: ...

    @property
    def unavailable(self) -> Mapping[str, str]: ...

    @property
    def stopping(self) -> Callable[[], bool]: ...
