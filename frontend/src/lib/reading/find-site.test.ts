import { expect, it } from "vitest";
import { findSites } from "./find-site";

const row = (id: string, name: string) => ({ id, name, bone: "", side: "", segment: "", region: "lower_limb" });
const sites = [
  row("tibia_distal_metaphysis_left", "left tibia, distal metaphysis"),
  row("tibia_distal_metaphysis_right", "right tibia, distal metaphysis"),
  row("tibia_distal_epiphysis_left", "left tibia, distal epiphysis"),
  row("vertebra_t8", "T8 vertebra"),
];

it("finds a unit from the beginnings of its words, in any order", () => {
  expect(findSites("l dist tib met", sites).map((s) => s.id)).toEqual(["tibia_distal_metaphysis_left"]);
  expect(findSites("t8", sites).map((s) => s.id)).toEqual(["vertebra_t8"]);
});

it("never takes one side for the other, and finds nothing in nothing", () => {
  expect(findSites("r tib", sites).every((s) => s.id.endsWith("_right"))).toBe(true);
  expect(findSites("  ", sites)).toEqual([]);
});
