import { expect, it } from "vitest";
import { furtherRows, measuredText, sizeRows } from "./measures";
import type { Candidate, Measured } from "./types";

const m = (value: number | null, unit: string, uncertainty: number | null, more: Partial<Measured> = {}): Measured => ({
  value,
  unit,
  uncertainty,
  ...more,
});
const candidate: Candidate = {
  id: "c1",
  site: "vertebra_t8",
  name: "T8 vertebra",
  side: "midline",
  level_uncertain: false,
  centre_mm: [0, 0, 0],
  volume_ml: 1.25,
  max_diameter_mm: 18,
  si_ratio: 3.4,
  adc: null,
  score: 0.9,
  reasons: [],
  healthy_prevalence: "",
  measured: {
    volume_ml: m(1.25, "ml", 0.1),
    adc: m(null, "1e-6 mm2/s", null, { why_missing: "the exam has no ADC map" }),
    periosteal_ratio: m(2.44, "ratio", 0.3),
    soft_tissue_ratio: m(1.1, "ratio", 0.1),
  },
  heights: {
    anterior_mm: m(12.04, "mm", 0.6),
    middle_mm: m(15, "mm", 0.6),
    posterior_mm: m(18, "mm", 0.6),
    reference_mm: m(null, "mm", null, { why_missing: "no neighbouring vertebra could be measured" }),
  },
  units: [{ site: "vertebra_t8", percent: m(30.2, "%", 3.1, { note: "of the part in view" }) }],
};

it("says number, spread, unit and note, or why there is none", () => {
  expect(measuredText(m(30.2, "%", 3.1, { note: "of the part in view" }), 0)).toBe("30 ± 3 % of the part in view");
  expect(measuredText(m(1.25, "ml", 0.1), 3)).toBe("1.25 ± 0.10 ml");
  expect(measuredText(undefined, 1)).toBe("not measured: not recorded in this study");
  expect(Object.fromEntries(sizeRows(candidate)).ADC).toBe("not measured: the exam has no ADC map");
});

it("shows what surrounds a candidate, the bones it lies in and the heights of its vertebra", () => {
  const rows = Object.fromEntries(furtherRows(candidate, new Map([["vertebra_t8", "T8 vertebra"]])));

  expect(rows["Lies in"]).toBe("T8 vertebra 30.2 ± 3.1 % of the part in view");
  expect(rows["Next to the bone"]).toBe("2.4 ± 0.3 × muscle");
  expect(rows["Heights"]).toContain("front 12.0 ± 0.6 mm, middle 15.0 ± 0.6 mm, back 18.0 ± 0.6 mm");
  expect(rows["Heights"]).toContain("no neighbouring vertebra could be measured");
});

it("does not invent what an older study does not hold", () => {
  const { heights: _, units: __, ...rest } = candidate;
  const old = { ...rest, measured: { extent_percent: m(30, "%", 3) } };
  const rows = Object.fromEntries(furtherRows(old, new Map()));

  expect(rows["Lies in"]).toBe("vertebra_t8 30.0 ± 3.0 %");
  expect(rows["Next to the bone"]).toBe("not measured: not recorded in this study");
  expect(rows["Heights"]).toBe("not measured");
});
