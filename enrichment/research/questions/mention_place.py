"""What a company is in a question by its place there: asked about, looked for, a person, or nothing of it. Pure.

'Does Acme use Oracle?' -> Acme is asked about, Oracle is looked for        'Is Ada Copper CFO of Acme?' -> a person
"""

from collections.abc import Sequence

from enrichment.parsing.mentions import is_given_name
from enrichment.parsing.technologies import is_technology
from enrichment.research.questions.areas import names_role
from enrichment.research.questions.mention import KnownNames, Mention, MentionRole
from enrichment.research.questions.name_places import is_measured, is_where_a_name_is
from enrichment.research.questions.question_words import (
    Word,
    follows,
    is_english,
    is_german,
)

_FAR = 3
"""So many words may be between a relation and the company it is with: 'partnered in May with Acme'."""


class MentionPlace:
    """What a mention is where it is. earlier: mentions before it, whose parts are known; every: all of them."""

    def __init__(
        self,
        words: Sequence[Word],
        one: Mention,
        earlier: Sequence[Mention],
        every: Sequence[Mention],
        known: KnownNames,
    ) -> None:
        self.words, self.one, self.earlier, self.every, self.known = words, one, earlier, every, known
        self.front = list(words[: one.start])

    @property
    def is_topic(self) -> bool:
        """'Why would Acme care about DevSecOps?'"""
        is_about = bool(self.front) and self.front[-1].does("about") and not self._is_on
        begins = len(self.front) - len(self._in_sentence)
        earlier = (one for one in self.earlier if one.part is MentionRole.ASKED and one.start >= begins)
        return is_about and not self.one.is_known and any(True for _ in earlier)

    @property
    def part(self) -> MentionRole:
        if self._is_denied:
            return MentionRole.NONE
        if not self.one.is_known and self._is_person and not self._is_beside_one_asked:
            return MentionRole.PERSON
        if self.is_sought:
            return MentionRole.SOUGHT
        if not is_technology(self.one.name) or self._is_asked_technology:
            return MentionRole.ASKED
        return MentionRole.SOUGHT if self._has_another else MentionRole.NONE

    @property
    def is_sought(self) -> bool:
        return self._continues_sought or (self._has_subject and (self.is_used or self._is_other_party))

    @property
    def is_measured(self) -> bool:
        """Whether it is one of several that are compared by a figure: 'Acme or Bly, who is larger?'"""
        beside = (*self.front[-1:], *self.words[self.one.end : self.one.end + 1])
        is_joined = any(word.does("and_or", "compares") for word in beside) and len(self.every) > 1
        return is_joined and is_measured(self.words)

    @property
    def _is_denied(self) -> bool:
        """'Not Acme but Bly', 'I do not mean Acme but Bly'."""
        behind = self.words[self.one.end : self.one.end + 2]
        is_but = any(word.small == "but" and not word.begins for word in behind)
        return is_but and any(word.small == "not" for word in self.front[-2:])

    @property
    def _is_person(self) -> bool:
        span = self.words[self.one.start : self.one.end]
        if is_where_a_name_is(self.words, self.one.start, self.one.end):
            return False
        if len(span) > 1 and (is_given_name(span[0].small) or self._has_a_role):
            return True
        behind_who = follows(self.words, self.one.start, "person")
        return behind_who and (len(span) > 1 or self.front[-1].small in ("for", "of"))

    @property
    def _has_a_role(self) -> bool:
        """'Is Ada Copper still CFO of Acme?', 'Does Ada Copper work at Acme?'"""
        behind = self.words[self.one.end : self.one.end + _FAR]
        has_role = any(names_role(word.small) or word.does("works") for word in behind)
        return has_role and any(other.start >= self.one.end for other in self.every)

    @property
    def _has_subject(self) -> bool:
        """A company that is asked about is named before it, or a word that means one."""
        if any(one.part is MentionRole.ASKED for one in self.earlier):
            return True
        goes_on = any(word.does("goes_on") for word in self.front)
        return goes_on and bool(self.known.before or any(other.start > self.one.start for other in self.every))

    @property
    def _has_another(self) -> bool:
        others = [one for one in self.every if one is not self.one and not is_technology(one.name)]
        return bool(others or self.known.before) or self._has_subject

    @property
    def _is_asked_technology(self) -> bool:
        """A company that is called as its product: 'Is Salesforce hiring?'"""
        if is_where_a_name_is(self.words, self.one.start, self.one.end):
            return True
        if self.one.is_known and any(word.does("compares") for word in self.words):
            return True
        if self.is_used:
            return False
        if self._is_subject_elsewhere or self._is_listed_with_companies or self._is_told_of:
            return True
        return self.one.is_known and not (self._has_another and self._has_subject)

    @property
    def _is_subject_elsewhere(self) -> bool:
        """'Combien d'employés a Elastic ?', '¿Cuántos empleados tiene Elastic?': of no English question."""
        has = bool(self.front) and self.front[-1].does("has_elsewhere")
        return has and not is_english(self.words) and not any(word.does("use") for word in self.words)

    @property
    def _is_listed_with_companies(self) -> bool:
        """'Which of Adobe, Dropbox and GitLab', 'compare PagerDuty and Airbyte'."""
        mates = self._listed_with
        is_compared = bool(mates) and any(word.does("compares") for word in self.words)
        return is_compared or (len(mates) > 1 and any(not is_technology(one.name) for one in mates))

    @property
    def _listed_with(self) -> Sequence[Mention]:
        """The other mentions of the list that it is in: between two there is a comma, or 'and'."""
        at = self.every.index(self.one)
        first, last = at, at
        while first and self._are_joined(self.every[first - 1], self.every[first]):
            first -= 1
        while last + 1 < len(self.every) and self._are_joined(self.every[last], self.every[last + 1]):
            last += 1
        return [*self.every[first:at], *self.every[at + 1 : last + 1]]

    def _are_joined(self, one: Mention, other: Mention) -> bool:
        between = self.words[one.end : other.start]
        if len(between) == 1 and between[0].does("and_or"):
            return True
        unread = all(word.apart and word.is_capital for word in between) and len(between) <= 1  # 'Slack, Teams, Zoom'
        return unread and self.words[other.start].apart and not self.words[other.start].begins

    @property
    def _is_told_of(self) -> bool:
        """'Tell me about Sentry', 'does GitLab sponsor conferences?', where no other company is named."""
        if any(one is not self.one and not is_technology(one.name) for one in self.every):
            return False
        told = bool(self._in_sentence) and self._in_sentence[0].does("request") and self.front[-1].does("about")
        behind = self.words[self.one.end : self.one.end + 1]
        does = len(self._in_sentence) == 1 and self.front[-1].does("auxiliary")
        return told or (
            does and bool(behind) and not behind[0].apart and not behind[0].does("use", "and_or", "auxiliary")
        )

    @property
    def _is_on(self) -> bool:
        """'Is Acme still on Azure?'"""
        is_on = bool(self.front) and self.front[-1].small == "on" and is_technology(self.one.name)
        return is_on and any(word.does("being") for word in self._in_sentence)

    @property
    def is_used(self) -> bool:
        """Whether the name is behind 'use', 'run on', 'moved to', 'they are on'; before 'shop'."""
        if self.one.end < len(self.words) and self.words[self.one.end].does("used_by"):
            return True
        if self._is_on:
            return True
        near = self.front[-_FAR:]
        while near and near[-1].does("before_used"):
            if near[-1].does("to_or_from"):
                return any(word.does("moved") for word in self._in_sentence[-_FAR - 2 : -1])
            if near[-1].small == "on" and len(near) > 1 and near[-2].does("goes_on", "being"):
                return True
            near = near[:-1]
        used_before = is_german(self.words) and any(word.does("use") for word in self.front)
        return bool(near) and (near[-1].does("use") or used_before)

    @property
    def _is_other_party(self) -> bool:
        """Whether it is behind 'contract with', 'customer of', 'acquire'; never where companies are compared."""
        if any(word.does("compares") for word in self.words) or not self.front:
            return False
        if self.front[-1].does("acquires"):
            return not self._is_all_that_is_known
        near = self._in_sentence[-_FAR - 1 : -1]
        return self.front[-1].does("ties") and any(word.does("other_party") for word in near)

    @property
    def _is_all_that_is_known(self) -> bool:
        """'Western Digital buys Adobe', of which Adobe alone is registered: both are asked about."""
        asked = (one for one in self.earlier if one.part is MentionRole.ASKED)
        return self.one.is_known and not any(one.is_known for one in asked)

    @property
    def _in_sentence(self) -> Sequence[Word]:
        begins = max((at for at, word in enumerate(self.front) if word.begins), default=0)
        return self.front[begins:]

    @property
    def _is_beside_one_asked(self) -> bool:
        """'Acme and Global Payments'."""
        last = self.earlier[-1] if self.earlier else None
        return (
            last is not None
            and last.end + 1 == self.one.start
            and last.part is MentionRole.ASKED
            and (self.front[-1].does("and_or"))
        )

    @property
    def _continues_sought(self) -> bool:
        """'Salesforce or HubSpot', 'Slack, Zoom'."""
        last = self.earlier[-1] if self.earlier else None
        return last is not None and last.part is MentionRole.SOUGHT and self._are_joined(last, self.one)
