"""What a tool without bones would do: register the two exams, then pair nearest centres.

Rigid and deformable (B-spline) registration by mutual information with SimpleITK on the fluid-sensitive volumes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import linear_sum_assignment

from marrowmap.bench.followup_pairs import ExamPair, PairExam
from marrowmap.errors import MissingExtra

if TYPE_CHECKING:
    import SimpleITK

REACH_MM = 30.0
"""Centres farther apart than this after registration are no pair."""
PITCH_MM = 6.0
SPLINE_MM = 90.0


def _library() -> Any:
    try:
        import SimpleITK
    except ImportError:
        raise MissingExtra(
            "SimpleITK",
            "is not installed, so registration cannot be compared",
            "pip install marrowmap[followup]",
        ) from None
    return SimpleITK


def rigid(pair: ExamPair) -> SimpleITK.Transform:
    """Transform from earlier to later patient coordinates."""
    sitk = _library()
    fixed, moving = _image(pair.before), _image(pair.after)
    start = sitk.CenteredTransformInitializer(
        fixed, moving, sitk.Euler3DTransform(), sitk.CenteredTransformInitializerFilter.GEOMETRY
    )
    method = _method(sitk)
    method.SetOptimizerAsRegularStepGradientDescent(2.0, 0.02, 150)
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetInitialTransform(start, inPlace=False)
    return method.Execute(fixed, moving)


def deformable(pair: ExamPair, start: SimpleITK.Transform | None = None) -> SimpleITK.Transform:
    """Rigid first, then B-spline on top; from earlier to later patient coordinates."""
    sitk = _library()
    first = rigid(pair) if start is None else start
    fixed, moving = _image(pair.before), _image(pair.after)
    mesh = [
        max(2, round(n * s / SPLINE_MM)) for n, s in zip(fixed.GetSize(), fixed.GetSpacing(), strict=True)
    ]
    spline = sitk.BSplineTransformInitializer(fixed, mesh)
    method = _method(sitk)
    method.SetOptimizerAsLBFGSB(numberOfIterations=60)
    method.SetShrinkFactorsPerLevel([2, 1])
    method.SetSmoothingSigmasPerLevel([1, 0])
    method.SetMovingInitialTransform(first)
    method.SetInitialTransform(spline, inPlace=False)
    found = method.Execute(fixed, moving)
    return sitk.CompositeTransform([first, found])


def nearest_centres(pair: ExamPair, transform: SimpleITK.Transform) -> set[tuple[int, int]]:
    """Pairs of lesion numbers whose centres lie nearest after the transform, each lesion once."""
    before = {
        k: transform.TransformPoint(tuple(o.points_mm.mean(axis=0))) for k, o in pair.before.outlines.items()
    }
    after = {k: o.points_mm.mean(axis=0) for k, o in pair.after.outlines.items()}
    if not before or not after:
        return set()
    first, then = list(before), list(after)
    apart = np.array([[float(np.linalg.norm(np.subtract(before[i], after[j]))) for j in then] for i in first])
    rows, columns = linear_sum_assignment(np.minimum(apart, 2 * REACH_MM))
    return {(first[i], then[j]) for i, j in zip(rows, columns, strict=True) if apart[i, j] < REACH_MM}


def _method(sitk: Any) -> Any:
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(32)
    method.SetMetricSamplingStrategy(method.REGULAR)
    method.SetMetricSamplingPercentage(0.25)
    method.SetInterpolator(sitk.sitkLinear)
    return method


def _image(exam: PairExam) -> SimpleITK.Image:
    """The STIR volume on a coarse grid as an image in LPS millimetres."""
    sitk = _library()
    volume = exam.volumes["STIR"]
    step = [max(1, round(PITCH_MM / s)) for s in volume.grid.spacing]
    array = np.log1p(volume.array[:: step[0], :: step[1], :: step[2]].astype(np.float32))
    # Rows run head to feet: turned, so that every direction of the image is positive.
    image = sitk.GetImageFromArray(np.ascontiguousarray(array[:, ::-1].transpose(1, 0, 2)))
    spacing = [n * s for n, s in zip(step, volume.grid.spacing, strict=True)]
    image.SetSpacing((spacing[2], spacing[0], spacing[1]))
    start = volume.grid.affine[:3, 3]
    lowest = start[2] - spacing[1] * (array.shape[1] - 1)
    image.SetOrigin((float(start[0]), float(start[1]), float(lowest)))
    return image
