"""What one cell of a list looks like: an address, a company with its legal form, a person, a number. Pure.

column -> share(column, test): which part of its cells passes        pairs of cells are texts: 'cell|address'
"""

import re
from collections.abc import Callable, Sequence

from enrichment.identity.domains import own_domain, registrable_domain
from enrichment.identity.letters import fold
from enrichment.identity.names import name_form

_CODE = re.compile(r"(?:[A-Z]{0,4}[-_.# ]?)\d[\w.-]*|[a-zA-Z0-9]{15}|[a-zA-Z0-9]{18}")
"""What programs number rows with: 0015000, C-1, the ids of Salesforce."""
_LONG_WORD = 3
_NUMBER = re.compile(r"[$€£]?[-+]?\d[\d.,\s%]*")


def share(column: Sequence[str], test: Callable[[str], bool]) -> float:
    return sum(map(test, column)) / len(column) if column else 0.0


def is_code(cell: str) -> bool:
    return _CODE.fullmatch(cell) is not None and any(character.isdigit() for character in cell)


def is_address(cell: str) -> bool:
    return "@" not in cell and " " not in cell.strip() and registrable_domain(cell) is not None


def is_page_on_a_platform(cell: str) -> bool:
    return own_domain(cell, None) is None


def is_email(cell: str) -> bool:
    return re.fullmatch(r"[^\s@]+@[^\s@]+\.[^\s@]+", cell.strip()) is not None


def is_words(cell: str) -> bool:
    return any(character.isalpha() for character in cell)


def is_number(cell: str) -> bool:
    return _NUMBER.fullmatch(cell) is not None or is_code(cell)


def overlap(two_names: str) -> bool:
    """Whether one of two folded names is a part of the other: 'acme|acme widgets'."""
    one, _, other = two_names.partition("|")
    return one in other or other in one


def is_person(name_and_mailbox: str) -> bool:
    """Whether it is two or three words, one of which is in the mailbox beside them: 'Jane Doe|jane.doe'."""
    name, _, mailbox = name_and_mailbox.rpartition("|")
    words = re.findall(r"[^\W\d_]+", fold(name))
    return (
        len(words) in {2, 3}
        and not name_form(name).forms
        and re.search(r"[\d&+/]", name) is None
        and any(len(word) > 2 and word in fold(mailbox) for word in (words[0], words[-1]))
        and "".join(words) != fold(mailbox)
    )


def goes_with(name_and_address: str) -> bool:
    """Whether a domain has a word of the name in it, or the name its label: 'Acme Widgets' and acme.com."""
    name, _, address = name_and_address.rpartition("|")
    domain = registrable_domain(address.rpartition("@")[2]) or ""
    label, words = fold(domain.partition(".")[0]).replace("-", ""), name_form(name).words
    return bool(label) and (any(len(word) >= _LONG_WORD and word in label for word in words) or label in "".join(words))


def has_form(cell: str) -> bool:
    """'companies' in small letters ends sentences about a list as well."""
    return bool(name_form(cell).forms) and not cell.endswith(("company", "companies"))
