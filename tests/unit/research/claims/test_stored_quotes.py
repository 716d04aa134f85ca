"""Whether a quote stands in the reply it is from."""

import pytest

from enrichment.research.claims.stored_quotes import stands_in, text_of

REPLY = text_of(
    {
        "records": [{"employees_in_linkedin": 122552, "name": "Acme & Sons", "about": "Acme  makes “anvils” – fast"}],
        "page": "<ul><li>Austin, <b>TX</b></li><li>R&amp;D</li></ul><script src='https://cdn.segment.com'></script>",
    }
)


@pytest.mark.parametrize(
    "quote", ['Acme makes "anvils" - fast', "Austin, TX", "R&D", "Acme & Sons\nAustin, TX", "- R&D"]
)
def test_a_text_of_the_reply_is_found_without_its_tags_and_in_other_spelling(quote: str) -> None:
    assert stands_in(quote, REPLY)


@pytest.mark.parametrize("quote", ["122,552 employees", "Customer data", "Segment", "Acme & Sons\nChief of anvils"])
def test_what_is_read_from_a_number_an_address_or_a_list_of_ours_is_not(quote: str) -> None:
    assert not stands_in(quote, REPLY)
