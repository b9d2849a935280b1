// How a lesion begins: from a candidate, or empty where the reader points.

import type { Mm } from "../viewer/geometry";
import { noFeatures, type Candidate, type Content, type Lesion } from "./types";

export function nextId(draft: Content): string {
  const numbers = draft.lesions.map((l) => Number(l.id.slice(1))).filter(Number.isFinite);
  return `L${Math.max(0, ...numbers) + 1}`;
}

export function lesionFrom(c: Candidate, id: string): Lesion {
  return {
    ...emptyLesion(c.site, c.centre_mm),
    id,
    extents: [{ site_id: c.site, percent: c.measured.extent_percent?.value ?? null }],
    origin: "candidate",
    candidate_id: c.id,
    volume_ml: c.volume_ml,
    max_diameter_mm: c.max_diameter_mm,
    si_ratio: c.si_ratio,
    adc: c.adc,
    level_uncertain: c.level_uncertain,
  };
}

export function emptyLesion(site: string, point: Mm): Omit<Lesion, "id"> {
  return {
    extents: [{ site_id: site, percent: null }],
    activity: "active",
    origin: "reader",
    features: noFeatures(),
    symptomatic: "not_assessed",
    candidate_id: "",
    centre_mm: point,
    volume_ml: null,
    max_diameter_mm: null,
    si_ratio: null,
    adc: null,
    level_uncertain: false,
    comment: "",
  };
}
