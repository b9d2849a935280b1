"""Signs a reader states about the whole exam rather than about one lesion; most of them speak against CNO."""

from __future__ import annotations

from dataclasses import dataclass

from marrowmap.core.lesion import Assessment


@dataclass(frozen=True)
class ImagingSigns:
    """Whole-exam signs; each may be "not assessed" and then stays so.

    all_metaphyses_symmetric: signal in every metaphysis on both sides, as in scurvy.
    aggressive_periosteal_reaction: spiculated, or a Codman triangle. diffuse_marrow_replacement: no normal
    marrow left between lesions. kyphosis: as judged on sagittal images.
    """

    abscess: Assessment = Assessment.NOT_ASSESSED
    fistula: Assessment = Assessment.NOT_ASSESSED
    sequestrum: Assessment = Assessment.NOT_ASSESSED
    aggressive_periosteal_reaction: Assessment = Assessment.NOT_ASSESSED
    diffuse_marrow_replacement: Assessment = Assessment.NOT_ASSESSED
    all_metaphyses_symmetric: Assessment = Assessment.NOT_ASSESSED
    subperiosteal_blood: Assessment = Assessment.NOT_ASSESSED
    crosses_disc: Assessment = Assessment.NOT_ASSESSED
    linear_low_t1_band: Assessment = Assessment.NOT_ASSESSED
    lesion_without_oedema: Assessment = Assessment.NOT_ASSESSED
    kyphosis: Assessment = Assessment.NOT_ASSESSED
    scoliosis: Assessment = Assessment.NOT_ASSESSED
    physeal_bar: Assessment = Assessment.NOT_ASSESSED
