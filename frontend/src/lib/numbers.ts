// Numbers of a figure as a table.

/** Rows of numbers as a table: the columns that any row has, and cells as text. */
export function asTable(rows: Record<string, string | number | null>[]): { head: string[]; body: string[][] } {
  const head = [...new Set(rows.flatMap((r) => Object.keys(r)))];
  const text = (v: string | number | null | undefined) =>
    typeof v === "number" ? String(Number(v.toPrecision(4))) : (v ?? "");
  return { head: head.map((h) => h.replaceAll("_", " ")), body: rows.map((r) => head.map((h) => text(r[h]))) };
}
