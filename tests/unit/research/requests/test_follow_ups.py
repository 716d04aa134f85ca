"""Of several companies of the question before, the one that an answer decided for is meant by 'there'."""

from dataclasses import replace

import pytest

from enrichment.domain.research import Question
from enrichment.research.requests.follow_ups import place_meant
from tests.support.examples import NOON

ASKED = Question("qst_1", "ses_1", 1, "Which is the better prospect?", NOON, companies=("com_1", "com_2"))
COMPANIES = [{"name": "Acme", "key": "acme.com"}, {"name": "Bly", "key": "bly.com"}]
DECIDED = {
    "claims": [{"text": "Acme meets 1, Bly 3: begin with Bly.", "derived": "comparison"}],
    "companies": COMPANIES,
}
TOLD = {"claims": [{"text": "Acme opens a plant.", "derived": None}], "companies": COMPANIES}


@pytest.mark.parametrize(
    "text", ["Whom do I write to there?", "And who runs IT there", "What do they charge there, by the way?"]
)
def test_there_is_the_company_that_an_answer_on_the_same_ones_decided_for(text: str) -> None:
    before = [replace(ASKED, answer=DECIDED), replace(ASKED, number=2, text="why?", answer=TOLD)]
    assert place_meant(text, before) == (1,)
    assert place_meant(text, [replace(ASKED, answer=TOLD)]) == ()


@pytest.mark.parametrize("text", ["Are there layoffs?", "Is there news?", "hi there", "Which jobs are there?"])
def test_there_that_says_only_that_something_is_picks_no_company(text: str) -> None:
    assert place_meant(text, [replace(ASKED, answer=DECIDED)]) == ()
