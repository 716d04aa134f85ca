"""Which words of a text say something: not those that any company uses, or with which a question opens."""

import re
from functools import cache

from sandbox.companies.catalogue import read_data

_SAID = {
    "tech_stack": "{name} uses {line}.",
    "hiring_trends": "{name} has an open position: {line}.",
    "purchase_intent": "{name} is looking into {line}.",
}


_SENTENCE_END = re.compile(r"(?<=[a-z0-9)][.!?])(?<!\bSt\.)(?<!\bInc\.)(?<!\bCo\.)(?<!\bvs\.)(?<!\bMt\.) (?=[A-Z])")


def sentences_in(line: str) -> list[str]:
    """'It opens a shop in St. Louis. It hires.' -> two of them."""
    return _SENTENCE_END.split(line)


def telling_words(text: str) -> set[str]:
    return {word for word in re.findall(r"[a-z]{4,}", text.lower()) if word not in listed("common")}


def said(dataset: str, line: str, name: str) -> str:
    """A title or a name as a sentence about the company."""
    return _SAID.get(dataset, "{line}").format(name=name or "It", line=line)


@cache
def listed(kind: str) -> frozenset[str]:
    """common: words that any company uses; order: with which one tells a program what to do; private: what no source
    knows of a person or a company.
    """
    return frozenset(row["word"] for row in read_data("research_words.csv") if row["kind"] == kind)
