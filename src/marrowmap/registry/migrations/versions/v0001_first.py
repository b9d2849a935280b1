"""Patients, visits, exams, lesions, treatments, readings, pairs, events and reading studies."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

NEVER_CHANGED = {"events": "", "readings": "OLD.state = 'signed'"}
"""Tables whose rows (or those that meet the condition) can be neither changed nor deleted."""


def upgrade() -> None:
    _tables()
    for table, condition in NEVER_CHANGED.items():
        for verb in ("UPDATE", "DELETE"):
            _refuse(table, verb, condition)


def _refuse(table: str, verb: str, condition: str) -> None:
    message = f"{table}: this row cannot be changed"
    name = f"{table}_no_{verb.lower()}"
    when = f"WHEN ({condition})" if condition else ""
    if op.get_context().dialect.name == "sqlite":
        action = f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
        op.execute(f"CREATE TRIGGER {name} BEFORE {verb} ON {table} {when} {action}")
        return
    op.execute(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{message}'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {name} BEFORE {verb} ON {table} FOR EACH ROW {when} EXECUTE FUNCTION {name}()"
    )


def _tables() -> None:
    op.create_table(
        "events",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("who", sa.String(length=64), nullable=False),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("entity", sa.String(length=32), nullable=False),
        sa.Column("entity_id", sa.String(length=200), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("row_sha256", sa.String(length=64), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_events")),
    )
    op.create_table(
        "patients",
        sa.Column("patient_id", sa.String(length=64), nullable=False),
        sa.Column("sex", sa.String(length=32), nullable=True),
        sa.Column("birth_month", sa.String(length=7), nullable=True),
        sa.Column("centre", sa.String(length=200), nullable=True),
        sa.Column("onset_date", sa.Date(), nullable=True),
        sa.Column("diagnosis_date", sa.Date(), nullable=True),
        sa.Column("last_seen_date", sa.Date(), nullable=True),
        sa.Column("lost_to_follow_up", sa.Boolean(), nullable=True),
        sa.Column("family_rheumatic_disease", sa.Boolean(), nullable=True),
        sa.Column("family_psoriasis", sa.Boolean(), nullable=True),
        sa.Column("family_inflammatory_bowel_disease", sa.Boolean(), nullable=True),
        sa.Column("family_cno", sa.Boolean(), nullable=True),
        sa.Column("oral_ulcers", sa.Boolean(), nullable=True),
        sa.Column("severe_acne", sa.Boolean(), nullable=True),
        sa.Column("psoriasis", sa.Boolean(), nullable=True),
        sa.Column("palmoplantar_pustulosis", sa.Boolean(), nullable=True),
        sa.Column("eczema", sa.Boolean(), nullable=True),
        sa.Column("crohn_disease", sa.Boolean(), nullable=True),
        sa.Column("takayasu_arteritis", sa.Boolean(), nullable=True),
        sa.Column("sapho_syndrome", sa.Boolean(), nullable=True),
        sa.Column("uveitis", sa.Boolean(), nullable=True),
        sa.Column("hla_b27", sa.Boolean(), nullable=True),
        sa.Column("antinuclear_antibodies", sa.Boolean(), nullable=True),
        sa.Column("rheumatoid_factor", sa.Boolean(), nullable=True),
        sa.Column("blood_culture", sa.String(length=32), nullable=True),
        sa.Column("synovial_fluid", sa.String(length=32), nullable=True),
        sa.Column("bone_biopsy", sa.String(length=32), nullable=True),
        sa.Column("vertebral_compression_fracture", sa.Boolean(), nullable=True),
        sa.Column("spine_surgery", sa.Boolean(), nullable=True),
        sa.Column("leg_length_discrepancy", sa.Boolean(), nullable=True),
        sa.Column("psychological_support", sa.Boolean(), nullable=True),
        sa.Column("physical_therapy", sa.Boolean(), nullable=True),
        sa.PrimaryKeyConstraint("patient_id", name=op.f("pk_patients")),
    )
    op.create_table(
        "reading_studies",
        sa.Column("study_id", sa.String(length=64), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("prior_allowed", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "state IN ('open', 'adjudication', 'closed')", name=op.f("ck_reading_studies_state")
        ),
        sa.PrimaryKeyConstraint("study_id", name=op.f("pk_reading_studies")),
    )
    op.create_table(
        "exams",
        sa.Column("exam_id", sa.String(length=64), nullable=False),
        sa.Column("patient_id", sa.String(length=64), nullable=False),
        sa.Column("exam_date", sa.Date(), nullable=True),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("study_uid", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.patient_id"], name=op.f("fk_exams_patient_id")),
        sa.PrimaryKeyConstraint("exam_id", name=op.f("pk_exams")),
    )
    op.create_index(op.f("ix_exams_patient_id"), "exams", ["patient_id"], unique=False)
    op.create_table(
        "readings",
        sa.Column("reading_id", sa.String(length=64), nullable=False),
        sa.Column("patient_id", sa.String(length=64), nullable=False),
        sa.Column("exam_uid", sa.String(length=200), nullable=False),
        sa.Column("reader", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("amends", sa.String(length=64), nullable=True),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("content_sha256", sa.String(length=64), nullable=False),
        sa.CheckConstraint("state IN ('draft', 'signed')", name=op.f("ck_readings_state")),
        sa.ForeignKeyConstraint(["amends"], ["readings.reading_id"], name=op.f("fk_readings_amends")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.patient_id"], name=op.f("fk_readings_patient_id")),
        sa.PrimaryKeyConstraint("reading_id", name=op.f("pk_readings")),
    )
    op.create_index(op.f("ix_readings_patient_id"), "readings", ["patient_id"], unique=False)
    op.create_table(
        "treatments",
        sa.Column("treatment_id", sa.String(length=64), nullable=False),
        sa.Column("patient_id", sa.String(length=64), nullable=False),
        sa.Column("drug", sa.String(length=32), nullable=False),
        sa.Column("start_date", sa.Date(), nullable=False),
        sa.Column("stop_date", sa.Date(), nullable=True),
        sa.Column("cycles", sa.Integer(), nullable=True),
        sa.Column("dose_as_documented", sa.String(length=200), nullable=True),
        sa.Column("dose", sa.Float(), nullable=True),
        sa.Column("dose_unit", sa.String(length=32), nullable=True),
        sa.Column("interval_weeks", sa.Float(), nullable=True),
        sa.Column("reason", sa.String(length=32), nullable=True),
        sa.Column("response", sa.String(length=32), nullable=True),
        sa.Column("response_date", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patients.patient_id"], name=op.f("fk_treatments_patient_id")
        ),
        sa.PrimaryKeyConstraint("treatment_id", name=op.f("pk_treatments")),
    )
    op.create_index(op.f("ix_treatments_patient_id"), "treatments", ["patient_id"], unique=False)
    op.create_table(
        "visits",
        sa.Column("visit_id", sa.String(length=64), nullable=False),
        sa.Column("patient_id", sa.String(length=64), nullable=False),
        sa.Column("visit_date", sa.Date(), nullable=False),
        sa.Column("bone_pain", sa.Boolean(), nullable=True),
        sa.Column("bone_pain_worse_at_night", sa.Boolean(), nullable=True),
        sa.Column("loss_of_function", sa.Boolean(), nullable=True),
        sa.Column("morning_stiffness", sa.Boolean(), nullable=True),
        sa.Column("fever_above_38_5", sa.Boolean(), nullable=True),
        sa.Column("weight_loss", sa.Boolean(), nullable=True),
        sa.Column("fatigue", sa.Boolean(), nullable=True),
        sa.Column("stopped_sport", sa.Boolean(), nullable=True),
        sa.Column("pain_provoked_by_trigger", sa.Boolean(), nullable=True),
        sa.Column("pain_on_palpation", sa.Boolean(), nullable=True),
        sa.Column("bone_swelling", sa.Boolean(), nullable=True),
        sa.Column("restricted_range_of_motion", sa.Boolean(), nullable=True),
        sa.Column("associated_arthritis", sa.Boolean(), nullable=True),
        sa.Column("crp_mg_per_l", sa.Float(), nullable=True),
        sa.Column("esr_mm_per_h", sa.Float(), nullable=True),
        sa.Column("crp_upper_mg_per_l", sa.Float(), nullable=True),
        sa.Column("esr_upper_mm_per_h", sa.Float(), nullable=True),
        sa.Column("haemoglobin_g_per_dl", sa.Float(), nullable=True),
        sa.Column("leukocytes_e9_per_l", sa.Float(), nullable=True),
        sa.Column("platelets_e9_per_l", sa.Float(), nullable=True),
        sa.Column("alp_u_per_l", sa.Float(), nullable=True),
        sa.Column("ldh_u_per_l", sa.Float(), nullable=True),
        sa.Column("temperature_c", sa.Float(), nullable=True),
        sa.Column("physician_global", sa.Float(), nullable=True),
        sa.Column("patient_global", sa.Float(), nullable=True),
        sa.Column("pain_score", sa.Float(), nullable=True),
        sa.Column("chaq", sa.Float(), nullable=True),
        sa.Column("imaging_clear", sa.Boolean(), nullable=True),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.patient_id"], name=op.f("fk_visits_patient_id")),
        sa.PrimaryKeyConstraint("visit_id", name=op.f("pk_visits")),
    )
    op.create_index(op.f("ix_visits_patient_id"), "visits", ["patient_id"], unique=False)
    op.create_table(
        "lesions",
        sa.Column("lesion_id", sa.String(length=64), nullable=False),
        sa.Column("patient_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("site_id", sa.String(length=64), nullable=True),
        sa.Column("place", sa.String(length=64), nullable=True),
        sa.Column("first_seen_date", sa.Date(), nullable=True),
        sa.Column("resolved_date", sa.Date(), nullable=True),
        sa.Column("at_onset", sa.Boolean(), nullable=True),
        sa.Column("pair_id", sa.String(length=200), nullable=True),
        sa.Column("exam_id", sa.String(length=64), nullable=True),
        sa.Column("radiograph_density", sa.String(length=32), nullable=True),
        sa.Column("radiograph_periosteal_reaction", sa.Boolean(), nullable=True),
        sa.Column("radiograph_hyperostosis", sa.Boolean(), nullable=True),
        sa.Column("radiograph_ill_defined", sa.Boolean(), nullable=True),
        sa.Column("radiograph_cortical_expansion", sa.Boolean(), nullable=True),
        sa.Column("mri_periosteal_reaction", sa.Boolean(), nullable=True),
        sa.Column("mri_cortical_involvement", sa.Boolean(), nullable=True),
        sa.Column("mri_soft_tissue_oedema", sa.Boolean(), nullable=True),
        sa.Column("mri_synovitis", sa.Boolean(), nullable=True),
        sa.Column("signal_grade", sa.Integer(), nullable=True),
        sa.Column("volume_ml", sa.Float(), nullable=True),
        sa.Column("max_diameter_mm", sa.Float(), nullable=True),
        sa.Column("si_ratio", sa.Float(), nullable=True),
        sa.Column("adc", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(["exam_id"], ["exams.exam_id"], name=op.f("fk_lesions_exam_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.patient_id"], name=op.f("fk_lesions_patient_id")),
        sa.PrimaryKeyConstraint("lesion_id", name=op.f("pk_lesions")),
    )
    op.create_index(op.f("ix_lesions_exam_id"), "lesions", ["exam_id"], unique=False)
    op.create_index(op.f("ix_lesions_patient_id"), "lesions", ["patient_id"], unique=False)
    op.create_table(
        "pairs",
        sa.Column("pair_id", sa.String(length=64), nullable=False),
        sa.Column("patient_id", sa.String(length=64), nullable=False),
        sa.Column("earlier_reading", sa.String(length=64), nullable=False),
        sa.Column("earlier_lesion", sa.String(length=64), nullable=False),
        sa.Column("later_reading", sa.String(length=64), nullable=False),
        sa.Column("later_lesion", sa.String(length=64), nullable=False),
        sa.Column("confirmed_by", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["earlier_reading"], ["readings.reading_id"], name=op.f("fk_pairs_earlier_reading")
        ),
        sa.ForeignKeyConstraint(
            ["later_reading"], ["readings.reading_id"], name=op.f("fk_pairs_later_reading")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.patient_id"], name=op.f("fk_pairs_patient_id")),
        sa.PrimaryKeyConstraint("pair_id", name=op.f("pk_pairs")),
        sa.UniqueConstraint(
            "earlier_reading",
            "earlier_lesion",
            "later_reading",
            "later_lesion",
            name=op.f("uq_pairs_earlier_reading_earlier_lesion_later_reading_later_lesion"),
        ),
    )
    op.create_index(op.f("ix_pairs_patient_id"), "pairs", ["patient_id"], unique=False)
    op.create_table(
        "study_assignments",
        sa.Column("study_id", sa.String(length=64), nullable=False),
        sa.Column("case_id", sa.String(length=64), nullable=False),
        sa.Column("reader", sa.String(length=64), nullable=False),
        sa.Column("exam_uid", sa.String(length=200), nullable=False),
        sa.Column("patient_id", sa.String(length=64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("reading_id", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patients.patient_id"], name=op.f("fk_study_assignments_patient_id")
        ),
        sa.ForeignKeyConstraint(
            ["reading_id"], ["readings.reading_id"], name=op.f("fk_study_assignments_reading_id")
        ),
        sa.ForeignKeyConstraint(
            ["study_id"], ["reading_studies.study_id"], name=op.f("fk_study_assignments_study_id")
        ),
        sa.PrimaryKeyConstraint("study_id", "case_id", "reader", name=op.f("pk_study_assignments")),
    )
    op.create_table(
        "study_consensus",
        sa.Column("study_id", sa.String(length=64), nullable=False),
        sa.Column("case_id", sa.String(length=64), nullable=False),
        sa.Column("reading_id", sa.String(length=64), nullable=False),
        sa.Column("adjudicator", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["reading_id"], ["readings.reading_id"], name=op.f("fk_study_consensus_reading_id")
        ),
        sa.ForeignKeyConstraint(
            ["study_id"], ["reading_studies.study_id"], name=op.f("fk_study_consensus_study_id")
        ),
        sa.PrimaryKeyConstraint("study_id", "case_id", name=op.f("pk_study_consensus")),
    )
