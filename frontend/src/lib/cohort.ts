// What the cohort and the reading studies answer, and saving a document of theirs.

import { ApiError, type Problem } from "./api";
import { person } from "./person.svelte";

export interface Cell {
  text: string;
  interval: string;
}
export interface Table {
  id: string;
  title: string;
  unit: string;
  denominator: string;
  missing: string;
  notes: string[];
  synthetic: boolean;
  columns: { id: string; heading: string }[];
  rows: { id: string; label: string; level: number; cells: Record<string, Cell> }[];
}
export interface Figure {
  id: string;
  title: string;
  caption: string;
  svg: string;
  why_missing: string;
  synthetic: boolean;
  data: Record<string, string | number | null>[];
}
export type Role = "reader" | "organiser" | "adjudicator";
export interface StudyLine {
  id: string;
  title: string;
  state: "open" | "adjudication" | "closed";
  roles: Role[];
  cases: number;
  done: number | null;
  organiser: string;
  adjudicator: string;
  complete: boolean;
  settled: number;
  /** Of one study: an exam of it is synthetic. */
  synthetic?: boolean;
}
export const STATE: Record<StudyLine["state"], string> = {
  open: "being read",
  adjudication: "in adjudication",
  closed: "closed",
};

/** Save a document of the server as a file; the reader travels in a header, so a plain link cannot. */
export async function saveDocument(path: string, file: string): Promise<void> {
  const answer = await fetch(`api/${path}`, { headers: { "X-Marrowmap-Reader": encodeURIComponent(person.name.trim()) } });
  if (!answer.ok) throw new ApiError(((await answer.json()) as { error: Problem }).error);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await answer.blob());
  link.download = file;
  link.click();
  URL.revokeObjectURL(link.href);
}
