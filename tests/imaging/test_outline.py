"""Edges of bone on the 2 mm grid: what is asked, what is handed on, and that left and right stay what they are."""

from __future__ import annotations

import numpy as np
import pytest

from marrowmap.core.geometry import Grid, PointMm
from marrowmap.core.site import site
from marrowmap.core.volume import Contrast, Volume
from marrowmap.imaging.label import label_skeleton
from marrowmap.imaging.network import Bones, session
from marrowmap.imaging.outline import COUNT, PIXEL_MM, bone_share, outline_view
from marrowmap.imaging.working import prepare

TIBIA = {side: site(f"tibia_diaphysis_{side}").label for side in ("right", "left")}
SHAPE = (16, 90, 100)


def volumes(pixel: float = 2.0) -> dict[str, Volume]:
    """Two shafts of dark marrow in muscle, the patient's right one at small columns."""
    grid = Grid.coronal(SHAPE, (5.0, pixel, pixel), PointMm(-pixel * 49.5, -37.5, pixel * 45))
    slices, _, columns = np.indices(SHAPE)
    array = np.full(SHAPE, 100.0, np.float32)
    for centre in (25, 74):
        array[np.hypot((slices - 7.5) * 5, (columns - centre) * pixel) < 14] = 30
    return {"STIR": Volume(array, grid, Contrast.STIR)}


def thought(given: dict[str, Volume]) -> tuple[Bones, np.ndarray]:
    """What the unit network might think of them: probable inside, less so at the edge."""
    work = prepare(given)
    bone = 1 - np.clip(work.signal["STIR"] / 100, 0, 1) ** 2
    labels = np.zeros(work.grid.shape, np.uint8)
    middle = work.grid.shape[2] // 2
    labels[..., :middle][bone[..., :middle] > 0.15] = TIBIA["right"]
    labels[..., middle:][bone[..., middle:] > 0.15] = TIBIA["left"]
    none = np.zeros(work.grid.shape, np.float16)
    empty = np.zeros((0, 3))
    return Bones(
        bone.astype(np.float16), none, (1 - bone).astype(np.float16), empty.astype(np.intp), empty, empty
    ), labels


def test_the_network_reads_as_many_numbers_as_are_made() -> None:
    assert session("outline").get_inputs()[0].shape[1] == COUNT


@pytest.mark.parametrize("pixel", [1.2, 2.0, 2.6])
def test_outlines_lie_on_two_millimetres_whatever_the_exam(pixel: float) -> None:
    given = volumes(pixel)
    bones, labels = thought(given)
    view = outline_view(given, prepare(given), bones, labels)
    assert view.grid.spacing[1:] == (PIXEL_MM, PIXEL_MM)
    assert view.at(np.argwhere(view.worth)[:7]).shape == (7, COUNT)


def test_only_places_near_likely_bone_are_asked_and_each_has_a_unit_of_its_own_side() -> None:
    given = volumes()
    bones, labels = thought(given)
    view = outline_view(given, prepare(given), bones, labels)
    x = view.grid.affine[0, 3] + view.grid.affine[0, 2] * np.arange(view.grid.shape[2])
    assert 0.02 < view.worth.mean() < 0.3
    assert set(np.unique(view.nearest[view.worth])) == set(TIBIA.values())
    sides = {int(v) for v in np.unique(view.nearest[..., x < -10])} - {0}
    assert sides == {TIBIA["right"]}, "x grows towards the patient's left"


def test_nothing_is_bone_where_nothing_was_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    given = volumes()
    bones, labels = thought(given)
    view = outline_view(given, prepare(given), bones, labels)

    class Always:
        def run(self, _names: None, feed: dict[str, np.ndarray]) -> tuple[np.ndarray]:
            return (np.full((len(feed["x"]), 1), 9.0, np.float32),)

    monkeypatch.setattr("marrowmap.imaging.network.session", lambda _name: Always())
    share = bone_share(view)
    assert np.array_equal(share > 0.5, view.worth)


def test_edges_found_do_not_depend_on_the_side() -> None:
    given = volumes()
    bones, labels = thought(given)
    share = bone_share(outline_view(given, prepare(given), bones, labels)).astype(np.float32)
    right, left = share[..., :50].sum(), share[..., 50:].sum()
    assert right == pytest.approx(left, rel=0.1)


def test_an_exam_without_bone_gets_no_label() -> None:
    given = volumes()
    flat = {"STIR": Volume(np.full(SHAPE, 50.0, np.float32), given["STIR"].grid, Contrast.STIR)}
    assert not label_skeleton(flat).labels.any()


@pytest.mark.parametrize("empty", [(7, 90, 60), (0, 30, 33)])
def test_reading_only_the_part_with_bone_changes_no_number(
    monkeypatch: pytest.MonkeyPatch, empty: tuple[int, int, int]
) -> None:
    """Two shafts and ``empty`` slices, rows and columns of air before them."""
    given = {
        name: Volume(
            np.pad(v.array, [(n, 12) for n in empty]),
            Grid.coronal(
                (SHAPE[0] + empty[0] + 12, SHAPE[1] + empty[1] + 12, SHAPE[2] + empty[2] + 12),
                v.grid.spacing,
                PointMm(-200, -100, 200),
            ),
            v.contrast,
        )
        for name, v in volumes().items()
    }
    work = prepare(given)
    bone = np.zeros(work.grid.shape, np.float16)
    rows = slice(empty[1] * 2 // 3 + 20, empty[1] * 2 // 3 + 40)
    bone[empty[0] + 6 : empty[0] + 10, rows, empty[2] * 2 // 3 + 12 : empty[2] * 2 // 3 + 20] = 0.8
    labels = np.where(bone > 0, TIBIA["right"], 0).astype(np.uint8)
    none = np.zeros((0, 3))
    bones = Bones(bone, bone, bone, none.astype(np.intp), none, none)
    part = outline_view(given, work, bones, labels)
    everything = tuple(slice(0, n) for n in part.grid.shape)
    monkeypatch.setattr("marrowmap.imaging.outline._box_to_read", lambda _worth, _spacing: everything)
    whole = outline_view(given, work, bones, labels)
    places = np.argwhere(whole.worth)
    assert part.corner != (0, 0, 0)
    assert len(places) > 500
    np.testing.assert_allclose(part.at(places), whole.at(places), atol=1e-5)
