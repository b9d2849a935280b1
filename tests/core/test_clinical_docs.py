"""The clinical pages: their examples run, they cite their sources, and no gap is left out."""

import re
from pathlib import Path

import pytest

from marrowmap.core.scores.catalogue import CATALOGUE, RULE_SYSTEMS
from marrowmap.core.scores.result import SystemState

PAGES = Path(__file__).parents[2] / "docs" / "clinical"
BLOCK = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)
SYSTEMS = [*(entry.system for entry in CATALOGUE), *RULE_SYSTEMS]


@pytest.mark.parametrize("page", sorted(PAGES.glob("*.md")), ids=lambda p: p.stem)
def test_examples_run(page):
    blocks = BLOCK.findall(page.read_text(encoding="utf-8"))
    if page.stem not in ("README", "gaps"):
        assert blocks, f"{page.name} has no worked example"
        assert any("assert" in block for block in blocks)
    names = {"__name__": page.stem}
    for block in blocks:
        exec(compile(block, str(page), "exec"), names)


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda s: s.id)
def test_every_system_has_a_page_that_cites_it_and_says_its_state(system):
    text = " ".join((PAGES / f"{system.page}.md").read_text(encoding="utf-8").split())
    assert "**Source" in text
    assert "**State:**" in text
    year = re.search(r"\b(?:19|20)\d\d\b", system.citation)
    author = system.citation.split()[0]
    if system.id not in ("symmetry", "chaq"):
        assert author in text
        assert year is None or year.group() in text
    if system.state is SystemState.COMPONENTS_ONLY:
        assert "components only" in text


def test_every_gap_is_listed():
    gaps = (PAGES / "gaps.md").read_text(encoding="utf-8").lower()
    words = {
        "rinbo": "rinbo", "cromris": "cromris", "rai_cromris": "rai-cromris", "rai_change": "rai change",
        "genant": "genant", "pedcno": "pedcno", "jansson_2009": "jansson score 2009",
        "jansson_2007": "jansson criteria 2007", "bristol_2016": "bristol", "eular_acr_2025": "eular/acr",
        "cdas": "cdas", "mda_2025": "minimal disease activity", "flare_2025": "flare",
        "panwar_counts": "panwar", "kieninger_2022": "kieninger", "lesion_extent": "lesion extent",
        "andronikou_patterns": "andronikou", "symmetry": "symmetry", "carra_plans": "carra",
    }  # fmt: skip
    for system in SYSTEMS:
        if system.gap:
            assert words[system.id] in gaps, system.id


def test_links_lead_somewhere():
    for page in PAGES.glob("*.md"):
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert (PAGES / target).exists(), f"{page.name} links to {target}"
