"""Which network is asked when: that of parts only for a part that the other one does not trust itself on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from marrowmap.core.geometry import Grid, PointMm
from marrowmap.core.site import sites_by_id
from marrowmap.core.volume import Contrast, Volume
from marrowmap.imaging import label
from marrowmap.imaging.label_assemble import Assembled
from marrowmap.imaging.network import REGIONAL, Bones, weights_there

FEMUR = sites_by_id()["femur_diaphysis_left"]


def block(rows: int, contrast: Contrast = Contrast.STIR) -> Volume:
    array = np.full((20, rows, 40), 0.0, np.float32)
    array[4:16, :, 8:32] = 100 + np.random.default_rng(1).normal(0, 5, (12, rows, 24))
    return Volume(array, Grid.coronal(array.shape, (5.0, 3.0, 3.0), PointMm(-58.5, -47.5, 0.0)), contrast)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the networks asked; that of whole bodies names nothing, that of parts one unit."""
    names: list[str] = []

    def named(work: Any, network: str) -> tuple[Bones, Bones, Assembled]:
        names.append(network)
        labels = np.full(work.grid.shape, FEMUR.label if network == REGIONAL else 0, np.uint8)
        bone = np.full(work.grid.shape, 0.9, np.float16)
        none = np.zeros((0, 3))
        found = Bones(
            bone, bone, bone, none.astype(np.intp), none.astype(np.float16), none.astype(np.float16)
        )
        return found, found, Assembled(labels, {FEMUR.id: 0.9}, frozenset(), {}, ())

    monkeypatch.setattr(label, "_first_look", named)
    monkeypatch.setattr(label, "bone_share", lambda view: np.ones(view.grid.shape, np.float16))
    return names


def test_a_part_that_whole_body_labels_do_not_trust_is_asked_again(asked: list[str]) -> None:
    found = label.label_skeleton({"STIR": block(100)})
    assert asked == ["units", REGIONAL]
    assert (found.labels == FEMUR.label).all()


def test_a_whole_body_is_never_asked_of_the_network_of_parts(asked: list[str]) -> None:
    found = label.label_skeleton({"STIR": block(300)})
    assert asked == ["units"]
    assert not found.labels.any()


def test_a_named_network_is_asked_alone(asked: list[str]) -> None:
    label.label_skeleton({"STIR": block(100)}, network=REGIONAL)
    assert asked == [REGIONAL]


def test_noise_gets_no_name() -> None:
    """Both networks that ship are asked for real, and neither is sure."""
    assert weights_there(REGIONAL)
    found, said = label.label_part({"STIR": block(60)})
    assert found is None
    assert said


def test_diffusion_alone_is_not_asked() -> None:
    found, said = label.label_part({"DWI_b800": block(60, Contrast.DWI)})
    assert found is None
    assert "anatomy" in said
