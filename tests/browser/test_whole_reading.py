"""A radiologist's whole reading with the keyboard, from the worklist to an amendment; judged by what is stored."""

from __future__ import annotations

import httpx

from conftest import READER


def decisions(state):
    return [v for v in state["content"]["decisions"].values() if v != "undecided"]


def test_a_whole_reading_without_the_mouse(server, new_tab, small_exam):
    study = server.study()["study"]
    candidates = [c["id"] for c in study["candidates"]]
    tab = new_tab().open("")
    page = tab.page
    page.get_by_role("button", name="Read child").focus()
    tab.press("Enter")
    page.wait_for_selector("[data-item]")

    # jump, confirm, reject
    tab.press("n", "c")
    first = server.until(lambda s: len(s["content"]["lesions"]) == 1, "one confirmed")["content"]
    assert first["decisions"][candidates[0]] == "confirmed"
    assert first["lesions"][0]["candidate_id"] == candidates[0]
    assert first["lesions"][0]["extents"][0]["site_id"] == study["candidates"][0]["site"]
    tab.press("x")
    server.until(lambda s: s["content"]["decisions"].get(candidates[1]) == "rejected", "one rejected")
    for _ in candidates[2:]:
        tab.press("x")
    state = server.until(lambda s: len(decisions(s)) == len(candidates), "all decided")
    assert len(state["content"]["lesions"]) == 1

    # grade the confirmed one by key, undo, redo
    page.locator(f"[data-item='{candidates[0]}'] button").focus()
    tab.press("Enter", "t", "t")
    server.until(lambda s: s["content"]["lesions"][0]["features"]["signal_grade"] == 2, "graded")
    tab.press("z")
    server.until(lambda s: s["content"]["lesions"][0]["features"]["signal_grade"] == 1, "undone")
    tab.press("Z")
    server.until(lambda s: s["content"]["lesions"][0]["features"]["signal_grade"] == 2, "done again")

    # add and grow at a place in the images
    lesion = next(x for x in small_exam.record["lesions"] if x["site"].startswith("tibia"))
    tab.click_mm("STIR", lesion["centre_mm"])
    tab.press("a")
    server.until(lambda s: len(s["content"]["lesions"]) == 2, "one added")
    tab.press("g")
    grown = server.until(lambda s: len(s["content"]["lesions"]) == 3, "one grown")["content"]
    assert grown["lesions"][2]["volume_ml"] > 0
    assert grown["outlines"][grown["lesions"][2]["id"]]["bits"]
    # all that is measured of a candidate is measured of it as well
    selected = page.get_by_label("Selected")
    for name in ("Lies in", "T1", "Next to the bone", "Tissue beside it"):
        selected.get_by_text(name, exact=True).wait_for()
    selected.get_by_text("±").first.wait_for()

    # correct the site by typing
    tab.press("s")
    page.keyboard.type("l dist tib met")
    tab.press("Enter")
    fixed = server.until(
        lambda s: s["content"]["lesions"][2]["extents"][0]["site_id"] == "tibia_distal_metaphysis_left",
        "site",
    )
    assert fixed["content"]["lesions"][2]["extents"][0]["percent"] is None
    tab.press("Escape")

    # correct it again on the body map, by keyboard
    tab.press("y")
    page.get_by_role("button", name="Set site of L3").focus()
    tab.press("Enter")
    page.locator(".map path[data-site='femur_distal_metaphysis_left'][tabindex]").focus()
    tab.press("ArrowUp", "Enter")
    moved = server.until(
        lambda s: s["content"]["lesions"][2]["extents"][0]["site_id"] != "tibia_distal_metaphysis_left", "map"
    )
    assert moved["content"]["lesions"][2]["extents"][0]["site_id"] == "femur_diaphysis_left"

    # refused while questions are open: by the page and by the server
    tab.press("Escape", "Enter")
    dialog = page.get_by_role("dialog", name="Sign")
    dialog.get_by_text("questions are open").wait_for()
    assert dialog.get_by_role("button", name="Sign", exact=True).is_disabled()
    now = server.reading()
    body = {"base": now["version"], "what": "signed", "content": now["content"]}
    url = f"{server.url}/api/studies/child/reading"
    headers = {"X-Marrowmap-Reader": READER}
    assert httpx.post(f"{url}/sign", headers=headers, json=body).status_code == 422
    tab.press("Escape")

    # everything else is normal; what stays open is waived with a reason; then sign
    tab.press("m")
    page.get_by_role("button", name="Everything else is normal").focus()
    tab.press("Enter")
    normal = server.until(lambda s: s["content"]["normal"], "normal units")["content"]
    assert not set(normal["normal"]) & set(normal["not_covered"])
    assert "femur_diaphysis_left" not in normal["normal"]
    tab.press("Escape", "Enter")
    dialog.get_by_label("Reason for leaving questions open").fill("not relevant for this test")
    dialog.get_by_role("button", name="Waive all").click()
    dialog.get_by_text("Nothing is left to answer").wait_for()
    dialog.get_by_role("button", name="Sign", exact=True).click()
    signed = server.until(lambda s: s["signed"], "signed")
    assert signed["content"]["waived"]
    assert set(signed["content"]["waived"].values()) == {"not relevant for this test"}
    assert signed["content"]["state"] == "signed"

    # frozen
    tab.press("n", "o", "Delete", "z")
    page.wait_for_timeout(300)
    assert server.reading() == signed

    # the report is a PDF of this reading
    pdf = httpx.get(f"{url}/report.pdf", headers=headers, timeout=60)
    assert pdf.headers["content-type"] == "application/pdf"
    assert pdf.content.startswith(b"%PDF")

    # amend: a new reading that names the old one, and both are kept
    page.get_by_role("button", name="Amend").click()
    server.until(lambda s: s["content"]["amends"] == signed["content"]["id"], "an amendment")
    tab.press("v")
    page.get_by_label("Remark on the exam").fill("seen again")
    tab.press("Tab")
    amended = server.until(lambda s: s["content"]["comment"] == "seen again", "remark")
    kept = httpx.get(f"{url}/history", headers=headers, timeout=60).json()["readings"]
    assert [r["id"] for r in kept] == [signed["content"]["id"], amended["content"]["id"]]
    old = httpx.get(f"{url}/history/{kept[0]['id']}/{signed['version']}", headers=headers, timeout=60).json()
    assert old["content"] == signed["content"]
