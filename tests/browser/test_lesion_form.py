"""What a reader says of a lesion, part by part; judged by what is stored and by what the report then says."""

from __future__ import annotations

import httpx
import pytest

from conftest import READER

FEATURES = {
    "Periosteal reaction": "periosteal_reaction",
    "Soft-tissue oedema": "soft_tissue_oedema",
    "Bony expansion": "bony_expansion",
    "Next to a growth plate": "next_to_physis",
    "Growth plate crossed": "physis_crossed",
    "Effusion or synovitis": "joint_effusion_or_synovitis",
    "Vertebral height loss": "height_loss",
    "Cortical break": "cortical_break",
    "Soft-tissue mass": "soft_tissue_mass",
    "Dark on T1": "t1_low",
    "Restricted diffusion": "diffusion_restricted",
    "Marginal sclerosis": "marginal_sclerosis",
}
ANSWERS = ["present", "absent", "not assessed"]


def lesion(state):
    return state["content"]["lesions"][0]


def confirmed(server, tab, site):
    """Confirm the candidate at a site and open its form; the candidate's position in the list."""
    number = [c["site"] for c in server.study()["study"]["candidates"]].index(site)
    tab.press(*["n"] * (number + 1), "c")
    server.until(lambda s: s["content"]["lesions"], "a lesion")
    tab.page.locator("[data-item] button").nth(number).click()
    return number


def test_every_feature_is_present_absent_or_not_assessed(server, new_tab):
    tab = new_tab().open()
    confirmed(server, tab, "vertebra_t8")
    form = tab.page.get_by_role("form", name="Lesion L1")
    shown = form.get_by_role("radiogroup").evaluate_all("all => all.map((g) => g.getAttribute('aria-label'))")
    assert shown == [*FEATURES, "Symptomatic"]
    assert {lesion(server.reading())["features"][k] for k in FEATURES.values()} == {"not_assessed"}

    for turn, name in enumerate([*FEATURES, "Symptomatic"]):
        group = form.get_by_role("radiogroup", name=name, exact=True)
        group.get_by_role("radio", name=ANSWERS[turn % 3], exact=True).press("Space")
    form.get_by_label("Signal on STIR").select_option("mild, below fluid")
    form.get_by_label("Share of the unit, %").fill("35")
    form.get_by_label("Activity").select_option("not assessed")
    form.get_by_label("Remark").fill("seen before")
    tab.press("Tab")
    stored = lesion(server.until(lambda s: lesion(s)["comment"] == "seen before", "the form"))
    told = [stored["features"][k] for k in FEATURES.values()] + [stored["symptomatic"]]
    assert told == [ANSWERS[turn % 3].replace(" ", "_") for turn in range(len(told))]
    assert stored["features"]["signal_grade"] == 1
    assert stored["extents"] == [{"site_id": "vertebra_t8", "percent": 35}]
    assert stored["activity"] == "not_assessed"

    headers = {"X-Marrowmap-Reader": READER}
    url = f"{server.url}/api/studies/child/reading"
    row = httpx.get(f"{url}/report", headers=headers, timeout=60).json()["lesions"][0]
    assert "periosteal reaction" in row["present"]
    assert "soft tissue oedema" in row["absent"]
    assert "bony expansion" not in row["present"] + row["absent"]
    assert row["grade"] == "1"


def test_an_outline_is_cut_in_two_at_the_crosshair(server, new_tab):
    tab = new_tab().open()
    confirmed(server, tab, server.study()["study"]["candidates"][0]["site"])
    whole = lesion(server.reading())
    tab.press("k")
    halves = server.until(lambda s: len(s["content"]["lesions"]) == 2, "two lesions")["content"]
    assert set(halves["outlines"]) == {"L1", "L2"}
    volumes = [x["volume_ml"] for x in halves["lesions"]]
    assert min(volumes) > 0
    assert sum(volumes) == pytest.approx(whole["volume_ml"], rel=0.02)
    tab.press("z", "z")
    server.until(lambda s: [x["id"] for x in s["content"]["lesions"]] == ["L1"], "one again")


def test_a_lesion_outside_every_labelled_bone_asks_for_its_site(server, new_tab):
    tab = new_tab().open()
    tab.press("ArrowUp", *["ArrowUp"] * 3, *["Shift+ArrowRight"] * 60, "a")
    found = lesion(server.until(lambda s: s["content"]["lesions"], "a lesion"))
    assert found["extents"][0]["site_id"].endswith("_left")  # the edge of the picture on the patient's left
    tab.page.get_by_text("No labelled bone lies here").wait_for()
    tab.page.wait_for_function("() => document.activeElement?.type === 'search'")


def test_answers_lead_to_their_lesions_and_their_source(server, new_tab):
    tab = new_tab().open()
    confirmed(server, tab, "vertebra_t8")
    tab.page.locator("[data-item] button").first.click()
    tab.press("q")
    shown = tab.page.get_by_role("tabpanel")
    shown.locator("[data-answer]").first.wait_for()
    for answer in ("lesion_extent", "rinbo", "rai_cromris", "pathway"):
        assert shown.locator(f"[data-answer={answer}]").count() == 1, answer
    assert shown.get_by_role("link", name="doi:").first.get_attribute("href").startswith("https://doi.org/")
    shown.get_by_role("button", name="L1", exact=True).first.click()
    tab.page.get_by_role("form", name="Lesion L1").wait_for()
    assert tab.page.locator("[aria-current=true] .what").inner_text() == "T8 vertebra"


def test_the_paragraph_follows_the_reading_until_it_is_edited(server, new_tab):
    tab = new_tab().open()
    confirmed(server, tab, "tibia_proximal_metaphysis_left")
    tab.press("v")
    words = tab.page.get_by_label("For the referring clinician")
    tab.page.wait_for_function(
        "() => [...document.querySelectorAll('textarea')].some((t) => t.value.includes('left tibia (shin bone)'))"
    )
    assert "synthetic" in words.input_value()
    words.fill("One lesion below the left knee.")
    words.press("Tab")
    server.until(lambda s: s["content"]["plain_text"] == "One lesion below the left knee.", "the paragraph")
    url = f"{server.url}/api/studies/child/reading/report"
    told = httpx.get(url, headers={"X-Marrowmap-Reader": READER}, timeout=60).json()["plain"]
    assert told == "One lesion below the left knee."
    tab.page.get_by_role("button", name="As generated").click()
    server.until(lambda s: s["content"]["plain_text"] == "", "as generated")
