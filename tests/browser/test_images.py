"""The panes: layouts, windows, zoom, values and the measured stacks; judged by pixels and by the stored signal."""

from __future__ import annotations

import httpx
import numpy as np
import pytest

GREY = """(series) => {
    const pane = document.querySelector(`.pane[data-series='${series}']`);
    const canvas = pane.querySelector('canvas');
    const path = pane.querySelector('.cross').getAttribute('d');
    const [, x, y, full] = path.match(/^M([\\d.]+) 0V.*M0 ([\\d.]+)H.*H([\\d.]+)$/).map(Number);
    if (canvas.width !== full) return null; // drawn coarse for now
    return canvas.getContext('2d').getImageData(Math.floor(x), Math.floor(y), 1, 1).data[0];
}"""
"""The grey at the crosshair of a pane, 0 to 255; null while the picture is not drawn in full."""


def series_of(server, name):
    return next(s for s in server.study()["series"] if s["name"] == name)


def signal(server, series, index):
    raw = httpx.get(f"{server.url}/{series['url']}/slices/{index}").content
    return np.frombuffer(raw, "<i2").reshape(series["grid"]["shape"][1:]) * series["slope"]


def voxel_of(study, name):
    """The middle of the first candidate in a series, [slice, row, column]."""
    affine = np.array(next(s for s in study["series"] if s["name"] == name)["grid"]["affine_lps"])
    return (np.linalg.inv(affine) @ [*study["study"]["candidates"][0]["centre_mm"], 1.0])[:3]


def canvas(tab, series):
    return tab.page.locator(f".pane[data-series='{series}'] canvas")


def grey(tab, series, other_than=-1):
    """The grey at the crosshair once it is drawn in full and another than before."""
    holds = f"([s, b]) => {{ const g = ({GREY})(s); return g !== null && g !== b; }}"
    tab.page.wait_for_function(holds, arg=[series, other_than])
    return tab.page.evaluate(GREY, series)


def wide(tab, series, pixels):
    """Wait until the picture of a pane is this wide on the screen."""
    holds = """([s, w]) => Math.abs(document.querySelector(`.pane[data-series='${s}'] canvas`)
        .getBoundingClientRect().width - w) < 1"""
    tab.page.wait_for_function(holds, arg=[series, pixels])


def test_layouts_show_as_many_panes_as_asked_and_one_at_full_size(server, new_tab):
    tab = new_tab().open()
    for key in ("1", "2", "3", "4", "6"):
        tab.press(key)
        tab.page.wait_for_function("n => document.querySelectorAll('.pane').length === n", arg=int(key))
    tab.press("f")
    tab.page.wait_for_function("() => document.querySelectorAll('.pane').length === 1")
    tab.press("f", "2")
    tab.page.wait_for_function("() => document.querySelectorAll('.pane').length === 2")
    again = new_tab(of=tab).open()
    assert again.page.locator(".pane").count() == 2  # remembered for this reader


def test_invert_window_and_reset_change_the_picture(server, new_tab):
    tab = new_tab().open()
    slice_ = round(voxel_of(server.study(), "STIR")[0])
    tab.press("n")  # the largest lesion lies at the crosshair
    tab.page.locator(f".pane[data-series='STIR'] canvas[data-slice='{slice_}']").wait_for()
    tab.press(*"WWWW")
    first = grey(tab, "STIR")
    assert 0 < first < 255
    tab.press("i")
    inverted = grey(tab, "STIR", first)
    assert inverted == pytest.approx(255 - first, abs=2)
    tab.press("i")
    assert grey(tab, "STIR", inverted) == first
    tab.press("b")
    assert grey(tab, "STIR", first) > first
    tab.press("B", "B")
    darker = grey(tab, "STIR", first)
    tab.press("r")
    assert grey(tab, "STIR", darker) > first


def test_zoom_pan_and_scroll_move_all_panes_in_step(server, new_tab):
    tab = new_tab().open()
    tab.press("n")
    before = canvas(tab, "STIR").bounding_box()
    tab.press("+")
    wide(tab, "STIR", 1.5 * before["width"])
    wide(tab, "T1", 1.5 * before["width"])
    zoomed = canvas(tab, "STIR").bounding_box()
    middle = tab.page.locator(".pane[data-series='STIR'] .picture").bounding_box()
    x, y = middle["x"] + middle["width"] / 2, middle["y"] + middle["height"] / 2
    tab.page.mouse.move(x, y)
    tab.page.mouse.down(button="middle")
    tab.page.mouse.move(x + 30, y + 20, steps=3)
    tab.page.mouse.up(button="middle")
    moved = canvas(tab, "STIR").bounding_box()
    assert moved["x"] - zoomed["x"] == pytest.approx(30, abs=2)
    assert moved["y"] - zoomed["y"] == pytest.approx(20, abs=2)
    shown = int(canvas(tab, "STIR").get_attribute("data-slice"))
    tab.page.mouse.wheel(0, 100)
    for name in ("STIR", "T1", "DWI_b800"):
        tab.page.locator(f".pane[data-series='{name}'] canvas[data-slice='{shown + 1}']").wait_for()
    tab.press("r")
    wide(tab, "STIR", before["width"])


def test_values_under_the_cursor_are_those_that_were_measured(server, new_tab):
    study = server.study()
    stir, adc = series_of(server, "STIR"), series_of(server, "ADC")
    slice_, row, column = (round(v) for v in voxel_of(study, "STIR"))
    value = signal(server, stir, slice_)[row, column]
    ratio = value / study["muscle_by_row"][row]
    point = np.array(stir["grid"]["affine_lps"]) @ [slice_, row, column, 1.0]
    at = np.rint((np.linalg.inv(np.array(adc["grid"]["affine_lps"])) @ point)[:3]).astype(int)
    diffusion = signal(server, adc, at[0])[at[1], at[2]]

    tab = new_tab().open()
    tab.press("n")
    tab.page.locator(f".pane[data-series='STIR'] canvas[data-slice='{slice_}']").wait_for()
    box = canvas(tab, "STIR").bounding_box()
    shape = stir["grid"]["shape"]
    tab.page.mouse.move(
        box["x"] + (column + 0.5) / shape[2] * box["width"], box["y"] + (row + 0.5) / shape[1] * box["height"]
    )
    said = tab.page.locator(".pane[data-series='STIR'] .readout")
    said.get_by_text(f"signal {round(value)} · {ratio:.1f} × muscle · ADC {round(diffusion)}").wait_for()


def test_the_scale_bar_is_as_long_as_it_says(server, new_tab):
    tab = new_tab().open()
    grid = series_of(server, "STIR")["grid"]
    fit = canvas(tab, "STIR").bounding_box()["width"]
    bar = tab.page.locator(".pane[data-series='STIR'] .bar")
    for factor in (1.0, 1.5, 2.25):
        wide(tab, "STIR", factor * fit)
        per_mm = factor * fit / (grid["shape"][2] * grid["spacing_mm"][2])
        said = 10 * float(bar.inner_text().split()[0])
        assert bar.bounding_box()["width"] / per_mm == pytest.approx(said, rel=0.02)
        tab.press("+")


def test_every_measured_stack_opens_at_the_same_point_of_the_patient(server, new_tab):
    study = server.study()
    tab = new_tab().open()
    tab.press("2", "n")
    choice = tab.page.locator(".pane").nth(1).locator("select")
    offered = choice.evaluate("s => [...s.options].map((o) => o.value)")
    native = [s for s in study["series"] if s["kind"] == "native"]
    assert {s["name"] for s in study["series"]} <= set(offered)
    assert sum(s["grid"]["shape"][0] for s in native) == study["study"]["images_in"]
    planes = {s["plane"]: s for s in native}
    assert {"sagittal", "axial"} <= set(planes)
    for series in planes.values():
        choice.select_option(series["name"])
        voxel = voxel_of(study, series["name"])
        nearest = min(max(round(voxel[0]), 0), series["grid"]["shape"][0] - 1)
        pane = tab.page.locator(f".pane[data-series='{series['name']}']")
        pane.locator(f"canvas[data-slice='{nearest}']").wait_for()
        inside = all(-0.5 <= v < n - 0.5 for v, n in zip(voxel, series["grid"]["shape"], strict=True))
        assert (pane.locator(".cross").count() == 1) == inside
    choice.select_option("nearest sagittal")
    tab.page.locator(".pane").nth(1).locator("canvas[data-slice]:not([data-slice=''])").wait_for()
    shown = tab.page.locator(".pane").nth(1).get_attribute("data-series")
    assert next(s for s in native if s["name"] == shown)["plane"] == "sagittal"
