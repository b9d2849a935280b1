"""Left stays left: picture, stored reading and body map agree about the patient's sides."""

from __future__ import annotations

import numpy as np
import pytest
from pdf_text import pdf_text

from conftest import READER


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


def test_one_sided_lesions_stay_on_their_side_from_the_picture_to_the_paper(server, new_tab):
    """The exam is asymmetric: shin and thigh on the left, pelvis on the right. Every place must say so."""
    import httpx

    pytest.importorskip("typst", reason="typst is an optional extra")
    wanted = {"tibia_proximal_metaphysis_left", "femur_distal_metaphysis_left", "ilium_right", "vertebra_t8"}
    tab = new_tab().open()
    tab.press("n", *["c"] * len(server.study()["study"]["candidates"]))
    state = server.until(lambda s: len(s["content"]["lesions"]) == len(wanted), "all lesions")
    sites = {x["extents"][0]["site_id"]: x for x in state["content"]["lesions"]}
    assert set(sites) == wanted

    # the picture: tags of left lesions right of the middle, that of the right ilium left of it
    names = {site: x["candidate_id"] for site, x in sites.items()}
    tab.page.wait_for_selector(".pane[data-series='DWI_mip'] canvas[data-slice]:not([data-slice=''])")
    box = tab.page.locator(".pane[data-series='DWI_mip'] canvas").bounding_box()
    dots = tab.page.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll(".pane[data-series='DWI_mip'] .tag")].map((t) => {
            const all = (kind) => [...t.parentElement.querySelectorAll(kind)];
            const dot = all('.dot')[all('.tag').indexOf(t)].getBoundingClientRect();
            return [t.dataset.lesion, dot.x + dot.width / 2];
        }))"""
    )
    middle = box["x"] + box["width"] / 2
    for site, candidate in names.items():
        if site.endswith("_left"):
            assert dots[candidate] > middle, site
        elif site.endswith("_right"):
            assert dots[candidate] < middle, site

    # the body map: exactly these units are lesions
    tab.press("y")
    marked = tab.page.locator(".map path.unit.lesion[tabindex]").evaluate_all(
        "all => all.map((p) => p.dataset.site)"
    )
    assert set(marked) == wanted
    label = tab.page.locator(".map path[data-site='ilium_right'][tabindex]").get_attribute("aria-label")
    assert label == "right ilium: lesion"

    # JSON and paper
    headers = {"X-Marrowmap-Reader": READER}
    url = f"{server.url}/api/studies/child/reading/report"
    told = httpx.get(url, headers=headers, timeout=60).json()
    named = {"left tibia, proximal metaphysis", "left femur, distal metaphysis", "right ilium", "T8 vertebra"}
    assert {row["site"] for row in told["lesions"]} == named
    text = " ".join(pdf_text(httpx.get(f"{url}.pdf", headers=headers, timeout=90).content).split())
    assert "SYNTHETIC" in text
    table = text.split("Pictures of the lesions")[1].split("Scores and criteria")[0]
    for name in named:
        assert name in table
    for mirrored in ("right tibia", "right femur", "left ilium"):
        assert mirrored not in table
        assert mirrored not in told["plain"]
    assert "left tibia (shin bone)" in told["plain"]
