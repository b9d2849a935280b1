// One reader's reading of one study. Every change is saved at once, in order; undo is a change like any other.

import { api, ApiError, type Problem } from "../api";
import { person } from "../person.svelte";
import { noFeatures, type Candidate, type Content, type Decision, type Lesion, type SavedState } from "./types";

const UNDO_LIMIT = 200;

export class Reading {
  content = $state<Content>()!;
  version = $state(0);
  signed = $state(false);
  saving = $state(0);
  problem = $state<Problem | null>(null);
  private undone: { content: Content; what: string }[] = [];
  private done = $state<{ content: Content; what: string }[]>([]);
  private redoCount = $state(0);
  private queue: Promise<void> = Promise.resolve();

  constructor(
    readonly study: string,
    state: SavedState,
  ) {
    this.take(state);
  }

  static async open(study: string): Promise<Reading> {
    return new Reading(study, await api<SavedState>(`studies/${study}/reading`, { headers: who() }));
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
    return this.redoCount > 0 && !this.signed;
  }

  /** Change the reading and save it; ``what`` is kept in the history. */
  change(what: string, edit: (draft: Content) => void): void {
    if (this.signed) return;
    const before = $state.snapshot(this.content) as Content;
    const next = structuredClone(before);
    edit(next);
    this.done = [...this.done.slice(-UNDO_LIMIT), { content: before, what }];
    this.undone = [];
    this.redoCount = 0;
    this.content = next;
    this.save(what);
  }

  undo(): void {
    const last = this.done.at(-1);
    if (!last || this.signed) return;
    this.done = this.done.slice(0, -1);
    this.undone.push({ content: $state.snapshot(this.content) as Content, what: last.what });
    this.redoCount = this.undone.length;
    this.content = last.content;
    this.save(`undone: ${last.what}`);
  }

  redo(): void {
    const next = this.undone.pop();
    if (!next || this.signed) return;
    this.redoCount = this.undone.length;
    this.done = [...this.done, { content: $state.snapshot(this.content) as Content, what: next.what }];
    this.content = next.content;
    this.save(`done again: ${next.what}`);
  }

  private save(what: string): void {
    const content = $state.snapshot(this.content) as Content;
    this.saving++;
    this.queue = this.queue.then(async () => {
      try {
        if (this.problem?.status === 409) return;
        const saved = await api<SavedState>(`studies/${this.study}/reading`, {
          method: "PUT",
          headers: who(),
          json: { base: this.version, what: what.slice(0, 300), content },
        });
        this.version = saved.version;
        this.problem = null;
      } catch (error) {
        this.problem = error instanceof ApiError ? error.problem : { status: 0, what: "saving", why: String(error), remedy: "" };
      } finally {
        this.saving--;
      }
    });
  }

  /** Throw away what could not be saved and take the state of the server. */
  async reload(): Promise<void> {
    this.take(await api<SavedState>(`studies/${this.study}/reading`, { headers: who() }));
    this.done = [];
    this.undone = [];
    this.redoCount = 0;
    this.problem = null;
  }

  async sign(): Promise<void> {
    await this.queue;
    const content = $state.snapshot(this.content) as Content;
    this.take(
      await api<SavedState>(`studies/${this.study}/reading/sign`, {
        method: "POST",
        headers: who(),
        json: { base: this.version, what: "signed", content },
      }),
    );
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

  decide(candidate: Candidate, decision: Decision): void {
    const words = { confirmed: "confirmed", rejected: "rejected", undecided: "left open" }[decision];
    this.change(`candidate ${candidate.id} ${words}`, (draft) => {
      draft.decisions[candidate.id] = decision;
      draft.lesions = draft.lesions.filter((l) => l.candidate_id !== candidate.id);
      if (decision === "confirmed") {
        draft.lesions.push(lesionFrom(candidate, nextId(draft)));
        draft.normal = draft.normal.filter((id) => id !== candidate.site);
      }
    });
  }

  edit(id: string, what: string, edit: (lesion: Lesion) => void): void {
    this.change(what, (draft) => {
      const lesion = draft.lesions.find((l) => l.id === id);
      if (lesion) edit(lesion);
      const taken = new Set(draft.lesions.flatMap((l) => l.extents.map((e) => e.site_id)));
      draft.normal = draft.normal.filter((site) => !taken.has(site));
    });
  }

  add(lesion: Omit<Lesion, "id">): string {
    let id = "";
    this.change(`lesion added at ${lesion.extents[0]!.site_id}`, (draft) => {
      id = nextId(draft);
      draft.lesions.push({ ...lesion, id });
      draft.normal = draft.normal.filter((site) => !lesion.extents.some((e) => e.site_id === site));
    });
    return id;
  }

  remove(id: string): void {
    this.change(`lesion ${id} removed`, (draft) => {
      const lesion = draft.lesions.find((l) => l.id === id);
      draft.lesions = draft.lesions.filter((l) => l.id !== id);
      delete draft.outlines[id];
      if (lesion?.candidate_id) draft.decisions[lesion.candidate_id] = "undecided";
    });
  }

  markNormal(sites: string[], normal: boolean): void {
    this.change(normal ? `${sites.length} units marked normal` : `${sites.length} units no longer marked normal`, (draft) => {
      const taken = new Set(draft.lesions.flatMap((l) => l.extents.map((e) => e.site_id)));
      const possible = sites.filter((s) => !taken.has(s) && !draft.not_covered.includes(s));
      draft.normal = normal
        ? [...new Set([...draft.normal, ...possible])].sort()
        : draft.normal.filter((s) => !sites.includes(s));
    });
  }
}

function who(): HeadersInit {
  return { "X-Marrowmap-Reader": person.name };
}

function nextId(draft: Content): string {
  const numbers = draft.lesions.map((l) => Number(l.id.slice(1))).filter(Number.isFinite);
  return `L${Math.max(0, ...numbers) + 1}`;
}

function lesionFrom(c: Candidate, id: string): Lesion {
  return {
    id,
    extents: [{ site_id: c.site, percent: c.measured.extent_percent?.value ?? null }],
    activity: "active",
    origin: "candidate",
    features: noFeatures(),
    symptomatic: "not_assessed",
    candidate_id: c.id,
    centre_mm: c.centre_mm,
    volume_ml: c.volume_ml,
    max_diameter_mm: c.max_diameter_mm,
    si_ratio: c.si_ratio,
    adc: c.adc,
    level_uncertain: c.level_uncertain,
    comment: "",
  };
}
