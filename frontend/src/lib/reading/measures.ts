// What was measured of an outline, as texts: number, spread, unit, or why there is none.

import type { Details, Measured } from "./types";

/** No more than `digits` decimals, and none that would say more than two figures of the spread do. */
export function measuredText(m: Measured | undefined, digits: number, unit?: string): string {
  if (!m) return "not measured: not recorded in this study";
  if (m.value === null) return `not measured${m.why_missing ? `: ${m.why_missing}` : ""}`;
  const kept = m.uncertainty ? Math.min(digits, Math.max(0, 1 - Math.floor(Math.log10(m.uncertainty)))) : digits;
  const spread = m.uncertainty === null ? "" : ` ± ${m.uncertainty.toFixed(kept)}`;
  return [`${m.value.toFixed(kept)}${spread}`, unit ?? m.unit, m.note].filter(Boolean).join(" ");
}

/** Size and signal of the outline, as the list shows them of every lesion. */
export function sizeRows(c: Details): [string, string][] {
  const m = c.measured;
  return [
    ["Volume", measuredText(m.volume_ml, 2)],
    ["Largest diameter", measuredText(m.max_diameter_mm, 0)],
    ["Signal", measuredText(m.si_ratio, 1, "× muscle")],
    ["ADC", measuredText(m.adc, 0, "×10⁻⁶ mm²/s")],
  ];
}

/** The rest: bones, tissue around, and of a vertebra its heights. names: unit id -> name. */
export function furtherRows(c: Details, names: Map<string, string>): [string, string][] {
  const units = c.units?.map((u) => `${names.get(u.site) ?? u.site} ${measuredText(u.percent, 1)}`).join("; ");
  const rows: [string, string][] = [
    ["Lies in", units || `${names.get(c.site) ?? c.site} ${measuredText(c.measured.extent_percent, 1)}`],
    ["T1", measuredText(c.measured.t1_ratio, 1, "× muscle")],
    ["Next to the bone", measuredText(c.measured.periosteal_ratio, 1, "× muscle")],
    ["Tissue beside it", measuredText(c.measured.soft_tissue_ratio, 1, "× muscle")],
  ];
  if (c.site.startsWith("vertebra_")) rows.push(["Heights", heightsText(c)]);
  return rows;
}

function heightsText(c: Details): string {
  const h = c.heights;
  if (!h) return "not measured";
  if ([h.anterior_mm, h.middle_mm, h.posterior_mm].every((m) => m.value === null)) return measuredText(h.anterior_mm, 1);
  const own = `front ${measuredText(h.anterior_mm, 1)}, middle ${measuredText(h.middle_mm, 1)}, back ${measuredText(h.posterior_mm, 1)}`;
  return `${own}; back of those beside it ${measuredText(h.reference_mm, 1)}`;
}
