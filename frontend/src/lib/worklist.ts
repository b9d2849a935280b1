// One line of the worklist, and the order and words that the worklist searches.

export interface Line {
  name: string;
  patient_key: string;
  synthetic: boolean;
  date: string | null;
  age_years: number | null;
  sex: string;
  scanner: string;
  status: string;
  images: number;
  candidates: number;
  warnings: number;
  reading: { state: "none" | "draft" | "signed"; decided: number; lesions: number; amends: string; who: string; when: string | null };
}

export const SEX: Record<string, string> = { F: "girl", M: "boy", O: "other", unknown: "sex not said" };
export type Column = "date" | "age_years" | "scanner" | "status" | "images" | "candidates" | "reading";

export function readingText(line: Line): string {
  const { state, lesions, decided, amends } = line.reading;
  const which = amends ? "amendment " : "";
  if (state === "signed") return `${which}signed, ${lesions} ${lesions === 1 ? "lesion" : "lesions"}`;
  if (state === "draft") return `${which}in progress, ${decided} of ${line.candidates} candidates decided`;
  return "not begun";
}

export function ageText(line: Line): string {
  return line.age_years === null ? "age not said" : `${line.age_years.toFixed(1)} years`;
}

/** Lines that hold every word, in order of one column; what is not known comes last. */
export function arranged(lines: readonly Line[], words: string, column: Column, falling: boolean): Line[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  const found = lines.filter((line) => {
    const text = [line.name, line.patient_key, line.date, ageText(line), SEX[line.sex], line.scanner, line.status, readingText(line), line.synthetic ? "synthetic" : ""].join(" ").toLowerCase();
    return wanted.every((w) => text.includes(w));
  });
  const key = (line: Line) => (column === "reading" ? readingText(line) : line[column]);
  return found.sort((a, b) => {
    const [x, y] = [key(a), key(b)];
    if (x === null || y === null) return x === y ? 0 : x === null ? 1 : -1;
    const order = typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y));
    return (falling ? -order : order) || a.name.localeCompare(b.name);
  });
}
