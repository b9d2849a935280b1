"""The tables of the registry. The five long tables take their columns from ``fields.csv``.

The database is brought to this shape by the migrations in ``migrations/versions``; a test compares the two.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Float,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.types import TypeEngine

from marrowmap.registry.fields import TABLES, Field, fields_of, key_of

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_TYPES: dict[str, TypeEngine] = {
    "id": String(64),
    "ref": String(64),
    "text": String(200),
    "date": Date(),
    "month": String(7),
    "bool": Boolean(),
    "int": Integer(),
    "float": Float(),
    "choice": String(32),
    "site": String(64),
    "place": String(64),
}


def _column(variable: Field) -> Column:
    key = variable.name == key_of(variable.table)
    links = []
    if variable.name == "patient_id" and not key:
        links = [ForeignKey("patients.patient_id")]
    elif variable.kind == "ref":
        links = [ForeignKey("exams.exam_id")]
    return Column(
        variable.name,
        _TYPES[variable.kind],
        *links,
        primary_key=key,
        nullable=not variable.required,
        index=bool(links),
    )


LONG_TABLES: dict[str, Table] = {
    name: Table(name, metadata, *(_column(v) for v in fields_of(name).values())) for name in TABLES
}

readings = Table(
    "readings",
    metadata,
    Column("reading_id", String(64), primary_key=True),
    Column("patient_id", String(64), ForeignKey("patients.patient_id"), nullable=False, index=True),
    Column("exam_uid", String(200), nullable=False),
    Column("reader", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("signed_at", DateTime(timezone=True)),
    Column("amends", String(64), ForeignKey("readings.reading_id")),
    Column("content", Text, nullable=False),
    Column("content_sha256", String(64), nullable=False),
    CheckConstraint("state IN ('draft', 'signed')", name="state"),
)
"""content: the reading as canonical JSON. A signed row can be neither changed nor deleted (trigger)."""

pairs = Table(
    "pairs",
    metadata,
    Column("pair_id", String(64), primary_key=True),
    Column("patient_id", String(64), ForeignKey("patients.patient_id"), nullable=False, index=True),
    Column("earlier_reading", String(64), ForeignKey("readings.reading_id"), nullable=False),
    Column("earlier_lesion", String(64), nullable=False),
    Column("later_reading", String(64), ForeignKey("readings.reading_id"), nullable=False),
    Column("later_lesion", String(64), nullable=False),
    Column("confirmed_by", String(64), nullable=False),
    UniqueConstraint("earlier_reading", "earlier_lesion", "later_reading", "later_lesion"),
)
"""The same lesion in two readings, as a person confirmed it."""

events = Table(
    "events",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", String(32), nullable=False),
    Column("who", String(64), nullable=False),
    Column("action", String(32), nullable=False),
    Column("entity", String(32), nullable=False),
    Column("entity_id", String(200), nullable=False),
    Column("detail", Text, nullable=False),
    Column("row_sha256", String(64), nullable=False),
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
)
"""Who changed what, when; each row carries the hash of the one before. Rows are only appended (trigger)."""

reading_studies = Table(
    "reading_studies",
    metadata,
    Column("study_id", String(64), primary_key=True),
    Column("title", String(200), nullable=False),
    Column("state", String(16), nullable=False),
    Column("prior_allowed", Boolean, nullable=False),
    Column("organiser", String(64)),
    Column("adjudicator", String(64)),
    CheckConstraint("state IN ('open', 'adjudication', 'closed')", name="state"),
)
"""organiser: who opened it; adjudicator: who states the consensus. Empty in studies of the first version."""

study_assignments = Table(
    "study_assignments",
    metadata,
    Column("study_id", String(64), ForeignKey("reading_studies.study_id"), primary_key=True),
    Column("case_id", String(64), primary_key=True),
    Column("reader", String(64), primary_key=True),
    Column("exam_uid", String(200), nullable=False),
    Column("patient_id", String(64), ForeignKey("patients.patient_id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("reading_id", String(64), ForeignKey("readings.reading_id")),
)
"""Who reads which case in which order; reading_id is filled when the reader signs."""

study_consensus = Table(
    "study_consensus",
    metadata,
    Column("study_id", String(64), ForeignKey("reading_studies.study_id"), primary_key=True),
    Column("case_id", String(64), primary_key=True),
    Column("reading_id", String(64), ForeignKey("readings.reading_id"), nullable=False),
    Column("adjudicator", String(64), nullable=False),
)

AUDITED: dict[str, Table] = {
    **LONG_TABLES,
    "readings": readings,
    "pairs": pairs,
    "reading_studies": reading_studies,
    "study_assignments": study_assignments,
    "study_consensus": study_consensus,
}
"""Every table whose rows are covered by events."""
