"""Replies are found by the reader that read them, so that those of older ones can be read again."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_replies_reader", "replies", ["source", "reader_version", "reply_id"])
