import { expect, it } from "vitest";
import { arranged, type Line } from "./worklist";

const line = (name: string, over: Partial<Line> = {}): Line => ({
  name, patient_key: "k", synthetic: false, date: "2026-01-01", age_years: 9, sex: "F", scanner: "SIEMENS Sola 1.5 T", status: "complete",
  images: 10, candidates: 3, warnings: 0, reading: { state: "none", decided: 0, lesions: 0, amends: "", who: "", when: null }, ...over,
});
const lines = [line("a", { date: null }), line("b", { date: "2026-03-01", sex: "M" }), line("c", { date: "2025-03-01", status: "limited" })];

it("puts exams in order and those without a date last, either way", () => {
  expect(arranged(lines, "", "date", false).map((l) => l.name)).toEqual(["c", "b", "a"]);
  expect(arranged(lines, "", "date", true).map((l) => l.name)).toEqual(["b", "c", "a"]);
});

it("finds an exam by every word that was typed", () => {
  expect(arranged(lines, "boy SIEMENS", "date", true).map((l) => l.name)).toEqual(["b"]);
  expect(arranged(lines, "limited boy", "date", true)).toEqual([]);
});
