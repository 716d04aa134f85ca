"""Text of others in one form, so that it can be compared and shown."""

import pytest

from enrichment.domain.plain_text import any_of, plain_words, with_full_stop


@pytest.mark.parametrize(
    ("text", "words"),
    [("Tesla, Inc. — hires!", "tesla inc hires"), ("STRASSE", "strasse"), ("Straße", "strasse"), ("…", "")],
)
def test_texts_with_the_same_words_compare_alike(text: str, words: str) -> None:
    assert plain_words(text) == words


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("They  hire\nnow", "They hire now."),
        ("They hire.", "They hire."),
        ("Really?", "Really?"),
        ("and so on…", "and so on…"),
    ],
)
def test_a_text_ends_as_a_sentence_does_and_only_once(text: str, sentence: str) -> None:
    assert with_full_stop(text) == sentence


def test_of_several_words_the_longest_that_fits_is_found_and_none_inside_another_word() -> None:
    found = any_of(("cloud", "cloud cost"))
    assert [one[0] for one in found.finditer("Cloud cost, clouds and the CLOUD")] == ["Cloud cost", "CLOUD"]
