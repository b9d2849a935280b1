// The reading as the pages keep it: contract/reading.schema.json plus the outlines of its lesions.

import type { Mm } from "../viewer/geometry";
import type { MaskJson } from "../viewer/mask";

export type Assessment = "present" | "absent" | "not_assessed";
export type Decision = "confirmed" | "rejected" | "undecided";

export const FEATURES = [
  ["periosteal_reaction", "Periosteal reaction"],
  ["soft_tissue_oedema", "Soft-tissue oedema"],
  ["bony_expansion", "Bony expansion"],
  ["next_to_physis", "Next to a growth plate"],
  ["physis_crossed", "Growth plate crossed"],
  ["joint_effusion_or_synovitis", "Effusion or synovitis"],
  ["height_loss", "Vertebral height loss"],
  ["cortical_break", "Cortical break"],
  ["soft_tissue_mass", "Soft-tissue mass"],
  ["t1_low", "Dark on T1"],
  ["diffusion_restricted", "Restricted diffusion"],
  ["marginal_sclerosis", "Marginal sclerosis"],
] as const;
export type Feature = (typeof FEATURES)[number][0];

export interface Heights {
  anterior_mm: number | null;
  middle_mm: number | null;
  posterior_mm: number | null;
  reference_mm: number | null;
}

export type Features = Record<Feature, Assessment> & { signal_grade: 0 | 1 | 2 | null; heights: Heights };

export interface Lesion {
  id: string;
  extents: { site_id: string; percent: number | null }[];
  activity: "active" | "inactive" | "not_assessed";
  origin: "candidate" | "reader" | "import";
  features: Features;
  symptomatic: Assessment;
  candidate_id: string;
  centre_mm: Mm | null;
  volume_ml: number | null;
  max_diameter_mm: number | null;
  si_ratio: number | null;
  adc: number | null;
  level_uncertain: boolean;
  comment: string;
}

export const SIGNS = [
  ["abscess", "Abscess"],
  ["fistula", "Fistula"],
  ["sequestrum", "Sequestrum"],
  ["aggressive_periosteal_reaction", "Aggressive periosteal reaction"],
  ["diffuse_marrow_replacement", "Diffuse marrow replacement"],
  ["all_metaphyses_symmetric", "All metaphyses, both sides"],
  ["subperiosteal_blood", "Subperiosteal blood"],
  ["crosses_disc", "Disc crossed"],
  ["linear_low_t1_band", "Linear dark band on T1"],
  ["lesion_without_oedema", "Lesion without oedema"],
  ["kyphosis", "Kyphosis"],
  ["scoliosis", "Scoliosis"],
  ["physeal_bar", "Bar across a growth plate"],
] as const;
export type Sign = (typeof SIGNS)[number][0];

export interface Content {
  id: string;
  amends: string;
  exam_date: string | null;
  signed_at: string | null;
  signs: Record<Sign, Assessment>;
  lesions: Lesion[];
  normal: string[];
  not_covered: string[];
  decisions: Record<string, Decision>;
  waived: Record<string, string>;
  comment: string;
  outlines: Record<string, MaskJson>;
  /** Candidate -> lesion it was joined to. */
  merged: Record<string, string>;
  /** Edited paragraph for the referring clinician; "" means as generated. */
  plain_text: string;
}

export interface SavedState {
  version: number;
  who: string;
  when: string | null;
  what: string;
  signed: boolean;
  content: Content;
}

/** value null: not measured, why_missing says why. note: follows the unit. uncertainty: one standard deviation. */
export interface Measured {
  value: number | null;
  unit: string;
  uncertainty: number | null;
  why_missing?: string;
  note?: string;
}

/** Everything that is measured of an outline, each with its uncertainty or why it is missing. */
export interface Details {
  site: string;
  measured: Partial<Record<string, Measured>>;
  /** Older studies hold neither; heights are null outside the spine. */
  heights?: Record<keyof Heights, Measured> | null;
  units?: { site: string; percent: Measured }[];
}

export interface Candidate extends Details {
  id: string;
  name: string;
  side: string;
  level_uncertain: boolean;
  centre_mm: Mm;
  volume_ml: number | null;
  max_diameter_mm: number | null;
  si_ratio: number | null;
  adc: number | null;
  score: number;
  reasons: string[];
  healthy_prevalence: string;
}

/** Which unit a place belongs to. near: the nearest labelled one within reach, with its distance, also where site is null. */
export interface SiteAt {
  site: string | null;
  near: string | null;
  distance_mm: number | null;
}

export interface SiteRow {
  id: string;
  name: string;
  bone: string;
  side: string;
  segment: string;
  region: string;
}

export function noFeatures(): Features {
  const features = Object.fromEntries(FEATURES.map(([key]) => [key, "not_assessed"])) as Record<Feature, Assessment>;
  return {
    ...features,
    signal_grade: null,
    heights: { anterior_mm: null, middle_mm: null, posterior_mm: null, reference_mm: null },
  };
}
