import { expect, it } from "vitest";
import { InStep } from "./in-step";
import type { Mm } from "./geometry";

const now = { head: [0, 0, 700], hip: [0, 0, 0], knee: [90, 10, -350] } as Record<string, Mm>;
const before = { head: [5, -8, 640], hip: [2, -6, 0], knee: [84, 0, -320], rib: [1, 1, 1] } as Record<string, Mm>;
const step = new InStep(now, before);

it("carries each bone onto itself and comes back to where it started", () => {
  const there = step.forward(now.knee!);
  expect(there.map((v, i) => Math.abs(v - before.knee![i]!)).every((d) => d < 0.5)).toBe(true);
  const p: Mm = [40, 3, -150];
  step.back(step.forward(p)).forEach((v, i) => expect(v).toBeCloseTo(p[i]!, 2));
});

it("leaves a point where it is when the exams share no bone", () => {
  expect(new InStep({}, before).usable).toBe(false);
  expect(new InStep({}, before).forward([1, 2, 3])).toEqual([1, 2, 3]);
});
