"""Volumes as NIfTI: the same numbers at the same places of the patient, for us and for a foreign reader."""

import gzip

import nibabel
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marrowmap.core.geometry import Grid, PointMm, Voxel
from marrowmap.core.volume import Contrast, Volume
from marrowmap.errors import InputError
from marrowmap.exchange import gzip_parallel
from marrowmap.exchange.nifti import read_labels, read_volume, write_labels, write_volume


def _volume(dtype: str = "uint16", shape: tuple[int, int, int] = (3, 5, 4)) -> Volume:
    array = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
    grid = Grid.coronal(shape, (6.0, 1.5, 1.25), PointMm(-20.0, -30.0, 500.0))
    return Volume(array, grid, Contrast.STIR)


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "int32", "float32"])
@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
def test_a_volume_comes_back_as_it_was(tmp_path, dtype, name):
    volume = _volume(dtype)
    write_volume(tmp_path / name, volume)
    back = read_volume(tmp_path / name, Contrast.STIR)
    assert np.array_equal(back.array, volume.array)
    assert back.array.dtype == volume.array.dtype
    assert back.grid == volume.grid
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_a_foreign_reader_finds_left_on_the_left(tmp_path):
    """A marked voxel on the patient's left (LPS +x) lies at negative x in RAS."""
    volume = _volume(shape=(4, 6, 8))
    volume.array[...] = 0
    volume.array[1, 2, 7] = 9  # last column: the patient's left
    write_volume(tmp_path / "v.nii.gz", volume)
    picture = nibabel.load(tmp_path / "v.nii.gz")
    ijk = np.argwhere(np.asarray(picture.dataobj) == 9)[0]
    ras = picture.affine @ [*ijk, 1]
    lps = volume.grid.to_mm(Voxel(1, 2, 7))
    assert np.allclose(ras[:3], (-lps.x, -lps.y, lps.z))
    assert nibabel.aff2axcodes(picture.affine) == ("L", "I", "P")
    assert np.allclose(picture.header.get_qform(), picture.header.get_sform(), atol=1e-4)
    assert picture.header.get_xyzt_units()[0] == "mm"


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**31), st.tuples(*[st.integers(1, 6)] * 3))
def test_any_oblique_grid_survives(tmp_path_factory, seed, shape):
    rng = np.random.default_rng(seed)
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    affine = np.eye(4)
    affine[:3, :3] = turn * rng.uniform(0.5, 7, 3)
    affine[:3, 3] = rng.uniform(-500, 500, 3)
    volume = Volume(rng.normal(size=shape).astype(np.float32), Grid(shape, affine), Contrast.T1)
    path = tmp_path_factory.mktemp("nifti") / "o.nii"
    write_volume(path, volume)
    back = read_volume(path)
    assert back.grid.shape == shape
    assert np.allclose(back.grid.affine, affine, atol=1e-3)  # the header holds single precision
    assert np.array_equal(back.array, volume.array)


def test_double_precision_and_bool_are_stored_in_types_every_reader_knows(tmp_path):
    volume = _volume("float64")
    write_volume(tmp_path / "d.nii", volume)
    assert read_volume(tmp_path / "d.nii").array.dtype == np.float32
    write_labels(tmp_path / "m.nii.gz", volume.array > 3, volume.grid)
    labels, grid = read_labels(tmp_path / "m.nii.gz")
    assert np.array_equal(labels, (volume.array > 3).astype(np.uint16))
    assert grid == volume.grid


def test_labels_keep_their_numbers_and_refuse_what_is_no_label(tmp_path):
    volume = _volume()
    labels = (volume.array * 10).astype(np.int32)
    write_labels(tmp_path / "l.nii.gz", labels, volume.grid)
    back, _ = read_labels(tmp_path / "l.nii.gz")
    assert np.array_equal(back, labels)
    assert nibabel.load(tmp_path / "l.nii.gz").header.get_intent()[0] == "label"
    with pytest.raises(ValueError, match="whole numbers"):
        write_labels(tmp_path / "x.nii.gz", labels - 1, volume.grid)
    with pytest.raises(ValueError, match="shape"):
        write_labels(tmp_path / "x.nii.gz", labels[1:], volume.grid)
    write_volume(tmp_path / "f.nii", Volume(volume.array + np.float32(0.5), volume.grid, Contrast.ADC))
    with pytest.raises(InputError, match="fractions"):
        read_labels(tmp_path / "f.nii")


def test_what_cannot_be_read_says_which_file_and_why(tmp_path):
    with pytest.raises(InputError, match=r"gone\.nii\.gz: there is no such file"):
        read_volume(tmp_path / "gone.nii.gz")
    (tmp_path / "text.nii").write_text("hello")
    with pytest.raises(InputError, match=r"text\.nii: it cannot be read as NIfTI"):
        read_volume(tmp_path / "text.nii")


def test_a_failed_write_leaves_nothing(tmp_path):
    def pieces():
        yield b"half"
        raise RuntimeError("disk full")

    with pytest.raises(RuntimeError):
        gzip_parallel.write_whole(tmp_path / "x.nii", pieces())
    assert list(tmp_path.iterdir()) == []


@settings(max_examples=20, deadline=None)
@given(st.lists(st.binary(max_size=3000), max_size=4), st.integers(1, 9))
def test_gzip_pieces_are_one_ordinary_gzip_stream(parts, level):
    assert gzip.decompress(b"".join(gzip_parallel.compress(parts, level))) == b"".join(parts)


def test_gzip_over_many_blocks(monkeypatch):
    monkeypatch.setattr(gzip_parallel, "BLOCK_BYTES", 1000)
    data = np.random.default_rng(1).integers(0, 30, 12_345).astype(np.uint8)
    stream = b"".join(gzip_parallel.compress([b"head", memoryview(data)], 1, threads=2))
    assert gzip.decompress(stream) == b"head" + data.tobytes()
