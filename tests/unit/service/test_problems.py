"""Every error of ours has its answer; each says what a program looks at and what a person does."""

import pytest
from pydantic import ValidationError

from enrichment.identity.ambiguity import AmbiguousCompany
from enrichment.identity.domains import NotACompany
from enrichment.ports import PurchaseClosed, StoreError
from enrichment.rules import RulesError
from enrichment.rules.requirements import UnknownName
from enrichment.rules.strategy import UnknownStrategy
from resources.settings import SettingsError
from service.http.bodies import AskBody
from service.http.error_answers import invalid
from service.problems import CODES, ERRORS, ApiProblem, problem_of


@pytest.mark.parametrize(
    ("error", "code", "status"),
    [
        (NotACompany("x is no company"), "not_a_company", 422),
        (AmbiguousCompany("two"), "ambiguous_company", 409),
        (UnknownName("no consumer"), "unknown_name", 422),
        (UnknownStrategy("no strategy"), "unknown_name", 422),
        (RulesError(["broken"]), "settings", 503),
        (SettingsError("unset"), "settings", 503),
        (StoreError("locked"), "store_unavailable", 503),
        (PurchaseClosed("closed"), "store_unavailable", 503),
    ],
)
def test_each_error_that_a_request_raises_has_its_problem(error: Exception, code: str, status: int) -> None:
    problem = problem_of(error)
    assert problem is not None
    stated = problem.as_json()
    assert (stated["code"], stated["status"], stated["detail"]) == (code, status, str(error))
    assert stated["type"] == f"urn:enrich:problem:{code}"


def test_what_is_no_error_of_ours_is_a_fault() -> None:
    assert problem_of(KeyError("x")) is None


def test_every_code_is_an_error_status_with_a_title() -> None:
    assert {code for _, code in ERRORS} <= CODES.keys()
    assert all(400 <= status < 600 and title for status, title in CODES.values())


def test_a_problem_carries_what_else_it_states() -> None:
    assert ApiProblem("under_way", "wait", id="req_1").as_json()["id"] == "req_1"


@pytest.mark.parametrize("given", [[], "tesla.com", 7, None])
def test_a_body_that_is_no_object_is_answered_without_names_of_types(given: object) -> None:
    with pytest.raises(ValidationError) as refused:
        AskBody.model_validate(given)
    assert invalid(refused.value.errors(), at=0).detail == "send a JSON object, with its fields by name."
