"""Why claims do not settle a question though each of them is borne out. Pure.

"Is Acme growing?" + headlines, none of which says so      -> "no claim says yes or no"
competitors named by one page that compares                -> "one source, on pages of others"
"""

from collections.abc import Iterable, Sequence

from enrichment.research.answers.unmet_words import has_all_telling_words, is_yes_or_no
from enrichment.research.claims.claim import CheckedClaim

_TOLD_IN_SENTENCES = frozenset(
    {"recent_news", "topic_results", "page_passages", "website_passages", "competitor_mentions"}
)
_OF_OTHERS = frozenset({"topic_results", "page_passages", "competitor_mentions"})


def why_undecided(question: str, claims: Sequence[CheckedClaim], names: Iterable[str]) -> str:
    """Empty: nothing of that kind. names: of the companies asked about."""
    cited = [one.passage for claim in claims for one in claim.citations if one.side == "company"]
    datasets = {one.dataset for one in cited}
    if cited and datasets <= _TOLD_IN_SENTENCES and is_yes_or_no(question):
        called = tuple(names)
        if not any(has_all_telling_words(question, called, claim) for claim in claims):
            return "no claim says yes or no"
    if cited and datasets <= _OF_OTHERS and len({one.facts[0].source for one in cited}) == 1:
        return "one source, on pages of others"
    return ""
