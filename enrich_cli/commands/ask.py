"""`enrich ask`: a seller's question, answered while one watches."""

from pathlib import Path
from typing import Annotated

import typer

from enrich_cli.options import AsJson, Sandbox

QuestionText = Annotated[
    str | None,
    typer.Argument(
        metavar="QUESTION", help='In plain words: "Whom should I talk to at Tesla?"; none: what to begin with'
    ),
]
PersonaFile = Annotated[
    Path, typer.Option("--as", metavar="FILE", help="YAML with your name, role, company and what you sell")
]
SessionBudget = Annotated[
    str | None, typer.Option("--budget", metavar="USD", help="What the answer may cost at most, all included")
]


def ask(
    persona: PersonaFile,
    question: QuestionText = None,
    budget: SessionBudget = None,
    sandbox: Sandbox = False,
    as_json: AsJson = False,
) -> None:
    """Research a question for a seller: what to say, why now, to whom, each with its evidence.

    Without a question: three to begin with, each with its price; nothing is bought.
    """
    from enrich_cli.errors import INCOMPLETE, INTERRUPTED, REFUSED_BY_CAP
    from enrich_cli.rendering.research import answer_view, to_begin_with
    from enrich_cli.requests.research import answered, persona_in, starting_questions
    from enrich_cli.terminal import show
    from enrich_cli.typed_values import usd

    if question is None:
        offered = starting_questions(persona_in(persona), sandbox=sandbox)
        show(to_begin_with(offered), {"next_questions": [one.as_json() for one in offered]}, as_json=as_json)
        return
    most = None if budget is None else usd("--budget", budget)
    answer = answered(question, persona_in(persona), most, sandbox=sandbox, as_json=as_json)
    show(answer_view(answer), answer, as_json=as_json)
    ends = {"stopped": INTERRUPTED, "over_budget": REFUSED_BY_CAP, "failed": INCOMPLETE, "out_of_time": INCOMPLETE}
    incomplete = INCOMPLETE if answer["open_points"] or not answer["claims"] else 0
    raise typer.Exit(ends.get(answer["state"], incomplete))
