"""Research sessions, their questions, and what happens in them."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sessions",
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False, comment="id of the key that opened it; empty: none"),
        sa.Column("persona", sa.Text(), nullable=False, comment="name, role, company and what they sell"),
        sa.Column("company_id", sa.Text(), nullable=False, comment="of the persona's company"),
        sa.Column("budget_micro_usd", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("epoch", sa.Text(), nullable=False, comment="part of the id of each of its events"),
        sa.Column("last_number", sa.BigInteger(), nullable=False, comment="of its newest event; 0: none"),
        sa.PrimaryKeyConstraint("session_id"),
    )
    op.create_index("ix_sessions_owner", "sessions", ["owner"])
    op.create_table(
        "questions",
        sa.Column("question_id", sa.Text(), nullable=False),
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, comment="place in the session, from 1"),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, comment="queued, running, waiting or ended"),
        sa.Column("worker", sa.Text(), nullable=True, comment="the process at work on it"),
        sa.Column("lease_until", sa.BigInteger(), nullable=True, comment="after it another process may go on with it"),
        sa.Column("stop_asked_at", sa.BigInteger(), nullable=True, comment="nothing more of it is bought from then on"),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("requests", sa.Text(), nullable=False, comment="ids of all requests that were made for it"),
        sa.Column("companies", sa.Text(), nullable=False, comment="ids of the companies that it is about"),
        sa.Column(
            "chosen", sa.Text(), nullable=False, comment="text -> key of the company that a person says it means"
        ),
        sa.Column("answer", sa.Text(), nullable=True, comment="as its research_complete has it"),
        sa.PrimaryKeyConstraint("question_id"),
    )
    op.create_index("ix_questions_session_id", "questions", ["session_id"])
    to_answer = sa.text("state IN ('queued', 'running')")
    op.create_index(
        "ix_questions_to_answer", "questions", ["asked_at"], sqlite_where=to_answer, postgresql_where=to_answer
    )
    op.create_table(
        "session_events",
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column(
            "number", sa.BigInteger(), nullable=False, comment="grows by one in each session", autoincrement=False
        ),
        sa.Column("question_id", sa.Text(), nullable=True, comment="null: of the session itself"),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False, comment="one sentence for people"),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("mark", sa.Text(), nullable=False, comment="what happened; it is written once"),
        sa.PrimaryKeyConstraint("session_id", "number"),
        sa.UniqueConstraint("session_id", "mark"),
    )
