"""What a source was asked on one topic counts for that topic only; what it was asked on none counts for all."""

from datetime import UTC, datetime, timedelta

from enrichment.domain.knowledge import Fact, Known, ReplyHead
from enrichment.domain.values import Text
from enrichment.memory.recall import of_topic

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
UNTIL = NOW + timedelta(days=1)


def test_other_topics_are_left_out_with_their_facts() -> None:
    heads = [ReplyHead(f"rep_{t}", "s", "pur", "req", True, NOW, UNTIL, 0, topic=t) for t in ("", "plants", "robots")]
    facts = [Fact("com", "d", Text(text=h.reply_id), 1, 1, "s", h.reply_id, "pur", "", NOW, UNTIL) for h in heads]
    known = of_topic(Known(tuple(heads), tuple(facts)), "plants")
    assert [head.topic for head in known.replies] == ["", "plants"]
    assert [fact.reply_id for fact in known.facts] == ["rep_", "rep_plants"]
    assert [head.topic for head in of_topic(Known(tuple(heads)), "").replies] == [""]
