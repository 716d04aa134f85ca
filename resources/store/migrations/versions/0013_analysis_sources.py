"""Facts of an analysis name it as purchases and cache reads do: 'analysis:hiring' instead of 'hiring'."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_facts = sa.table("facts", sa.column("analysis_id"), sa.column("source", sa.Text))


def upgrade() -> None:
    bare = sa.and_(_facts.c.analysis_id.is_not(None), _facts.c.source.not_like("analysis:%"))
    op.execute(sa.update(_facts).where(bare).values(source=sa.literal("analysis:") + _facts.c.source))
