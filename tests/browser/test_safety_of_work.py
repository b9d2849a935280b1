"""Nothing that a reader did is lost, and nobody overwrites anybody."""

from __future__ import annotations


def test_a_second_tab_that_is_behind_is_told_and_overwrites_nothing(server, new_tab):
    first = new_tab().open()
    second = new_tab().open()
    first.press("n", "c")
    server.until(lambda s: len(s["content"]["lesions"]) == 1, "the first tab's lesion")

    second.press("n", "x")
    alert = second.page.get_by_role("alert")
    alert.get_by_text("was changed by").wait_for()
    assert len(server.reading()["content"]["lesions"]) == 1

    alert.get_by_role("button", name="Load the newer state").click()
    alert.wait_for(state="detached")
    second.press("n", "x")
    state = server.until(
        lambda s: "rejected" in s["content"]["decisions"].values(), "the second tab's change"
    )
    assert len(state["content"]["lesions"]) == 1


def test_a_reload_brings_everything_back(server, new_tab):
    tab = new_tab().open()
    tab.press("n", "c", "x")
    before = server.until(lambda s: s["version"] == 2, "two changes")

    tab.page.close(run_before_unload=False)
    again = new_tab().open()
    again.page.get_by_role("tab", name="Lesions 2/").wait_for()
    assert server.reading() == before


def test_what_could_not_be_sent_is_sent_when_the_server_is_back(server, new_tab):
    tab = new_tab().open()
    tab.press("n", "c")
    server.until(lambda s: s["version"] == 1, "the first change")
    server.stop()
    tab.press("x")
    tab.page.get_by_text("The server does not answer").wait_for()
    server.start()

    state = server.until(lambda s: s["version"] == 2, "the change made while the server was away")
    assert "rejected" in state["content"]["decisions"].values()
    tab.page.get_by_role("alert").wait_for(state="detached")


def test_a_crash_before_the_server_answered_loses_nothing(server, new_tab):
    tab = new_tab().open()
    server.stop()
    tab.press("n", "c")
    tab.page.get_by_text("The server does not answer").wait_for()
    other = new_tab(of=tab)
    tab.page.close(run_before_unload=False)
    server.start()

    other.open()
    state = server.until(lambda s: s["version"] == 1, "the change of the crashed tab")
    assert len(state["content"]["lesions"]) == 1


def test_join_split_and_take_apart(server, new_tab):
    tab = new_tab().open()
    study = server.study()
    one, two = (c["id"] for c in study["study"]["candidates"][:2])
    tab.press("n", "c")
    tab.page.locator(f"[data-item='{one}'] button").click()
    tab.press("j", "n", "j")
    joined = server.until(lambda s: s["content"]["merged"], "a joined candidate")["content"]
    assert joined["merged"] == {two: "L1"}
    assert joined["decisions"][two] == "confirmed"
    assert len(joined["lesions"]) == 1
    assert joined["outlines"]["L1"]
    assert len({e["site_id"] for e in joined["lesions"][0]["extents"]}) == len(
        joined["lesions"][0]["extents"]
    )

    tab.page.locator(f"[data-item='{two}'] button").click()
    tab.press("o")
    apart = server.until(lambda s: not s["content"]["merged"], "taken apart")["content"]
    assert apart["decisions"][two] == "undecided"


def test_a_brush_stroke_is_one_change_and_is_measured(server, new_tab):
    tab = new_tab().open()
    tab.press("n", "c")
    before = server.until(lambda s: s["content"]["lesions"], "a lesion")
    tab.page.locator("[data-item] button").first.click()
    tab.press("e")
    lesion = before["content"]["lesions"][0]
    picture = tab.page.locator(".pane[data-series='STIR'] .picture").bounding_box()
    grid = next(s["grid"] for s in server.study()["series"] if s["name"] == "STIR")
    import numpy as np

    canvas = tab.page.locator(".pane[data-series='STIR'] canvas").bounding_box()
    _, row, column = (np.linalg.inv(np.array(grid["affine_lps"])) @ [*lesion["centre_mm"], 1.0])[:3]
    x = canvas["x"] + (column + 0.5) / grid["shape"][2] * canvas["width"]
    y = canvas["y"] + (row + 0.5) / grid["shape"][1] * canvas["height"]
    tab.page.mouse.move(x, y)
    tab.page.mouse.down()
    for step in range(1, 6):
        tab.page.mouse.move(x + 4 * step, y)
    tab.page.mouse.up()
    after = server.until(lambda s: s["content"]["outlines"], "an outline")
    assert after["version"] == before["version"] + 1
    assert after["content"]["lesions"][0]["volume_ml"] > lesion["volume_ml"]
    assert picture["width"] > 0
    tab.press("z")
    server.until(lambda s: not s["content"]["outlines"], "the stroke undone")
