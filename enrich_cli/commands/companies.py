"""`enrich companies`: which companies are registered, which one is meant, which are one, and which one is two."""

import sys
from typing import TYPE_CHECKING

import typer

from enrich_cli.errors import UsageError
from enrich_cli.options import (
    AsJson,
    ColumnMap,
    CompanyFile,
    CompanyText,
    Encoding,
    EventId,
    MaybeCompanyText,
    NewCompany,
    NoneOfThem,
    OtherCompany,
    Reason,
    ReviewId,
    SameAs,
    Sandbox,
    SheetName,
    TakenAliases,
    TakenPurchases,
    Yes,
)

if TYPE_CHECKING:
    from enrich_cli.companies.company_events import Confirm
    from enrichment.domain.companies import CompanyEvent
    from resources.company_lists.company_files import UnderstoodFile

app = typer.Typer(help="The registered companies.", no_args_is_help=True)
_BY_HAND = "asked for by hand"


@app.command()
def add(
    file: CompanyFile,
    sheet: SheetName = None,
    encoding: Encoding = None,
    columns: ColumnMap = None,
    yes: Yes = False,
    sandbox: Sandbox = False,
    as_json: AsJson = False,
) -> None:
    """Register the companies of a list. Reports first what it understood; rows left out go to a file beside it.

    On a terminal it asks before it takes them, unless --yes is given; in a script it does not ask.

    Exit code 3: rows were left out; the others are registered.
    """
    from enrich_cli.bootstrap import opened_store
    from enrich_cli.companies.column_map import asked_columns
    from enrich_cli.errors import INCOMPLETE
    from enrich_cli.rendering.companies import taken_view, understood_json, understood_view
    from enrich_cli.terminal import console, show
    from resources.clock import utc_now
    from resources.company_lists.company_files import LEFT_OUT, ListOptions, keep_left_out, take, understand_file
    from resources.company_lists.list_reviews import open_reviews, with_decisions

    options = ListOptions(sheet, encoding, asked_columns(columns))
    with opened_store(sandbox=sandbox) as (_, _, store):
        known = (store.companies.all(), store.companies.vendor_ids(), store.companies.other_keys())
        understood = understand_file(file, options, *known)
        understood = with_decisions(understood, store)
        if not as_json:
            console.print(understood_view(understood))
            if not yes and not _agreed(understood):
                raise typer.Exit(0)
        left_out = keep_left_out(
            understood
        )  # before anything is registered: if this file cannot be written, nothing is
        taken = take(understood, store)
        waiting = open_reviews(understood, store, utc_now())
    view = taken_view(taken, left_out, waiting=waiting, sandbox=sandbox)
    show(view, understood_json(understood, taken, left_out, waiting=waiting), as_json=as_json)
    raise typer.Exit(INCOMPLETE if any(understood.counts[fate] for fate in LEFT_OUT) else 0)


def _agreed(understood: "UnderstoodFile") -> bool:
    """Asks on a terminal, where there is something to register."""
    from enrichment.domain.numbers import in_number

    new, learning = understood.counts["new"], understood.overview.learning
    if not sys.stdin.isatty() or not new + learning:
        return True
    websites = f", and {in_number(learning, 'website of a known one', 'websites of known ones')}"
    return typer.confirm(f"Register {in_number(new, 'company') + (websites if learning else '')}?")


@app.command()
def review(
    review_id: ReviewId = None,
    same_as: SameAs = None,
    new: NoneOfThem = False,
    sandbox: Sandbox = False,
    as_json: AsJson = False,
) -> None:
    """Decide which company is meant where that is not sure: rows of lists, and what vendors reported.

    First comes what costs most if it is wrong: what was paid for the companies in question. On a terminal it asks about
    one after another; in a script it lists them. What was decided is not asked again.
    """
    from enrich_cli.bootstrap import opened_store
    from enrich_cli.companies import identity_reviews as reviews
    from enrich_cli.rendering.identity_reviews import decided_data, decided_view, reviews_data, reviews_view
    from enrich_cli.requests.company_choice import ask_about_each, has_terminal
    from enrich_cli.terminal import show
    from resources.clock import utc_now

    if (same_as is not None or new) and (review_id is None or (same_as is not None and new)):
        raise UsageError("Give the id of one review, and either --same-as KEY or --new.")
    with opened_store(sandbox=sandbox) as (_, _, store):
        waiting = [reviews.waiting_review(review_id, store)] if review_id else reviews.waiting_reviews(store)
        if same_as is not None or new:
            at, one = utc_now(), waiting[0]
            decided = (
                reviews.decide_same_as(one, same_as, store, at) if same_as else reviews.decide_none(one, store, at)
            )
            show(decided_view(decided), decided_data(decided), as_json=as_json)
        elif as_json or not has_terminal():
            show(reviews_view(waiting, utc_now(), sandbox=sandbox), reviews_data(waiting), as_json=as_json)
        else:
            ask_about_each(waiting, store)


@app.command()
def show(text: CompanyText, sandbox: Sandbox = False, as_json: AsJson = False) -> None:
    """A registered company: its key, what else leads to it and since when, and how it was merged or split."""
    from enrich_cli.bootstrap import opened_store
    from enrich_cli.companies.company_events import card
    from enrich_cli.rendering.company_events import card_data, card_view
    from enrich_cli.terminal import show as shown

    with opened_store(sandbox=sandbox) as (_, _, store):
        found = card(text, store)
    shown(card_view(found), card_data(found), as_json=as_json)


@app.command()
def merge(
    text: CompanyText,
    into: OtherCompany,
    reason: Reason = _BY_HAND,
    yes: Yes = False,
    sandbox: Sandbox = False,
    as_json: AsJson = False,
) -> None:
    """Two registered companies are one: COMPANY becomes INTO, with all that is known of it. Can be undone."""
    from enrich_cli.bootstrap import opened_store
    from enrich_cli.companies.company_events import merge as merged

    with opened_store(sandbox=sandbox) as (_, _, store):
        event = merged(text, into, reason=reason, store=store, confirm=_confirm(yes=yes, as_json=as_json))
    _tell(event, as_json=as_json)


@app.command()
def split(
    text: CompanyText,
    new: NewCompany,
    aliases: TakenAliases = None,
    purchases: TakenPurchases = None,
    reason: Reason = _BY_HAND,
    yes: Yes = False,
    sandbox: Sandbox = False,
    as_json: AsJson = False,
) -> None:
    """One registered company is two: aliases and purchases of COMPANY become those of a new one. Can be undone.

    What was learned by a purchase goes along with it; so does a request that bought nothing else.
    """
    from enrich_cli.bootstrap import opened_store
    from enrich_cli.companies.company_events import split as parted

    with opened_store(sandbox=sandbox) as (_, _, store):
        event = parted(
            text,
            new,
            aliases=aliases or (),
            purchase_ids=purchases or (),
            reason=reason,
            store=store,
            confirm=_confirm(yes=yes, as_json=as_json),
        )
    _tell(event, as_json=as_json)


@app.command()
def undo(event_id: EventId, yes: Yes = False, sandbox: Sandbox = False, as_json: AsJson = False) -> None:
    """Take a merge or a split back: all that it moved is again where it was.

    What was bought after a merge stays with the company that stayed; what the new company of a split bought since goes
    to the company that it came from.
    """
    from enrich_cli.bootstrap import opened_store
    from enrich_cli.companies.company_events import undo as undone

    with opened_store(sandbox=sandbox) as (_, _, store):
        event = undone(event_id, store=store, confirm=_confirm(yes=yes, as_json=as_json))
    _tell(event, as_json=as_json)


@app.command()
def events(text: MaybeCompanyText = None, sandbox: Sandbox = False, as_json: AsJson = False) -> None:
    """Merges and splits, the latest first: of this company, or of all."""
    from enrich_cli.bootstrap import opened_store
    from enrich_cli.companies.company_events import registered
    from enrich_cli.rendering.company_events import event_data, events_view
    from enrich_cli.terminal import show as shown

    with opened_store(sandbox=sandbox) as (_, _, store):
        found = store.company_events.latest(None if text is None else registered(text, store).company_id)
    shown(events_view(found), {"events": [event_data(event) for event in found]}, as_json=as_json)


def _confirm(*, yes: bool, as_json: bool) -> "Confirm":
    """Shows what would be done; asks on a terminal. Elsewhere it raises UsageError unless --yes is given."""
    from enrich_cli.rendering.company_events import event_data, event_view
    from enrich_cli.terminal import show as shown

    def confirmed(event: "CompanyEvent") -> bool:
        if yes:
            return True
        shown(event_view(event, done=False), event_data(event, done=False), as_json=as_json)
        if as_json or not sys.stdin.isatty():
            raise UsageError("Nothing was changed: give --yes to do what is shown.")
        return typer.confirm("Do it?")

    return confirmed


def _tell(event: "CompanyEvent | None", *, as_json: bool) -> None:
    """Prints what was done. done None: it was not confirmed, and nothing was changed."""
    from enrich_cli.rendering.company_events import event_data, event_view
    from enrich_cli.terminal import show as shown

    if event is not None:
        shown(event_view(event, done=True), event_data(event, done=True), as_json=as_json)
