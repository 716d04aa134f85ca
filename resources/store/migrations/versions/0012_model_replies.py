"""A model's answer is stored before it is checked, so that failures are remembered and a newer check reads it again."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "model_replies",
        sa.Column("analysis_id", sa.Text(), primary_key=True, comment="of the analysis that is read from it"),
        sa.Column("key", sa.Text(), nullable=False, comment="evidence, prompt, model and answer type"),
        sa.Column("company_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("purchase_id", sa.Text(), nullable=False, unique=True),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column(
            "answer", sa.LargeBinary(), nullable=False, comment="zlib of JSON: content, refusal, finish_reason, tokens"
        ),
        sa.Column("answered_at", sa.BigInteger(), nullable=False),
        sa.Column("checked_by", sa.Integer(), nullable=False, comment="version of the check that read it; 0: none yet"),
        sa.Column("failure", sa.Text(), nullable=True, comment="why it cannot be used; null: it can"),
    )
    op.create_index("ix_model_replies_key", "model_replies", ["key"])
    op.create_index("ix_model_replies_company_id", "model_replies", ["company_id"])
