// The list of a reading: every candidate in its order, then the lesions the reader added.

import type { Mm } from "../viewer/geometry";
import type { Reading } from "./reading.svelte";
import type { Candidate, Lesion } from "./types";

export interface Item {
  id: string;
  number: number;
  site: string;
  name: string;
  point: Mm | null;
  candidate: Candidate | null;
  lesion: Lesion | null;
  state: "candidate" | "lesion" | "rejected" | "joined";
}

export function itemsOf(reading: Reading, candidates: readonly Candidate[], names: Map<string, string>): Item[] {
  const own = candidates.map((c, i): Item => {
    const lesion = reading.lesionOf(c.id) ?? null;
    const joined = lesion ? undefined : reading.joinedTo(c.id);
    const site = lesion?.extents[0]!.site_id ?? c.site;
    const rejected = reading.decisionOf(c.id) === "rejected";
    return {
      id: c.id,
      number: i + 1,
      site,
      name: names.get(site) ?? site,
      point: lesion?.centre_mm ?? c.centre_mm,
      candidate: c,
      lesion: lesion ?? joined ?? null,
      state: lesion ? "lesion" : joined ? "joined" : rejected ? "rejected" : "candidate",
    };
  });
  const known = new Set(candidates.map((c) => c.id));
  const added = reading.content.lesions
    .filter((l) => !known.has(l.candidate_id))
    .map((l, i): Item => {
      const site = l.extents[0]!.site_id;
      const name = names.get(site) ?? site;
      return { id: l.id, number: candidates.length + i + 1, site, name, point: l.centre_mm, candidate: null, lesion: l, state: "lesion" };
    });
  return [...own, ...added];
}
