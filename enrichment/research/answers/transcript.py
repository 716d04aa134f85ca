"""A session as a document for people: what was asked, what was said, and on what each sentence rests. Pure.

session + questions -> Markdown, in which every claim has its quotes, its evidence, source and day; how it was found,
what memory served and which key had paid for it, and what to ask next
"""

from collections.abc import Iterator, Mapping, Sequence

from enrichment.domain.json_values import Json
from enrichment.domain.money import in_usd
from enrichment.domain.numbers import in_number
from enrichment.domain.research import Question, Session
from enrichment.domain.visible_text import visible
from enrichment.research.answers.answer import NOTHING_BOUGHT, besides_in_words, without_model
from enrichment.rules.names_for_people import called

_ENDED: Mapping[str, str] = {
    "stopped": "It was stopped before all was asked.",
    "over_budget": "The budget did not reach for all that the question asks.",
    "out_of_time": "The time ran out before all was asked.",
    "failed": "It failed.",
}


_VERDICTS: Mapping[str, str] = {
    "exact": "the quote stands in the evidence as it is",
    "normalised": "it stands there but for white space, quotation marks, dashes or case",
    "read": "the value is read from the stored reply, which writes it in another way",
}


def in_markdown(session: Session, questions: Sequence[Question]) -> str:
    persona = session.persona
    lines = [
        f"# Research for {_inline(persona.name)}, {_inline(persona.role)} of {_inline(persona.company)}",
        "",
        f"Sells: {_inline(persona.sells)}",
        "",
        f"Session {session.session_id}, opened {session.created_at:%Y-%m-%d %H:%M} UTC, "
        f"budget {in_usd(session.budget_micro_usd)} USD.",
    ]
    for question in questions:
        lines += ["", f"## {question.number}. {_inline(question.text)}", ""]
        lines += _unanswered(question) if question.answer is None else _answered(question.answer)
    return "\n".join(lines) + "\n"


def _unanswered(question: Question) -> list[str]:
    state = {"queued": "It waits to be begun.", "running": "It is being answered."}
    return [state.get(question.state, "It waits for you to say which company is meant.")]


def _answered(answer: Mapping[str, Json]) -> list[str]:
    claims = {claim["id"]: claim for claim in answer["claims"]}
    names = {one["key"]: one["name"] or one["key"] for one in answer["companies"]}
    lines = [*_why_cut_short(answer), *_glance(answer, claims, names), *_sections(answer, claims)]
    for line in besides_in_words(answer):
        lines += [f"{_inline(line)}.", ""]
    lines += ["### What is not known", ""] if answer["open_points"] else []
    lines += dict.fromkeys(_open_point(point, names) for point in answer["open_points"])
    lines += [""] if answer["open_points"] else []
    confidence = answer["confidence"]
    cost, saved = in_usd(answer["cost_micro_usd"]), in_usd(answer["saved_micro_usd"])
    lines += [f"Confidence: {confidence['level']} ({confidence['why']}). Cost {cost} USD, saved {saved} USD.", ""]
    lines += _left_out(answer)
    lines += _to_ask_next(answer)
    lines += _how_found(answer)
    lines += _evidence(answer, claims)
    return lines


def _glance(answer: Mapping[str, Json], claims: Mapping[str, Json], names: Mapping[str, str]) -> Iterator[str]:
    """What to say, why now, to whom, how sure, how old; where no claim answers, what is not known."""
    seen, confidence = answer["at_a_glance"], answer["confidence"]
    to_say = seen["what_to_say"] or (None if seen["to_whom"] else seen.get("in_short"))
    labelled = {
        "Say" if seen["what_to_say"] else "In short": to_say,
        "Why now": seen["why_now"],
        "To whom": next(iter(seen["to_whom"]), None),
    }
    for label, claim_id in labelled.items():
        if claim_id in claims:
            yield f"- {label}: {_inline(claims[claim_id]['text'])}{_dated(claims[claim_id])} [{claim_id}]"
    if answer["open_points"] and not (seen["what_to_say"] or seen.get("in_short")):
        first = answer["open_points"][0]
        label = "In short" if first["because"].endswith(NOTHING_BOUGHT) else "Not known"
        yield f"- {label}: {_open_point(first, names).removeprefix('- ')}"
    yield f"- How sure: {confidence['level']}"
    if seen["collected"] is not None:
        newest = f"; the newest event is of {seen['newest_event']}" if seen["newest_event"] else ""
        yield f"- How old: collected {seen['collected']}, {in_number(seen['age_days'], 'day')} ago{newest}"
    yield ""


def _dated(claim: Mapping[str, Json]) -> str:
    """The day of what happened, of a claim that says one thing."""
    dated = None if claim.get("derived") else claim["citations"][0].get("dated")
    return f" ({dated})" if dated else ""


def _open_point(point: Mapping[str, Json], names: Mapping[str, str]) -> str:
    """names: of companies, by their keys."""
    price = f"; to ask for it would cost {in_usd(point['cost_micro_usd'])} USD" if point["cost_micro_usd"] else ""
    asked = f" ({_inline('; '.join(point['asked']))})" if point["asked"] else ""
    company = f" of {_inline(names.get(point['company'], point['company']))}" if point["company"] else ""
    return f"- {_inline(called(point['what']))}{company}: {_inline(point['because'])}{asked}{price}"


def _why_cut_short(answer: Mapping[str, Json]) -> Iterator[str]:
    """What kept the question from a whole answer of the model, if anything did."""
    if answer["state"] in _ENDED:
        yield f"{_ENDED[answer['state']]} This is what there is."
        yield ""
    for because in without_model(answer):
        yield f"No answer of the language model ({_inline(because)}): a plain rule took this from the evidence."
        yield ""


def _left_out(answer: Mapping[str, Json]) -> Iterator[str]:
    """What was known and not read for the answer, because it did not fit into the model's context."""
    for one in answer["how_found"]["answer"]:
        for whose, datasets in ((one["company"], one.get("left_out")), ("the vendor", one.get("left_out_of_vendor"))):
            if datasets:
                each = ", ".join(f"{many} of {called(dataset)}" for dataset, many in datasets.items())
                many = in_number(sum(datasets.values()), "passage")
                yield f"Of {_inline(whose)}, {many} did not fit into what the answer was made of: {each}."
                yield ""


def _to_ask_next(answer: Mapping[str, Json]) -> Iterator[str]:
    if answer["too_wide"]:
        yield "### The question is wide: narrower ones"
        yield ""
        yield from (f"- {_inline(question)}" for question in answer["too_wide"])
        yield ""
    if answer["next_questions"]:
        yield "### What to ask next"
        yield ""
        yield from (f"- {_inline(one['question'])} ({one['price']})" for one in answer["next_questions"])
        yield ""


def _how_found(answer: Mapping[str, Json]) -> Iterator[str]:
    yield "### How it was found"
    yield ""
    found = answer["how_found"]
    if found["breakdown"] is not None:
        yield f"- The question was taken apart by {_by(found['breakdown'])}."
    for one in found["answer"]:
        read = in_number(one["passages"], "passage")
        yield f"- Of {_inline(one['company'])}, {read} could be cited; the answer was made by {_by(one)}."
    for company in answer["companies"]:
        yield f"- Relevance of {_inline(company['name'] or company['key'])}: {_inline(company['relevance']['how'])}."
    if found["sources_cited"]:
        each = ", ".join(f"{_inline(called(source))} ({many})" for source, many in found["sources_cited"].items())
        yield f"- Cited: {each}."
    for paid in answer["paid_by"]:
        yield (
            f"- From memory: {_inline(called(paid['source']))}, paid for by {_inline(paid['asked_by'])} "
            f"on {paid['at'][:10]} (request `{paid['request']}`), saved {in_usd(paid['saved_micro_usd'])} USD."
        )
    yield ""


def _by(one: Mapping[str, Json]) -> str:
    because = f": {_inline(one['because'])}" if one["because"] else ""
    return "the model" if one["by"] == "model" else f"a plain rule{because}"


def _sections(answer: Mapping[str, Json], claims: Mapping[str, Json]) -> Iterator[str]:
    titles = {"recommendations": "What to do", "key_findings": "What is known", "people": "Whom to talk to"}
    if not claims:
        yield "Nothing that evidence bears out."
        yield ""
    for name, title in titles.items():
        if answer[name]:
            yield f"### {title}"
            yield ""
            for claim_id in answer[name]:
                claim = claims[claim_id]
                why = f" Why: {_inline(claim['why'])}" if claim["why"] else ""
                yield f"- {_inline(claim['text'])}{_dated(claim)}{why} [{claim_id}]"
            yield ""


def _evidence(answer: Mapping[str, Json], claims: Mapping[str, Json]) -> Iterator[str]:
    if claims:
        yield "### Evidence"
        yield ""
        yield from (f"{verdict}: {_VERDICTS[verdict]}." for verdict in _verdicts(claims))
        yield ""
    for claim_id, claim in claims.items():
        for one in claim["citations"]:
            dated = f", of {one['dated']}" if one.get("dated") else ""
            page = f", {_inline(page)}" if (page := _address(one)) else ""
            yield (
                f'- [{claim_id}] {claim["verdict"]}: "{_inline(one["quote"])}", {one["side"]} {one["company"]}, '
                f"{called(one['source'])}{page}{dated}, "
                f"collected {one['collected_at'][:10]}, `{one['evidence_id']}`"
            )
            read_from = f" (read from: {_inline(one['read_from'])})" if one.get("read_from") else ""
            yield f"  > {_inline(one['evidence'])}{read_from}"
    for one in answer["dropped"]:
        yield f"- dropped ({one['because']}): {_inline(one['text'])}"


def _address(citation: Mapping[str, Json]) -> str | None:
    """Of a page of the company's own website with its host."""
    page = citation.get("page")
    return f"{citation['company']}{page}" if page else citation["url"]


def _verdicts(claims: Mapping[str, Json]) -> list[str]:
    found = {claim["verdict"] for claim in claims.values()}
    return [verdict for verdict in _VERDICTS if verdict in found]


def _inline(text: str) -> str:
    """The text on one line, and none of its characters is markup."""
    line = " ".join(visible(str(text)).split())
    return "".join(f"\\{letter}" if letter in "\\`*_[]<>#|" else letter for letter in line)
