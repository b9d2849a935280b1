"""Coverage from the silhouette and the protocol's items, from made exams."""

import numpy as np
import pytest
from stations_for_tests import WHOLE, Made, axial_of, body, coronal_exam, cut

from marrowmap.core.exam import BodyRegion
from marrowmap.core.geometry import Grid, Plane
from marrowmap.core.volume import Contrast
from marrowmap.imaging.body import body_mask
from marrowmap.imaging.compose import compose_exam
from marrowmap.imaging.coverage import covered_z, silhouette
from marrowmap.imaging.mip import mip
from marrowmap.imaging.protocol import assess_protocol


def judged(made):
    return assess_protocol(made.exam, compose_exam(made.exam, made.load))


def sagittal_of(whole, rows, columns):
    """Sagittal stack of a block of the body, by reordering."""
    array, own = cut(whole, WHOLE, rows, columns)
    affine = np.array(own.affine)[:, [2, 1, 0, 3]]
    turned = np.ascontiguousarray(array.transpose(2, 1, 0))
    assert Grid(turned.shape, affine).plane is Plane.SAGITTAL
    return turned, Grid(turned.shape, affine)


def test_body_mask_follows_the_skin():
    made, whole = coronal_exam()
    volume = compose_exam(made.exam, made.load).volumes["STIR"]
    mask = body_mask(volume)
    inside = whole > 0
    assert (mask & inside).sum() / inside.sum() > 0.95
    assert (mask & ~inside).sum() / inside.sum() < 0.08


def test_head_and_feet_are_reached_when_air_is_seen_beyond_them():
    made, _ = coronal_exam()
    ends = silhouette(compose_exam(made.exam, made.load).volumes["STIR"])
    assert ends.reach.vertex
    assert ends.reach.soles
    assert ends.high_z == pytest.approx(450 - 8 * 3, abs=6)
    assert ends.low_z == pytest.approx(450 - 291 * 3, abs=6)


def test_feet_outside_the_field_are_named():
    whole = body()
    made = Made()
    made.add(*cut(whole, WHOLE, (0, 150)))
    made.add(*cut(whole, WHOLE, (130, 270)))
    report = judged(made)
    assert report.vertex_reached is True
    assert report.soles_reached is False
    item = report.item("coronal fluid-sensitive, head to feet")
    assert item.state == "partial"
    assert item.consequence == "feet not covered: foot units not assessed"
    assert report.status == "regional"


def test_a_gap_makes_the_row_partial():
    whole = body()
    made = Made()
    made.add(*cut(whole, WHOLE, (0, 140)))
    made.add(*cut(whole, WHOLE, (160, 300)))
    item = judged(made).item("coronal fluid-sensitive, head to feet")
    assert item.state == "partial"
    assert "gap of 6" in item.consequence


def test_a_body_cut_at_the_side_is_said():
    whole = body()
    made = Made()
    made.add(*cut(whole, WHOLE, (0, 300), columns=(14, 60)))
    item = judged(made).item("mandible, clavicles and hands inside the field of view")
    assert item.state == "partial"
    assert "arm and hand units" in item.consequence


def test_a_whole_exam_is_complete():
    made, whole = coronal_exam()
    made.add(*sagittal_of(whole, (20, 130), (22, 38)))
    made.add(*sagittal_of(whole, (260, 300), (10, 28)))
    made.add(*sagittal_of(whole, (260, 300), (32, 50)))
    report = judged(made)
    assert report.status == "complete"
    assert report.item("axial fluid-sensitive, pelvis").state == "missing"
    assert not report.item("axial fluid-sensitive, pelvis").required


def test_one_foot_is_not_both():
    made, whole = coronal_exam()
    made.add(*sagittal_of(whole, (20, 130), (22, 38)))
    made.add(*sagittal_of(whole, (260, 300), (36, 56)))
    report = judged(made)
    assert report.status == "limited"
    assert report.item("sagittal fluid-sensitive, ankles and feet").consequence.startswith("the right foot")


def test_coronal_alone_is_limited():
    made, _ = coronal_exam()
    assert judged(made).status == "limited"


def test_pelvis_and_knees_alone_are_regional():
    whole = body()
    made = Made()
    made.add(*cut(whole, WHOLE, (120, 165)), body_region=BodyRegion.PELVIS)
    made.add(*axial_of(whole, WHOLE, (210, 235)), Contrast.STIR, body_region=BodyRegion.KNEES)
    report = judged(made)
    assert report.status == "regional"
    assert report.item("axial fluid-sensitive, knees").state == "present"


def test_no_fluid_sensitive_images_at_all():
    made = Made()
    whole = body()
    made.add(*cut(whole, WHOLE, (0, 300)), Contrast.T1)
    report = judged(made)
    assert report.status == "regional"
    assert report.item("coronal fluid-sensitive, head to feet").state == "missing"


def test_covered_range_leaves_out_what_was_not_measured():
    made, _ = coronal_exam()
    done = compose_exam(made.exam, made.load)
    low, high = covered_z(done.volumes["STIR"])
    assert (low, high) == pytest.approx((450 - 299 * 3 - 1.5, 451.5))


def test_mip_keeps_the_depth_of_the_brightest_voxel():
    made, _ = coronal_exam()
    volume = compose_exam(made.exam, made.load).volumes["STIR"]
    image, depth = mip(volume)
    assert image.shape == depth.shape == volume.grid.shape[1:]
    assert depth.dtype == np.uint16
    np.testing.assert_array_equal(
        np.take_along_axis(volume.array, depth[None].astype(int), axis=0)[0][image > 0], image[image > 0]
    )
