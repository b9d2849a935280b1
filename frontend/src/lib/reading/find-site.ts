// "l dist tib met" finds the left tibia's distal metaphysis: every word must begin a word of the unit's name.

import type { SiteRow } from "./types";

const SHORT: Record<string, string> = { l: "left", r: "right", prox: "proximal", dist: "distal", meta: "metaphysis" };

export function findSites(query: string, sites: readonly SiteRow[]): SiteRow[] {
  const words = query.toLowerCase().split(/[\s,]+/).filter(Boolean).map((w) => SHORT[w] ?? w);
  if (!words.length) return [];
  return sites.filter((site) => {
    const names = `${site.name} ${site.id.replaceAll("_", " ")} ${site.region.replaceAll("_", " ")}`.toLowerCase().split(/[\s,]+/);
    return words.every((word) => names.some((name) => name.startsWith(word)));
  });
}
