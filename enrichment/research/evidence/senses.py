"""Whether a text that has a word means what a question means by it. Pure.

"automation" + "is looking into Marketing automation"  -> another sense: all that has it is of marketing
"automation" + "automation of its warehouses"          -> the same
"""

from enrichment.research.evidence.relevance import stem_of, words_in
from enrichment.research.evidence.themes import names_of_themes, themes_in


def in_another_sense(word: str, text: str, asked: str) -> str | None:
    """The longer name of which the word is only a part, wherever the text has it; None: it stands there by itself too.

    asked: the question, in whose themes the word is meant. What a word of no theme means is not known: None.
    """
    meant = themes_in(asked).keys()
    if not themes_in(word):
        return None
    kept, longer = text, list[str]()
    for name, themes in names_of_themes(text):
        if " " in name and meant.isdisjoint(themes) and _has(name, word):
            kept = kept.replace(name, " ")
            longer.append(name)
    return longer[0] if longer and not _has(kept, word) else None


def _has(text: str, word: str) -> bool:
    return stem_of(word.casefold()) in map(stem_of, words_in(text))
