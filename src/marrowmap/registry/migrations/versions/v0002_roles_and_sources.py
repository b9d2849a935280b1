"""Who organises and adjudicates a study; which reading a lesion came from; values below what can be measured."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

NEW = (
    ("visits", "any_pain", sa.Boolean()),
    ("visits", "crp_below", sa.Boolean()),
    ("visits", "esr_below", sa.Boolean()),
    ("lesions", "reading_id", sa.String(length=200)),
    ("reading_studies", "organiser", sa.String(length=64)),
    ("reading_studies", "adjudicator", sa.String(length=64)),
)
"""Columns that may be empty; an empty column does not change the hash of a row, so the audit trail holds."""


def upgrade() -> None:
    for table, name, kind in NEW:
        op.add_column(table, sa.Column(name, kind, nullable=True))
