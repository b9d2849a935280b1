// One reader's reading of one study. Every change is saved at once, in order; undo is a change like any other.

import { api, problemOf, type Problem } from "../api";
import type { MaskJson } from "../viewer/mask";
import { lesionFrom, nextId } from "./lesions";
import type { Candidate, Content, Decision, Lesion, SavedState } from "./types";
import { unsaved } from "./unsaved";

const UNDO_LIMIT = 200;
const RETRY_MS = 2000;

export class Reading {
  content = $state.raw<Content>()!;
  version = $state(0);
  signed = $state(false);
  saving = $state(0);
  problem = $state<Problem | null>(null);
  private done = $state.raw<{ content: Content; what: string }[]>([]);
  private undone = $state.raw<{ content: Content; what: string }[]>([]);
  private queue: Promise<void> = Promise.resolve();

  constructor(
    readonly study: string,
    state: SavedState,
  ) {
    this.take(state);
  }

  /** The stored reading; a change that had not reached the server before a crash is saved now. */
  static async open(study: string): Promise<Reading> {
    const reading = new Reading(study, await api<SavedState>(`studies/${study}/reading`));
    const left = unsaved.read(study);
    if (left && left.base === reading.version && !reading.signed) reading.change(left.what, (d) => Object.assign(d, left.content));
    else unsaved.clear(study);
    return reading;
  }

  /** The stored reading of another exam, to look at only. */
  static async look(study: string): Promise<Reading> {
    return new Reading(study, await api<SavedState>(`studies/${study}/reading`));
  }

  private take(state: SavedState): void {
    this.content = state.content;
    this.version = state.version;
    this.signed = state.signed;
  }

  get canUndo(): boolean {
    return this.done.length > 0 && !this.signed;
  }

  get canRedo(): boolean {
    return this.undone.length > 0 && !this.signed;
  }

  /** Change the reading and save it; ``what`` is kept in the history. */
  change(what: string, edit: (draft: Content) => void): void {
    if (this.signed) return;
    const next = structuredClone(this.content);
    edit(next);
    this.done = [...this.done.slice(-UNDO_LIMIT), { content: this.content, what }];
    this.undone = [];
    this.content = next;
    this.save(what);
  }

  undo(): void {
    const last = this.done.at(-1);
    if (!last || this.signed) return;
    this.done = this.done.slice(0, -1);
    this.undone = [...this.undone, { content: this.content, what: last.what }];
    this.content = last.content;
    this.save(`undone: ${last.what}`);
  }

  redo(): void {
    const next = this.undone.at(-1);
    if (!next || this.signed) return;
    this.undone = this.undone.slice(0, -1);
    this.done = [...this.done, { content: this.content, what: next.what }];
    this.content = next.content;
    this.save(`done again: ${next.what}`);
  }

  private save(what: string): void {
    const content = this.content;
    this.saving++;
    unsaved.keep(this.study, { base: this.version, what, content });
    this.queue = this.queue.then(async () => {
      try {
        if (this.problem && this.problem.status !== 0) return; // what is refused stays on screen until reloaded
        await this.put(content, what);
      } finally {
        this.saving--;
      }
    });
  }

  private async put(content: Content, what: string): Promise<void> {
    for (;;) {
      try {
        const json = { base: this.version, what: what.slice(0, 300), content };
        const saved = await api<SavedState>(`studies/${this.study}/reading`, { method: "PUT", json });
        this.version = saved.version;
        this.problem = null;
        if (this.saving <= 1) unsaved.clear(this.study);
        return;
      } catch (error) {
        this.problem = problemOf(error, "saving");
        if (this.problem.status !== 0) return;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS)); // the server is away: try until it is back
      }
    }
  }

  /** Throw away what could not be saved and take the state of the server. */
  async reload(): Promise<void> {
    unsaved.clear(this.study);
    this.take(await api<SavedState>(`studies/${this.study}/reading`));
    this.done = [];
    this.undone = [];
    this.problem = null;
  }

  async sign(): Promise<void> {
    await this.queue;
    const json = { base: this.version, what: "signed", content: this.content };
    this.take(await api<SavedState>(`studies/${this.study}/reading/sign`, { method: "POST", json }));
  }

  /** A new draft that names this signed reading; both are kept. */
  async amend(): Promise<void> {
    this.take(await api<SavedState>(`studies/${this.study}/reading/amend`, { method: "POST" }));
    this.done = [];
    this.undone = [];
  }

  async settled(): Promise<void> {
    await this.queue;
  }

  decisionOf(candidate: string): Decision {
    return this.content.decisions[candidate] ?? "undecided";
  }

  lesionOf(candidate: string): Lesion | undefined {
    return this.content.lesions.find((l) => l.candidate_id === candidate);
  }

  /** Lesion that a candidate was joined to. */
  joinedTo(candidate: string): Lesion | undefined {
    return this.content.lesions.find((l) => l.id === this.content.merged[candidate]);
  }

  decide(candidate: Candidate, decision: Decision): void {
    const words = { confirmed: "confirmed", rejected: "rejected", undecided: "left open" }[decision];
    if (decision === "confirmed" && this.lesionOf(candidate.id)) return;
    this.change(`candidate ${candidate.id} ${words}`, (draft) => {
      for (const lesion of draft.lesions.filter((l) => l.candidate_id === candidate.id)) drop(draft, lesion.id);
      delete draft.merged[candidate.id];
      draft.decisions[candidate.id] = decision;
      if (decision === "confirmed") draft.lesions.push(lesionFrom(candidate, nextId(draft)));
      freeTaken(draft);
    });
  }

  edit(id: string, what: string, edit: (lesion: Lesion) => void): void {
    this.change(what, (draft) => {
      const lesion = draft.lesions.find((l) => l.id === id);
      if (lesion) edit(lesion);
      freeTaken(draft);
    });
  }

  add(lesion: Omit<Lesion, "id">, outline: MaskJson | null = null): string {
    const id = nextId(this.content);
    this.change(`lesion ${id} added at ${lesion.extents[0]!.site_id}`, (draft) => {
      draft.lesions.push({ ...lesion, id });
      if (outline) draft.outlines[id] = outline;
      freeTaken(draft);
    });
    return id;
  }

  remove(id: string): void {
    this.change(`lesion ${id} removed`, (draft) => drop(draft, id));
  }

  /** A new outline with what was measured of it; the site stays what the reader said. */
  reshape(id: string, what: string, outline: MaskJson, measured: Partial<Lesion>): void {
    this.change(what, (draft) => {
      const lesion = draft.lesions.find((l) => l.id === id);
      if (!lesion) return;
      draft.outlines[id] = outline;
      const { extents, ...numbers } = measured;
      Object.assign(lesion, numbers);
      const main = lesion.extents[0]!;
      if (extents?.[0]?.site_id === main.site_id) main.percent = extents[0].percent;
    });
  }

  /** Make one lesion of two: the second lesion or candidate becomes part of the first. */
  join(id: string, other: { candidate: Candidate | null; lesion: Lesion | null }, outline: MaskJson | null, measured: Partial<Lesion>): void {
    this.change(`${other.candidate?.id ?? other.lesion?.id} joined to ${id}`, (draft) => {
      if (other.lesion) drop(draft, other.lesion.id);
      const lesion = draft.lesions.find((l) => l.id === id);
      if (!lesion) return;
      const sites = other.lesion?.extents.map((e) => e.site_id) ?? [other.candidate!.site];
      for (const site_id of sites)
        if (!lesion.extents.some((e) => e.site_id === site_id)) lesion.extents.push({ site_id, percent: null });
      if (other.candidate) {
        draft.decisions[other.candidate.id] = "confirmed";
        draft.merged[other.candidate.id] = id;
      }
      if (outline) draft.outlines[id] = outline;
      const { extents: _, ...numbers } = measured;
      Object.assign(lesion, numbers);
      freeTaken(draft);
    });
  }

  markNormal(sites: string[], normal: boolean): void {
    const what = `${sites.length === 1 ? sites[0] : `${sites.length} units`} ${normal ? "marked" : "no longer marked"} normal`;
    this.change(what, (draft) => {
      const taken = new Set(draft.lesions.flatMap((l) => l.extents.map((e) => e.site_id)));
      const possible = sites.filter((s) => !taken.has(s) && !draft.not_covered.includes(s));
      draft.normal = normal
        ? [...new Set([...draft.normal, ...possible])].sort()
        : draft.normal.filter((s) => !sites.includes(s));
    });
  }
}

/** Take a lesion away with its outline; its candidates are open again. */
function drop(draft: Content, id: string): void {
  const lesion = draft.lesions.find((l) => l.id === id);
  draft.lesions = draft.lesions.filter((l) => l.id !== id);
  delete draft.outlines[id];
  if (lesion?.candidate_id) draft.decisions[lesion.candidate_id] = "undecided";
  for (const [candidate, to] of Object.entries(draft.merged))
    if (to === id) {
      delete draft.merged[candidate];
      draft.decisions[candidate] = "undecided";
    }
  for (const key of Object.keys(draft.waived)) if (key.endsWith(`:${id}`)) delete draft.waived[key];
}

/** A unit with a lesion in it is no longer stated normal. */
function freeTaken(draft: Content): void {
  const taken = new Set(draft.lesions.flatMap((l) => l.extents.map((e) => e.site_id)));
  draft.normal = draft.normal.filter((site) => !taken.has(site));
}
