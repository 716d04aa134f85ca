"""Which claims settle a question: of a yes or a no only a sentence that has what is asked."""

import pytest

from enrichment.domain.values import EmployeeCount, NewsItem, Technology, Value
from enrichment.research.answers.statements import stated
from enrichment.research.answers.undecided import why_undecided
from tests.unit.research.answers.test_chosen_claims import sides

OPENS = ("recent_news", NewsItem(title="Acme opens a terminal in Rotterdam"))
WINS = ("recent_news", NewsItem(title="Acme wins a contract"))
JIRA = ("tech_stack", Technology(name="Jira"))
STAFF = ("employee_count", EmployeeCount(low=20, high=50))
NO_ANSWER = "no claim says yes or no"


@pytest.mark.parametrize(
    ("question", "known", "why"),
    [
        ("Is Acme growing?", WINS, NO_ANSWER),
        ("Has Acme closed terminals in Rotterdam?", OPENS, NO_ANSWER),
        ("Has Acme terminals in Rotterdam?", OPENS, ""),
        ("Did Acme open a terminal?", OPENS, ""),
        ("What is new at Acme?", WINS, ""),
        ("Does Acme use Jira?", JIRA, ""),
        ("Does Acme use Salesforce?", JIRA, ""),
        ("Is Acme large?", STAFF, ""),
    ],
)
def test_headlines_decide_a_yes_or_a_no_where_one_has_all_that_is_asked(
    question: str, known: tuple[str, Value], why: str
) -> None:
    both = sides(known)
    claims = [stated(both, one, one.text.partition("\n")[0]) for one in both.evidence.passages]
    assert why_undecided(question, claims, ("Acme",)) == why
