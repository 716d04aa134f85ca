"""Letters: which differences between two spellings carry no meaning. Pure.

fold:         'Ørsted' -> 'orsted', 'Société ＡＧ' -> 'societe ag', 'パルコ' stays (its marks make other letters)
spelled_out:  'Müller' -> 'mueller', the second way of writing such letters
"""

import unicodedata

_LETTERS = str.maketrans({
    "ø": "o", "œ": "oe", "æ": "ae", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ŧ": "t", "ħ": "h", "ŋ": "n",
    "ĸ": "k", "ſ": "s", "ƒ": "f", "ə": "a",
})  # fmt: skip
_SPELLED_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"})
_TRADE_MARKS = str.maketrans("", "", "™℠®©")  # their compatibility forms are letters that are no part of a name
_BREVE = "\u0306"
_SCRIPTS_WITH_ACCENTS = ("LATIN", "GREEK", "CYRILLIC")


def composed(text: str) -> str:
    """The text with one code for each letter, compatibility forms included: 'Ⓐ' -> 'A'. Drops trade marks."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFKC", text.translate(_TRADE_MARKS))


def fold(text: str) -> str:
    """Lower case, without accents, without compatibility forms; other letters stay other letters."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.translate(_TRADE_MARKS).casefold())
    return unicodedata.normalize("NFKC", _without_accents(decomposed)).translate(_LETTERS)


def spelled_out(text: str) -> str:
    """The text as `fold` makes it, with ä, ö, ü, ø, å written as two letters."""
    return fold(unicodedata.normalize("NFC", text).casefold().translate(_SPELLED_OUT))


def _without_accents(decomposed: str) -> str:
    """Accents of Latin, Greek and Cyrillic go, but for the breve that makes й of и. Marks of other scripts stay."""
    kept: list[str] = []
    accented = cyrillic = False
    for character in decomposed:
        if unicodedata.combining(character):
            if not accented or (cyrillic and character == _BREVE):
                kept.append(character)
        else:
            script = unicodedata.name(character, "").partition(" ")[0]
            accented, cyrillic = script in _SCRIPTS_WITH_ACCENTS, script == "CYRILLIC"
            kept.append(character)
    return "".join(kept)
