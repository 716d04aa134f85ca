"""What is counted of the answers, each claim judged anew from the stored facts and not by the check that let it pass.

    answers + store -> CitationCounts: claims, exact, normalised, dropped, unsupported; precision and recall

As in ALCE (arXiv 2305.14627): recall is the share of statements that all their citations together support; precision
the share of citations that bear on their statement. Whether one is supported is judged by `support.py`; a citation of
an answer is relevant when its passage is one of the question's labelled pieces.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.citations.inventing_model import Invention
from bench.citations.questions import LabelledQuestion
from bench.citations.support import as_words, is_beyond, unsupported_words
from enrichment.analysis.evidence import as_data, fact_text
from enrichment.domain.knowledge import Fact


@dataclass(slots=True)
class CitationCounts:
    questions: int = 0
    answered: int = 0
    claims: int = 0
    exact: int = 0
    normalised: int = 0
    read: int = 0
    dropped: int = 0
    unsupported: int = 0
    citations: int = 0
    relevant: int = 0
    by_rule: int = 0

    @property
    def recall(self) -> float:
        return (self.claims - self.unsupported) / self.claims if self.claims else 0.0

    @property
    def precision(self) -> float:
        return self.relevant / self.citations if self.citations else 0.0

    def add(self, asked: LabelledQuestion, answer: Mapping[str, Any], facts: Collection[Fact]) -> None:
        """facts: all that are stored of the company and of the vendor."""
        stored = stored_texts(facts)
        self.questions += 1
        self.dropped += len(answer["dropped"])
        self.by_rule += any(one["by"] == "rule" for one in answer["how_found"]["answer"])
        labelled = False
        for claim in answer["claims"]:
            self.claims += 1
            self.exact += claim["verdict"] == "exact"
            self.normalised += claim["verdict"] == "normalised"
            self.read += claim["verdict"] == "read"
            self.unsupported += not is_supported(claim, stored, named(answer))
            for one in claim["citations"]:
                if one["side"] == "company":
                    self.citations += 1
                    fits = one["dataset"] in asked.datasets and any(text in one["evidence"] for text in asked.labelled)
                    self.relevant += fits
                    labelled = labelled or fits
        self.answered += labelled


@dataclass(slots=True)
class InventionCounts:
    """Counts for a model that invents. kept: inventions that an answer says.

    seen: those that the rule of the bench sees.
    """

    answers: int = 0
    planted: int = 0
    seen: int = 0
    kept: int = 0
    claims: int = 0
    unsupported: int = 0

    def add(self, answer: Mapping[str, Any], planted: Sequence[Invention], facts: Collection[Fact]) -> None:
        """planted: in this answer of the model."""
        stored = stored_texts(facts)
        said = [as_words(f"{claim['text']} {claim['why'] or ''}") for claim in answer["claims"]]
        self.answers += 1
        self.claims += len(said)
        self.planted += len(planted)
        self.seen += sum(1 for one in planted if is_beyond(one.said, one.quotes, one.company))
        self.kept += sum(1 for one in planted for text in said if as_words(one.said) in text)
        self.unsupported += sum(not is_supported(claim, stored, named(answer)) for claim in answer["claims"])


@dataclass(slots=True)
class CapCounts:
    """Counts of questions that were each asked within a budget at random.

    cited: all that could be cited is, and borne out.
    told: what a cap left out is stated, with its reason and what it would cost.
    """

    questions: int = 0
    ended: int = 0
    within: int = 0
    cited: int = 0
    told: int = 0
    over_budget: int = 0
    with_claims: int = 0

    def add(self, answer: Mapping[str, Any], facts: Collection[Fact], *, budget: int) -> None:
        """budget: micro-USD. An answer without data has not ended."""
        self.questions += 1
        if not answer:
            return
        claims, points = answer["claims"], answer["open_points"]
        stored = stored_texts(facts)
        could_cite = any(one["passages"] for one in answer["how_found"]["answer"])
        self.ended += 1
        self.with_claims += bool(claims)
        self.within += answer["cost_micro_usd"] <= budget
        self.cited += bool(claims) >= could_cite and all(is_supported(claim, stored, named(answer)) for claim in claims)
        is_over = answer["state"] == "over_budget"
        self.over_budget += is_over
        said = bool(points) and all(point["because"] for point in points) and answer["missing_micro_usd"] > 0
        self.told += said if is_over else all(point["because"] for point in points)


def stored_texts(facts: Collection[Fact]) -> dict[str, str]:
    """Stored texts by evidence id. One posting may bear several technologies."""
    stored = dict[str, str]()
    for fact in facts:
        evidence_id = f"{fact.reply_id}#{fact.evidence}"
        stored[evidence_id] = f"{stored.get(evidence_id, '')}\n{as_data(fact_text(fact.value))}"
    return stored


def named(answer: Mapping[str, Any]) -> list[str]:
    return [one["name"] or one["key"] for one in answer["companies"]]


def is_supported(claim: Mapping[str, Any], stored: Mapping[str, str], names: Sequence[str]) -> bool:
    """Whether a claim's quotes are in stored facts, and it says no more than they do.

    names: of the companies asked about.
    """
    own = [one for one in claim["citations"] if one["source"] != "persona"]
    passages = [stored.get(one["evidence_id"]) for one in own]
    in_store = all(text is not None and one["quote"] in text for one, text in zip(own, passages, strict=True))
    return in_store and not unsupported_words(claim, names)
