"""How values look on the page."""

import pytest

from service.pages.rendering import percent, with_code


@pytest.mark.parametrize(
    ("share", "shown"), [(0, "0%"), (0.001, "<1%"), (0.82, "82%"), (0.994, "99%"), (0.997, ">99%"), (1, "100%")]
)
def test_what_is_less_than_all_is_not_shown_as_all(share: float, shown: str) -> None:
    assert percent(share) == shown


def test_commands_of_a_sentence_are_code_and_what_others_wrote_stays_text() -> None:
    assert with_code("<b> is down: `enrich sources check`") == "&lt;b&gt; is down: <code>enrich sources check</code>"
