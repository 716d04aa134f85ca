"""What to type into a search box: a template of config/sources.yaml, filled with what we know of the company.

'{quoted_name} {domain} company' -> '"Acme" acme.com company'; pieces we do not know are left out
"""

import re
from string import Formatter
from typing import Annotated

from pydantic import AfterValidator

from enrichment.ports import SourceQuery

PIECES = ("name", "quoted_name", "domain", "name_or_domain")


def _known_pieces(template: str) -> str:
    try:
        pieces = _pieces(template)
    except ValueError as error:
        raise ValueError(f"{template!r} is no template: {error}") from None
    unknown = [piece for piece in pieces if piece not in PIECES]
    if unknown or not pieces:
        named = f"does not know {{{unknown[0]}}}" if unknown else "names nothing of the company"
        raise ValueError(f"{template!r} {named}; use {', '.join(f'{{{piece}}}' for piece in PIECES)}")
    return template


Template = Annotated[str, AfterValidator(_known_pieces)]


def filled(template: str, question: SourceQuery) -> str:
    """The template with the company's name and domain; where it asks only for what is unknown, for what is known."""
    name, domain = _plain(question.name or ""), question.domain or ""
    values = {"name": name, "quoted_name": f'"{name}"' if name else "", "domain": domain}
    values["name_or_domain"] = name or domain
    if not any(values[piece] for piece in _pieces(template)):
        values = dict.fromkeys(PIECES, name or domain)
    return " ".join(template.format(**values).split())


def _pieces(template: str) -> list[str]:
    return [piece for _, piece, _, _ in Formatter().parse(template) if piece is not None]


def _plain(name: str) -> str:
    """Without quotes, which would end the phrase we search for."""
    return " ".join(re.sub(r'["“”]', " ", name).split())
