"""Names are compared by another normal form than before, so companies are found by name by new keys."""

import sqlalchemy as sa
from alembic import op

from enrichment.identity.domains import NotACompany, company_key

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_companies = sa.table("companies", sa.column("company_id"), sa.column("name"), sa.column("name_key"))


def upgrade() -> None:
    connection = op.get_bind()
    for company_id, name, name_key in connection.execute(sa.select(_companies)).all():
        new = _name_key(name)
        if new != name_key:
            changed = sa.update(_companies).where(_companies.c.company_id == company_id).values(name_key=new)
            connection.execute(changed)


def _name_key(name: str | None) -> str | None:
    try:
        return company_key(name, None)
    except NotACompany:
        return None
