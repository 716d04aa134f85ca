"""Search texts: a template of config/sources.yaml, filled with what is known of the company.

'{quoted_name} {domain} company' -> '"Acme" acme.com company'; parts that are unknown are left out
'{quoted_name} {topic}' -> '"Acme" european expansion', of a source that is asked about one topic at a time
"""

import re
from string import Formatter
from typing import Annotated

from pydantic import AfterValidator

from enrichment.ports import SourceQuery

OF_COMPANY = ("name", "quoted_name", "domain", "name_or_domain")
PARTS = (*OF_COMPANY, "topic")


def _known_parts(template: str) -> str:
    try:
        parts = _parts(template)
    except ValueError as error:
        raise ValueError(f"{template!r} is no template: {error}") from None
    unknown = [part for part in parts if part not in PARTS]
    if unknown or not set(parts) & set(OF_COMPANY):
        named = f"does not know {{{unknown[0]}}}" if unknown else "names nothing of the company"
        raise ValueError(f"{template!r} {named}; use {', '.join(f'{{{part}}}' for part in PARTS)}")
    return template


Template = Annotated[str, AfterValidator(_known_parts)]


def filled(template: str, question: SourceQuery) -> str:
    """The template with company and topic; where its parts of the company are unknown, what is known instead."""
    name, domain = _plain(question.name or ""), question.domain or ""
    values = {"name": name, "quoted_name": f'"{name}"' if name else "", "domain": domain}
    values["name_or_domain"] = name or domain
    if not any(values[part] for part in _parts(template) if part in OF_COMPANY):
        values = dict.fromkeys(OF_COMPANY, name or domain)
    values["topic"] = _plain(question.topic)
    return " ".join(template.format(**values).split())


def _parts(template: str) -> list[str]:
    return [part for _, part, _, _ in Formatter().parse(template) if part is not None]


def _plain(name: str) -> str:
    """The name without quotes, which would end the quoted phrase."""
    return " ".join(re.sub(r'["“”]', " ", name).split())
