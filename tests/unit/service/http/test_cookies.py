"""The token of a form: of one cookie, and never the same twice."""

import pytest

from service.http.cookies import FORM_TOKEN_BYTES, form_token, is_form_token

MASKS = (bytes(FORM_TOKEN_BYTES), b"\x01" * FORM_TOKEN_BYTES, b"\xff" * FORM_TOKEN_BYTES)


def test_every_token_of_a_cookie_looks_different_and_is_good_for_it_alone() -> None:
    tokens = {form_token("cookie", mask) for mask in MASKS}
    assert len(tokens) == len(MASKS)
    assert all(is_form_token(token, "cookie") for token in tokens)
    assert not any(is_form_token(token, "another") for token in tokens)


@pytest.mark.parametrize("token", ["", "0" * 64, "0" * 128, "x" * 128, " " * 128, "é", "0" * 130])
def test_what_is_no_token_is_none(token: str) -> None:
    assert not is_form_token(token, "cookie")
