"""Words of a question in another language than English that no table has: what they ask is not known. Pure.

"Dove hanno stabilimenti?" -> stabilimenti        "博世的竞争对手是谁？" -> all of it        English -> none
"""

import re

from enrichment.research.questions.asked_words import AskedWords, is_content

_OTHER_SCRIPT = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]{2,}")


def other_languages(asked: AskedWords) -> tuple[str, ...]:
    found = list(_OTHER_SCRIPT.findall(asked.text))
    if not asked.is_english:
        left = (word for at, word in enumerate(asked.words) if at not in asked.taken and not asked.is_function(word))
        found += [word.own for word in left if is_content(word) and not _OTHER_SCRIPT.search(word.own)]
    return tuple(dict.fromkeys(found))
