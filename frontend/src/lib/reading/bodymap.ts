// The drawing of the skeleton (made by code: python -m marrowmap.report.bodymap_export) and what its units say.

import drawing from "../bodymap.json";
import type { Content } from "./types";

export type ViewName = "front" | "back" | "spine";
export type Tone = "block" | "flat" | "round" | "tube" | "far" | string;
export interface Shape {
  view: string;
  path: string;
  z: number;
  tone: Tone;
}
export interface Drawn extends Shape {
  site: string | null;
  first: boolean; // of the shapes of its unit in this view: the one that is reached and read out
}
export type UnitState = "lesion" | "candidate" | "rejected" | "normal" | "not covered" | "not assessed";

const map = drawing as unknown as {
  views: Record<ViewName, { width: number; height: number }>;
  sites: Record<string, Shape[]>;
  decor: Shape[];
};

export const sizeOf = (view: ViewName) => map.views[view];

/** Shapes of one view, the hindmost first. */
export function shapesOf(view: ViewName): Drawn[] {
  const units = Object.entries(map.sites).flatMap(([site, shapes]) =>
    shapes.filter((s) => s.view === view).map((s, i) => ({ ...s, site, first: i === 0 })),
  );
  const decor = map.decor.filter((s) => s.view === view).map((s) => ({ ...s, site: null, first: false }));
  return [...units, ...decor].sort((a, b) => a.z - b.z);
}

/** Middle of a unit's first shape, canvas units; where the keyboard looks for neighbours. */
export function middleOf(shape: Shape): [x: number, y: number] {
  const numbers = (shape.path.match(/-?\d+(?:\.\d+)?/g) ?? []).map(Number);
  const xs = numbers.filter((_, i) => i % 2 === 0);
  const ys = numbers.filter((_, i) => i % 2 === 1);
  return [(Math.min(...xs) + Math.max(...xs)) / 2, (Math.min(...ys) + Math.max(...ys)) / 2];
}

/** The nearest unit in the direction of an arrow key; null when there is none. */
export function neighbour(from: string, key: string, places: ReadonlyMap<string, readonly [number, number]>): string | null {
  const here = places.get(from);
  if (!here) return null;
  const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key];
  if (!way) return null;
  let best: string | null = null;
  let least = Infinity;
  for (const [id, [x, y]] of places) {
    const along = (x - here[0]) * way[0]! + (y - here[1]) * way[1]!;
    const aside = Math.abs((x - here[0]) * way[1]!) + Math.abs((y - here[1]) * way[0]!);
    if (id === from || along < 1 || aside > along * 2.5) continue;
    const cost = along + 2 * aside;
    if (cost < least) [best, least] = [id, cost];
  }
  return best;
}

/** What the reading says of every unit; candidates are units the machine proposes and nobody decided on. */
export function statesOf(content: Content, open: readonly string[], rejected: readonly string[], sites: readonly string[]): Map<string, UnitState> {
  const lesion = new Set(content.lesions.flatMap((l) => l.extents.map((e) => e.site_id)));
  const [candidate, refused] = [new Set(open), new Set(rejected)];
  const [normal, missing] = [new Set(content.normal), new Set(content.not_covered)];
  return new Map(
    sites.map((id) => [
      id,
      lesion.has(id)
        ? "lesion"
        : candidate.has(id)
          ? "candidate"
          : missing.has(id)
            ? "not covered"
            : normal.has(id)
              ? "normal"
              : refused.has(id)
                ? "rejected"
                : "not assessed",
    ]),
  );
}
