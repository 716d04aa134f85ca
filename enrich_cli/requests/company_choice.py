"""Which company is meant, where that is not sure: asked on a terminal, else shown with the candidates.

AmbiguousCompany -> a numbered list -> the Ask with the company that was chosen, or a new one
WaitingReview, ... -> each with a numbered list -> decided
"""

import sys
from collections.abc import Sequence
from dataclasses import replace

import typer

from enrich_cli.bootstrap import opened_store
from enrich_cli.companies.candidates import known_candidates
from enrich_cli.companies.identity_reviews import WaitingReview, decide_by_number
from enrich_cli.errors import AMBIGUOUS
from enrich_cli.rendering.candidates import ambiguity_data, choice_view
from enrich_cli.rendering.identity_reviews import decided_view, review_view, reviews_view
from enrich_cli.terminal import console, show
from enrichment.identity.ambiguity import AmbiguousCompany
from enrichment.pipeline.stages import Ask
from resources.clock import utc_now
from resources.store import SqlStore


def chosen_company(error: AmbiguousCompany, ask: Ask, *, sandbox: bool, as_json: bool) -> Ask:
    """The Ask with the company that a person chose at the terminal, or as a new one.

    Raises AmbiguousCompany without a terminal; with as_json it prints the candidates and ends with exit code 5.
    """
    advised = AmbiguousCompany(f"{error} If it is another company, add --new.", error.asked, error.candidates)
    if not as_json and not has_terminal():
        raise advised from None
    with opened_store(sandbox=sandbox) as (_, _, store):
        known = known_candidates(error.candidates, store)
    if as_json:
        show("", ambiguity_data(advised, known), as_json=True)
        raise typer.Exit(AMBIGUOUS) from None
    console.print(choice_view(f"Which company is {error.asked}?", known, utc_now()))
    chosen = number_chosen(len(known) + 1)
    return replace(ask, new=True) if chosen > len(known) else as_chosen(ask, known[chosen - 1].company.key)


def as_chosen(ask: Ask, key: str) -> Ask:
    """The Ask for the registered company of this key, whatever else was stated of it."""
    return replace(ask, company=key, ids=(), country=None)


def ask_about_each(waiting: Sequence[WaitingReview], store: SqlStore) -> None:
    """Asks about one after another; 0 leaves one for later."""
    if not waiting:
        console.print(reviews_view((), utc_now(), sandbox=False))
    for one in waiting:
        console.print(review_view(one, utc_now()))
        if number := number_chosen(len(one.candidates) + 1, later=True):
            console.print(decided_view(decide_by_number(one, number, store, utc_now())))


def has_terminal() -> bool:
    """Whether a person can be asked."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def number_chosen(highest: int, *, later: bool = False) -> int:
    """Asked until it is one of 1 .. highest; later: or 0. Raises Abort where the person ends it."""
    question = f"Which one, 1 to {highest}" + (", 0 for later" if later else "")
    lowest = 0 if later else 1
    while not lowest <= (number := typer.prompt(question, type=int)) <= highest:
        console.print(f"There is no {number}.", highlight=False)
    return int(number)
