import { expect, it } from "vitest";
import { middleOf, neighbour, shapesOf, statesOf } from "./bodymap";
import type { Content } from "./types";

const front = shapesOf("front").filter((s) => s.first);
const places = new Map(front.map((s) => [s.site!, middleOf(s)] as const));

it("shows the patient's left on the right of the front view and on the left of the back view", () => {
  const x = (view: "front" | "back", id: string) => middleOf(shapesOf(view).find((s) => s.site === id)!)[0];
  expect(x("front", "femur_distal_metaphysis_left")).toBeGreaterThan(x("front", "femur_distal_metaphysis_right"));
  expect(x("back", "femur_distal_metaphysis_left")).toBeLessThan(x("back", "femur_distal_metaphysis_right"));
});

it("walks with the arrow keys, and every unit of the front view can be reached", () => {
  const reached = new Set([front[0]!.site!]);
  const queue = [...reached];
  while (queue.length) {
    const at = queue.shift()!;
    for (const key of ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"]) {
      const next = neighbour(at, key, places);
      if (next && !reached.has(next)) queue.push(next), reached.add(next);
    }
  }
  expect(reached.size).toBe(places.size);
});

it("says lesion before candidate before normal, and never normal of a unit outside the coverage", () => {
  const content = {
    lesions: [{ extents: [{ site_id: "pubis_left" }] }],
    normal: ["pubis_right"],
    not_covered: ["skull"],
  } as unknown as Content;
  const states = statesOf(content, ["pubis_left", "sternum_body"], ["talus_left"], ["pubis_left", "pubis_right", "skull", "sternum_body", "talus_left", "talus_right"]);
  expect([...states.values()]).toEqual(["lesion", "normal", "not covered", "candidate", "rejected", "not assessed"]);
});
