"""A quote that denies a claim, or reports another kind of event, does not bear it out."""

import pytest

from enrichment.analysis.answer_schemas import (
    AnalysisAnswer,
    Competition,
    Competitor,
    EventKind,
    Growth,
    NewsEvent,
    NewsEvents,
    Statement,
    Technologies,
    UsedTechnology,
)
from enrichment.analysis.citations import check_citations
from enrichment.analysis.evidence import Evidence
from tests.support.model_answers import passage

DENIED = "the quote denies it"
OTHER_EVENT = "the quote is of another kind of event"


def reason(answer: AnalysisAnswer, text: str, dataset: str = "recent_news") -> str | None:
    """Why its only item, which cites a piece with this text, is dropped; None: it is kept."""
    evidence = Evidence((passage("e1", "serp_news", dataset, text),))
    return next(iter(check_citations(answer, evidence, ("Acme", "acme.example")).reasons), None)


def stated(quote: str, statement: str, text: str | None = None) -> str | None:
    claim = Statement(evidence_id="e1", quote=quote, statement=statement)
    return reason(Growth(growth_signals=[claim], business_challenges=[]), text or quote)


def used(name: str, quote: str, text: str | None = None) -> str | None:
    item = UsedTechnology(evidence_id="e1", quote=quote, name=name, category="tool", purpose=None)
    return reason(Technologies(technologies=[item]), text or quote, "company_description")


def reported(event: EventKind, quote: str, what: str) -> str | None:
    return reason(
        NewsEvents(events=[NewsEvent(evidence_id="e1", quote=quote, event=event, what=what, date=None)]), quote
    )


@pytest.mark.parametrize(
    "text",
    [
        "Acme does not use Kafka",
        "Acme doesn\u2019t use Kafka any more",
        "Acme no longer runs on Kafka",
        "Kafka is not used at Acme",
        "Acme replaces Kafka with Pulsar",
        "Acme migrated from Kafka to Pulsar",
        "Acme uses Pulsar, not Kafka",
        "Acme uses Pulsar instead of Kafka",
        "Kafka was dropped by Acme last year",
        "Built without Kafka",
        "Neither Spark nor Kafka is used at Acme",
        "Acme has no plans to adopt Kafka",
        "Acme used to run Kafka",
        "We moved off Kafka in 2024",
        "Acme considered Kafka but chose Pulsar",
        "Kafka isn't part of the stack",
        "Acme ditched Kafka in favor of Pulsar",
        "We don't require Kafka knowledge",
        "Goodbye Kafka: why Acme left it",
    ],
)
def test_a_technology_that_its_sentence_denies_is_none_that_is_used(text: str) -> None:
    assert used("Kafka", text) == DENIED


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Pulsar", "Acme replaces Kafka with Pulsar"),
        ("Pulsar", "Acme migrated from Kafka to Pulsar"),
        ("Pulsar", "Acme uses Pulsar, not Kafka"),
        ("Pulsar", "Acme uses Pulsar instead of Kafka"),
        ("Kafka", "Acme uses not only Kafka but also Spark"),
        ("Kafka", "Acme runs Kafka without downtime"),
        ("Kafka", "Experience with Kafka is a plus, no degree needed"),
        ("Kafka", "Kafka moves 4,000 events a second, never fewer"),
        ("Pulsar", "Acme considered Kafka but chose Pulsar"),
        ("Pulsar", "Acme ditched Kafka in favor of Pulsar"),
        ("Kafka", "Acme, which never sleeps, streams with Kafka"),
        ("Kafka", "Our Kafka cluster handles a billion events, not bad for two engineers"),
        ("Kafka", "Acme plans to replace RabbitMQ with Kafka"),
        ("Spark", "We use Python, Spark and no Hadoop"),
    ],
)
def test_a_denial_of_something_else_in_its_sentence_is_none_of_the_technology(name: str, text: str) -> None:
    assert used(name, text) is None


def test_what_a_quote_leaves_out_of_its_sentence_counts() -> None:
    assert used("Kafka", "use Kafka for events", "Acme does not use Kafka for events.") == DENIED
    assert used("Kafka", "use Kafka for events", "Acme is not small. We use Kafka for events.") is None


@pytest.mark.parametrize(
    ("quote", "statement"),
    [
        ("Acme does not plan to open a plant in Ohio", "It opens a plant in Ohio."),
        ("Acme opens a plant in Ohio", "It does not open a plant in Ohio."),
        ("Acme opens a plant in Ohio", "It has no plant in Ohio."),
        ("Acme stops making anvils", "It makes anvils."),
        ("Acme never raised prices", "It raised prices."),
        ("Acme denies it committed fraud", "It committed fraud."),
        ("Sales of Acme grew, while profit did not grow", "Its profit grew."),
        ("Acme won't appeal the ruling", "It appeals the ruling."),
        ("Acme fails to win approval for merger", "It won approval for its merger."),
        ("No job cuts planned at Acme", "It plans job cuts."),
        ("Acme is not profitable yet", "It is profitable."),
        ("Acme to stop selling anvils in China", "It sells anvils in China."),
        ("Acme rules out sale of its rocket unit", "It sells its rocket unit."),
        ("Acme cancels order of 40 jets", "It ordered 40 jets."),
        ("Acme has yet to open its Ohio plant", "Its Ohio plant opened."),
        ("Acme declines to comment on sale of Ohio plant", "It comments on the sale of its Ohio plant."),
        ("Acme opens plant in Ohio", "It failed to open its plant in Ohio."),
        ("Acme isn't hiring engineers", "It is hiring engineers."),
        ("Neither profit nor sales grew at Acme", "Its profit and sales grew."),
    ],
)
def test_a_statement_that_turns_its_quote_round_is_dropped(quote: str, statement: str) -> None:
    assert stated(quote, statement) == DENIED


@pytest.mark.parametrize(
    ("quote", "statement"),
    [
        ("Acme cancels its plant in Ohio", "It will not open its plant in Ohio."),
        ("Acme is free of debt", "It has no debt."),
        ("Acme has no plans for layoffs", "It keeps its staff."),
        ("Acme stops making anvils", "It stopped making anvils."),
        ("Acme drops prices of anvils", "It lowers the prices of its anvils."),
        ("Acme not only expands to Ohio but also to Texas", "It expands to Ohio and Texas."),
        ("Sales of Acme grew, while profit did not", "Its sales grew."),
        ("A shortage of anvils delays Acme", "It cannot meet demand."),
        ("Acme serves banks without fees", "It serves banks."),
        ("Acme moves from Austin to Dallas", "It relocates to Dallas."),
        ("Acme opens a German plant", "It opens a plant in Germany."),
        ("Acme expands in the U.S.", "It expands in the United States."),
        ("Acme names Jane Doe CEO", "Jane Doe is its new Chief Executive Officer."),
        ("Acme's profit doubles in the third quarter", "Its Q3 profit doubled."),
        ("Acme hires a dozen engineers", "It hires 12 engineers."),
        ("Acme adds two hundred jobs", "It adds 200 jobs."),
        ("Acme invests 30 mln euros", "It invests 30 million euros."),
        ("Acme lays off 5% of its workforce", "It cuts 5% of its staff."),
        ("Acme's revenue rose 12 percent to $3.4 billion", "Revenue grew by 12% to 3.4 billion dollars."),
        ("Acme won't appeal the ruling", "It does not appeal the ruling."),
        ("Acme delays launch of its rocket to 2027", "The launch of its rocket is delayed to 2027."),
        ("Acme halts production in Texas after fire", "Production in Texas is halted."),
        ("Acme opens its first store in Poland", "It enters the Polish market with a first store."),
        ("Acme joins forces with Initech to build chargers", "It partners with Initech on chargers."),
        ("Acme recalls 12,000 anvils over cracks", "It has to recall 12,000 anvils."),
        ("Acme fails to win approval for merger", "Its merger was not approved."),
        ("Acme's board rejects Initech bid", "Its board rejected a bid by Initech."),
        ("Acme beats expectations without price increases", "It beat expectations."),
        ("Acme to stop selling anvils in China", "It leaves the Chinese anvil market."),
        ("No job cuts planned at Acme", "It plans no job cuts."),
        ("Acme CEO says no recession in sight", "Its CEO sees no recession."),
        ("Acme ends partnership with Initech", "Its partnership with Initech is over."),
        ("Acme replaces CFO Jane Doe with John Roe", "John Roe becomes CFO."),
        ("Acme drops lawsuit against Initech", "It dropped its lawsuit against Initech."),
        ("Acme is not profitable yet", "It is not yet profitable."),
        ("Acme buys Initech from Hooli for $2bn", "It acquired Initech for 2 billion dollars."),
        ("Acme hires banks for IPO", "It prepares its IPO."),
        ("Acme wins $40m contract from the U.S. Army", "The US Army gave it a contract of 40 million dollars."),
        ("Acme never misses a payment", "It pays on time."),
        ("Acme raises guidance for the fourth quarter", "Its Q4 guidance was raised."),
        ("Acme reports few defects", "It has few defects."),
        ("Acme loses patent case to Initech", "It lost a patent case against Initech."),
    ],
)
def test_a_true_statement_in_other_words_stays(quote: str, statement: str) -> None:
    assert stated(quote, statement) is None


@pytest.mark.parametrize(
    "statement", ["It opens a plant in France.", "Its Chief Financial Officer resigns.", "Its Q2 profit doubled."]
)
def test_another_country_office_or_quarter_is_no_other_form_of_the_same(statement: str) -> None:
    assert stated("The CEO of Acme praises the German Q3 profit", statement) is not None


@pytest.mark.parametrize(
    ("event", "quote", "what", "why"),
    [
        ("merger_or_acquisition", "Acme raises 30 million", "It was paid 30 million.", OTHER_EVENT),
        ("funding_round", "Acme acquires Initech for 30 million", "It paid 30 million for Initech.", OTHER_EVENT),
        ("hiring", "Acme to cut 1,000 jobs", "It cuts 1,000 jobs.", OTHER_EVENT),
        ("layoffs", "Acme hires 200 engineers", "It hires 200 engineers.", OTHER_EVENT),
        ("partnership", "Acme sues Initech over anvils", "It sues Initech.", OTHER_EVENT),
        ("funding_round", "Acme raises 30 million", "It raised 30 million.", None),
        ("funding_round", "Acme raises 30 million to acquire Initech", "It raised 30 million.", None),
        ("merger_or_acquisition", "Acme raises 30 million to acquire Initech", "It will acquire Initech.", None),
        ("layoffs", "Acme to cut 1,000 jobs", "It cuts 1,000 jobs.", None),
        ("executive_appointment", "Acme hires Jane Doe as CFO", "Jane Doe becomes CFO.", None),
        ("other", "Acme raises 30 million", "It raised 30 million.", None),
        ("expansion", "Acme goes to Ohio", "It goes to Ohio.", None),
    ],
)
def test_an_event_is_of_the_kind_its_quote_reports(event: EventKind, quote: str, what: str, why: str | None) -> None:
    assert reported(event, quote, what) == why


def test_a_statement_does_not_make_money_raised_a_company_bought() -> None:
    assert stated("Acme raises 30 million", "It was acquired for 30 million.") == OTHER_EVENT
    assert stated("Acme was acquired for 30 million", "It raised 30 million.") == OTHER_EVENT
    assert stated("Acme hires 300 in Ohio", "It was bought for 300 million in Ohio.") is not None
    assert stated("Acme sues Initech over patents", "It acquires Initech over patents.") == OTHER_EVENT
    assert stated("Acme raises 30 million", "It grows with 30 million.") is None


def test_who_does_not_compete_is_no_competitor() -> None:
    def rival(quote: str, how: str) -> str | None:
        named = Competitor(evidence_id="e1", quote=quote, name="Initech", how_they_compete=how)
        return reason(Competition(competitors=[named]), quote)

    assert rival("Acme does not compete with Initech", "For the same customers.") == DENIED
    assert rival("Acme competes with Initech", "For the same customers.") is None
    assert rival("Acme cannot match the prices of Initech", "On prices.") is None
