"""The written exam: read back by pydicom, SimpleITK and dcm2niix; sides, geometry, marks, determinism."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import nibabel as nib
import numpy as np
import pydicom
import pytest

from marrowmap.errors import InvalidRecord, OutputExists
from marrowmap.phantom.exam import ExamRequest, write_exam


def headers(series, folder):
    files = sorted((folder / series["folder"]).glob("*.dcm"))
    return [pydicom.dcmread(f) for f in files]


def grid_of(datasets):
    """Affine (slice, row, column) from headers alone, as any reader derives it."""
    first, second = datasets[0], datasets[1]
    across, down = np.array(first.ImageOrientationPatient, float).reshape(2, 3)
    affine = np.eye(4)
    affine[:3, 0] = np.array(second.ImagePositionPatient, float) - np.array(first.ImagePositionPatient, float)
    affine[:3, 1] = down * float(first.PixelSpacing[0])
    affine[:3, 2] = across * float(first.PixelSpacing[1])
    affine[:3, 3] = np.array(first.ImagePositionPatient, float)
    return affine


def by_purpose(truth, purpose, contrast):
    return [s for s in truth.record["series"] if s["purpose"] == purpose and s["contrast"] == contrast]


def test_exam_holds_what_the_protocol_asks_for(small_exam):
    assert len(by_purpose(small_exam, "coronal", "STIR")) == 5
    assert len(by_purpose(small_exam, "coronal", "T1")) == 5
    assert len(by_purpose(small_exam, "spine", "STIR")) == 2
    for purpose in ("foot_right", "foot_left", "pelvis", "knees"):
        assert len(by_purpose(small_exam, purpose, "STIR")) == 1
    diffusion = by_purpose(small_exam, "dwi", "DWI")
    assert diffusion
    assert all(s["b_values"] == [50.0, 800.0] for s in diffusion)
    assert len(by_purpose(small_exam, "dwi", "ADC")) == len(diffusion)
    on_disk = len(list((small_exam.folder / "dicom").rglob("*.dcm")))
    assert on_disk == small_exam.record["exam"]["images"]


def test_every_image_is_marked_synthetic(small_dicom):
    for path in sorted(small_dicom.rglob("*.dcm"))[::7]:
        ds = pydicom.dcmread(path, stop_before_pixels=True)
        assert str(ds.PatientName).startswith("SYNTHETIC")
        assert "SYNTHETIC" in ds.ImageComments
        assert ds.SyntheticData == "YES"


def test_geometry_of_headers_is_that_of_the_truth(small_exam):
    for series in small_exam.record["series"]:
        if series["purpose"] == "localizer":
            continue
        affine = grid_of(headers(series, small_exam.folder)[:2])
        assert np.abs(affine - np.array(series["affine_lps"])).max() < 1e-4, series["purpose"]


def test_stations_overlap_and_reach_from_head_to_feet(small_exam):
    tops, bottoms = [], []
    for series in by_purpose(small_exam, "coronal", "STIR"):
        affine = np.array(series["affine_lps"])
        tops.append(affine[2, 3])
        bottoms.append(affine[2, 3] + affine[2, 1] * (series["shape"][1] - 1))
    marks = small_exam.record["child"]["landmarks_mm"]
    assert tops[0] > marks["vertex"][2]
    assert bottoms[-1] < min(marks["heel_left"][2], marks["toes_left"][2])
    for bottom, top in zip(bottoms[:-1], tops[1:], strict=True):
        assert 20 < top - bottom < 60


def test_simpleitk_agrees_with_pydicom(small_exam):
    sitk = pytest.importorskip("SimpleITK", reason="SimpleITK is not installed")
    for purpose in ("coronal", "spine", "foot_left"):
        series = by_purpose(small_exam, purpose, "STIR")[0]
        folder = str(small_exam.folder / series["folder"])
        reader = sitk.ImageSeriesReader()
        reader.SetFileNames(reader.GetGDCMSeriesFileNames(folder))
        image = reader.Execute()
        expected = np.array(series["affine_lps"])
        corners = {
            tuple(np.round((expected @ [s, r, c, 1])[:3], 2))
            for s in (0, series["shape"][0] - 1)
            for r in (0, series["shape"][1] - 1)
            for c in (0, series["shape"][2] - 1)
        }
        n = image.GetSize()
        found = [
            image.TransformIndexToPhysicalPoint((i, j, k))
            for i in (0, n[0] - 1)
            for j in (0, n[1] - 1)
            for k in (0, n[2] - 1)
        ]
        for point in found:
            assert min(np.abs(np.array(c) - point).max() for c in corners) < 0.011


def test_dcm2niix_agrees_with_pydicom(small_exam, tmp_path):
    tool = shutil.which("dcm2niix", path=str(Path(sys.executable).parent)) or shutil.which("dcm2niix")
    if tool is None:
        pytest.skip("dcm2niix is not installed")
    series = by_purpose(small_exam, "foot_right", "STIR")[0]
    command = [tool, "-z", "n", "-f", "out", "-o", str(tmp_path), str(small_exam.folder / series["folder"])]
    subprocess.run(command, check=True, capture_output=True)
    image = nib.load(next(tmp_path.glob("*.nii")))
    lps = np.diag([-1, -1, 1, 1]) @ image.affine
    expected = np.array(series["affine_lps"])
    shape = series["shape"]
    mine = [
        expected @ [s, r, c, 1]
        for s in (0, shape[0] - 1)
        for r in (0, shape[1] - 1)
        for c in (0, shape[2] - 1)
    ]
    size = image.shape
    for i in (0, size[0] - 1):
        for j in (0, size[1] - 1):
            for k in (0, size[2] - 1):
                point = lps @ [i, j, k, 1]
                assert min(np.abs(m[:3] - point[:3]).max() for m in mine) < 0.01


def test_left_stays_left_through_dicom_and_back(small_exam):
    """Bright voxels of a strong left tibial lesion, found from the DICOM alone, have positive x."""
    labels = nib.load(small_exam.folder / "lesions.nii.gz")
    array = np.asarray(labels.dataobj)
    for lesion in small_exam.lesions:
        side = lesion.finding.sites[0].rsplit("_", 1)[-1]
        if side not in ("left", "right"):
            continue
        index = np.argwhere(array == lesion.finding.id)
        ras = index @ labels.affine[:3, :3].T + labels.affine[:3, 3]
        assert (np.sign(ras[:, 0]) == (-1 if side == "left" else 1)).all()
    numbers = [f.finding.id for f in small_exam.lesions if f.finding.sites[0].endswith("metaphysis_left")]
    index = np.argwhere(np.isin(array, numbers))
    points = (index @ labels.affine[:3, :3].T + labels.affine[:3, 3]) * [-1, -1, 1]
    means = {sign: mean_signal(small_exam, points * [sign, 1, 1]) for sign in (1, -1)}
    assert means[1] > 1.2 * means[-1]


def mean_signal(truth, points):
    """Mean STIR signal at places in the patient against the median of each coronal station, from DICOM alone."""
    values = []
    for series in by_purpose(truth, "coronal", "STIR"):
        datasets = headers(series, truth.folder)
        volume = np.stack([d.pixel_array for d in datasets]).astype(float)
        inverse = np.linalg.inv(grid_of(datasets))
        v = np.rint(points @ inverse[:3, :3].T + inverse[:3, 3]).astype(int)
        v = v[((v >= 0) & (v < volume.shape)).all(axis=1)]
        values += list(volume[tuple(v.T)] / np.median(volume[volume > 40]))
    return np.mean(values)


def test_feet_are_named_by_their_side(small_exam):
    for side in ("right", "left"):
        series = by_purpose(small_exam, f"foot_{side}", "STIR")[0]
        ds = headers(series, small_exam.folder)[0]
        assert ds.Laterality == side[0].upper()
        middle = np.array(series["affine_lps"]) @ [*(np.array(series["shape"]) / 2), 1]
        assert (middle[0] > 0) == (side == "left")


def test_truth_names_every_unit_and_measures_every_lesion(small_exam):
    record = json.loads((small_exam.folder / "truth.json").read_text("utf-8"))
    assert record["synthetic"] is True
    assert len(record["units"]) == 129
    assert all(unit["present"] for unit in record["units"])
    assert len(record["lesions"]) == 4
    for lesion in record["lesions"]:
        assert lesion["volume_ml"] > 0
        assert lesion["max_diameter_mm"] > 0


def test_the_scanner_adc_is_what_its_b_values_give(small_exam):
    station = len(by_purpose(small_exam, "dwi", "DWI")) // 2
    source, derived = (by_purpose(small_exam, "dwi", c)[station] for c in ("DWI", "ADC"))
    datasets = headers(source, small_exam.folder)
    half = len(datasets) // 2
    low, high = (
        np.stack([d.pixel_array for d in part]).astype(float) for part in (datasets[:half], datasets[half:])
    )
    assert int(datasets[0][0x0019, 0x100C].value) == 50
    assert int(datasets[-1][0x0019, 0x100C].value) == 800
    adc = np.stack([d.pixel_array for d in headers(derived, small_exam.folder)])
    good = (adc > 400) & (high > 60)
    assert good.sum() > 200
    mine = 1e6 * np.log(low[good] / high[good]) / 750
    assert np.median(np.abs(mine - adc[good]) / adc[good]) < 0.05


@pytest.mark.parametrize(("vendor", "field"), [("philips", 3.0), ("ge", 1.5)])
def test_other_makers_put_the_b_value_elsewhere(vendor, field, tmp_path):
    request = ExamRequest(6, 5, "M", "none", "easy", "analytic", field, vendor, small=True)
    truth = write_exam(request, tmp_path / "exam")
    ds = headers(by_purpose(truth, "dwi", "DWI")[0], truth.folder)
    if vendor == "ge":
        assert {int(d[0x0043, 0x1039].value[0]) - 1000000000 for d in ds} == {50, 800}
    else:
        assert {d[0x0018, 0x9087].value for d in ds} == {50.0, 800.0}
    frames = {headers(s, truth.folder)[0].FrameOfReferenceUID for s in by_purpose(truth, "coronal", "STIR")}
    assert len(frames) == (1 if vendor == "ge" else 5)
    assert float(ds[0].MagneticFieldStrength) == field
    assert not truth.lesions


def test_same_seed_gives_the_same_bytes(small_exam, tmp_path):
    again = write_exam(
        ExamRequest(
            **{**small_exam.record["request"], "lesions": tuple(small_exam.record["request"]["lesions"])}
        ),
        tmp_path / "again",
    )
    mine = sorted(p.relative_to(again.folder) for p in again.folder.rglob("*") if p.is_file())
    assert mine == sorted(
        p.relative_to(small_exam.folder) for p in small_exam.folder.rglob("*") if p.is_file()
    )
    for name in mine:
        assert (again.folder / name).read_bytes() == (small_exam.folder / name).read_bytes(), name


def test_dciodvfy_finds_no_error(small_exam):
    """The tool's dictionary may be older than (0008,001C) Synthetic Data; that one line is not an error."""
    tool = shutil.which("dciodvfy")
    if tool is None:
        pytest.skip("dciodvfy (Debian dicom3tools) is not installed")
    for folder in sorted((small_exam.folder / "dicom").iterdir()):
        done = subprocess.run(
            [tool, str(folder / "IM00001.dcm")], capture_output=True, text=True, check=False
        )
        errors = [x for x in done.stderr.splitlines() if x.startswith("Error") and "0x0008,0x001c" not in x]
        assert not errors, folder.name


def test_a_folder_with_content_is_refused(tmp_path):
    (tmp_path / "old").write_text("x")
    with pytest.raises(OutputExists):
        write_exam(ExamRequest(1, 10, "F", body="analytic", small=True), tmp_path)


def test_unknown_lesions_are_refused_and_nothing_is_left(tmp_path):
    with pytest.raises(InvalidRecord, match="nonsense"):
        write_exam(ExamRequest(1, 10, "F", "nonsense", body="analytic", small=True), tmp_path / "exam")
    assert list(tmp_path.iterdir()) == []


def test_the_adc_of_muscle_is_that_of_muscle_in_every_station(small_exam):
    """b-values of a station share its receive gain: otherwise every ADC is off by the ratio of two gains."""
    from marrowmap.exchange.dicom_exam import open_exam

    with open_exam(small_exam.folder / "dicom") as source:
        maps = [s for s in source.exam.stacks if s.contrast == "ADC"]
        maps.sort(key=lambda s: float((s.grid.affine @ [*(np.array(s.grid.shape) / 2), 1])[2]))
        maps.pop()  # the uppermost station holds brain, whose ADC is near 750
        medians = []
        for stack in maps:
            adc = source.array(stack).astype(float)
            tissue = adc[(adc > 300) & (adc < 2600)]
            if tissue.size > 400:
                medians.append(float(np.median(tissue)))
    assert len(medians) >= 4
    assert max(medians) / min(medians) < 1.35
    assert 900 < np.median(medians) < 1700
