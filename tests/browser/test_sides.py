"""Left stays left: picture, stored reading and body map agree about the patient's sides."""

from __future__ import annotations

import numpy as np
import pytest


def test_the_right_half_of_the_picture_is_the_patients_left(server, new_tab, small_exam):
    tab = new_tab().open()
    tibia = next(x for x in small_exam.record["lesions"] if x["site"] == "tibia_proximal_metaphysis_left")
    picture = tab.page.locator(".pane[data-series='STIR'] .picture")

    assert picture.locator(".letter.left").inner_text() == "R"
    assert picture.locator(".letter.right").inner_text() == "L"
    assert tibia["centre_mm"][0] > 0  # LPS: +x is the patient's left
    tab.click_mm("STIR", tibia["centre_mm"])
    box = picture.bounding_box()
    column = tab.page.evaluate(
        "document.querySelector(\".pane[data-series='STIR'] .cross\").getAttribute('d')"
    )
    grid = next(s["grid"] for s in server.study()["series"] if s["name"] == "STIR")
    assert float(column.split("M")[1].split(" ")[0]) > grid["shape"][2] / 2
    assert box["width"] > 0

    tab.press("a")
    lesion = server.until(lambda s: s["content"]["lesions"], "a lesion")["content"]["lesions"][0]
    assert lesion["centre_mm"][0] > 0
    assert lesion["extents"][0]["site_id"].endswith("_left")

    tab.press("y")
    unit = tab.page.locator(f".map path[data-site='{lesion['extents'][0]['site_id']}'][tabindex]")
    drawing = tab.page.locator(".map svg").bounding_box()
    place = unit.bounding_box()
    assert "lesion" in unit.get_attribute("aria-label")
    assert place["x"] + place["width"] / 2 > drawing["x"] + drawing["width"] / 2
    tab.page.get_by_role("button", name="Back", exact=True).click()
    place = unit.bounding_box()
    assert place["x"] + place["width"] / 2 < drawing["x"] + drawing["width"] / 2


def test_the_marks_follow_the_affine_and_are_never_assumed(server, new_tab):
    tab = new_tab().open()
    tab.press("6")
    letters = {}
    for pane in tab.page.locator(".pane").all():
        name = pane.get_attribute("data-series")
        letters[name] = [
            pane.locator(f".letter.{edge}").inner_text() for edge in ("left", "right", "top", "bottom")
        ]
    for series in server.study()["series"]:
        if series["name"] in letters:
            affine = np.array(series["grid"]["affine_lps"])
            right, bottom = affine[:3, 2], affine[:3, 1]
            names = [("L", "R"), ("P", "A"), ("H", "F")]
            expected = []
            for way in (-right, right, -bottom, bottom):
                axis = int(np.abs(way).argmax())
                expected.append(names[axis][0 if way[axis] > 0 else 1])
            assert letters[series["name"]] == expected, series["name"]


def test_a_click_in_the_projection_lands_on_the_voxel_that_made_it(server, new_tab):
    import httpx

    study = server.study()
    mip = next(s for s in study["series"] if s["kind"] == "mip")
    shape = mip["grid"]["shape"]
    depth = np.frombuffer(httpx.get(f"{server.url}/{mip['url']}/depth").content, "<u2").reshape(shape[1:])
    signal = np.frombuffer(httpx.get(f"{server.url}/{mip['url']}/slices/0").content, "<i2").reshape(shape[1:])
    inner = signal.copy()
    inner[: shape[1] // 8] = 0
    row, column = np.unravel_index(inner.argmax(), inner.shape)
    affine = np.array(mip["grid"]["affine_lps"])
    voxel = [int(depth[row, column]), int(row), int(column)]
    expected = (affine @ [*voxel, 1.0])[:3]

    tab = new_tab().open()
    tab.page.wait_for_selector(".pane[data-series='DWI_mip'] canvas[data-slice]:not([data-slice=''])")
    tab.press("h")  # number tags take clicks of their own
    tab.click_mm("DWI_mip", (affine @ [0, row, column, 1.0])[:3].tolist())
    tab.press("a")
    lesion = server.until(lambda s: s["content"]["lesions"], "a lesion")["content"]["lesions"][0]

    assert lesion["centre_mm"] == pytest.approx(expected.tolist(), abs=0.05)
    shown = tab.page.locator(".pane[data-series='STIR'] canvas").get_attribute("data-slice")
    assert int(shown) == voxel[0]
