// The reading room's state and what can be done in it; the pages only show it.

import { api, problemOf, type Problem } from "../api";
import { person } from "../person.svelte";
import type { Mm } from "../viewer/geometry";
import { InStep, type Centres } from "../viewer/in-step";
import { Mask, type MaskJson } from "../viewer/mask";
import type { Outline } from "../viewer/Pane.svelte";
import { Series, type SeriesJson } from "../viewer/series";
import { OtherExamView, View, type ViewLike } from "../viewer/view.svelte";
import { focusOn } from "./focus";
import { COUNTS, Hanging } from "./hanging";
import { itemsOf, type Item } from "./items";
import { emptyLesion } from "./lesions";
import { Reading } from "./reading.svelte";
import type { Candidate, Decision, Details, Lesion, SiteAt, SiteRow } from "./types";

export interface Opened {
  name: string;
  study: {
    synthetic: boolean;
    /** A case of a blinded study: nothing of the child is told. */
    blinded?: boolean;
    exam: {
      date: string | null;
      patient: { key: string; age_years: number | null; sex: string };
      scanner: { manufacturer: string; model: string; field_tesla: number | null };
    };
    protocol: { status: string; items: { name: string; state: string; required: boolean }[]; sentences: string[] };
    candidates: Candidate[];
    software: { validation: string };
    warnings: string[];
  };
  series: SeriesJson[];
  masks: Record<string, MaskJson>;
  muscle_by_row: (number | null)[];
  sites: SiteRow[];
  others: { name: string; date: string | null }[];
}
const SIGNAL_WORDS = { none: "not assessed", 0: "none", 1: "mild", 2: "fluid-like" };
export type Tab = "list" | "map" | "normal" | "exam" | "answers" | "log";
export type Tool = "point" | "brush" | "erase";

/** Another exam of the child beside this one, with what this reader said of it (or its candidates). */
interface OtherExam {
  name: string;
  date: string | null;
  view: ViewLike;
  outlines: Outline[];
}

interface Measures {
  measured: Partial<Lesion>;
  details: Details | null;
}

export class Room {
  opened = $state.raw<Opened | null>(null);
  reading = $state.raw<Reading | null>(null);
  series = $state.raw<Series[]>([]);
  problem = $state<Problem | null>(null);
  panes = $state<string[]>([]);
  activePane = $state(0);
  full = $state<number | null>(null);
  selected = $state<string | null>(null);
  tab = $state<Tab>("list");
  tool = $state<Tool>("point");
  brushMm = $state(3);
  joining = $state<string | null>(null);
  signing = $state(false);
  help = $state(false);
  notice = $state("");
  other = $state.raw<OtherExam | null>(null);
  readonly view = new View();
  /** Counts what arrived of the ADC, so that the value under the cursor does not wait for the mouse to move. */
  private adcArrived = $state(0);
  private readonly hanging = new Hanging(() => person.name);
  private readonly masks = new Map<string, Mask>();

  constructor(readonly name: string) {}

  async open(): Promise<void> {
    const reading = Reading.open(this.name);
    reading.catch(() => undefined); // told below, once the study is here
    try {
      const answer = await api<Opened>(`studies/${this.name}`);
      this.series = answer.series.map((s) => new Series(s));
      this.byName("ADC")?.onChange(() => this.adcArrived++);
      this.opened = answer;
      const main = this.byName("STIR") ?? this.series[0];
      if (main) {
        const [s, r, c] = main.grid.shape;
        this.view.point = main.grid.toMm([Math.floor(s / 2), Math.floor(r / 2), Math.floor(c / 2)]);
      }
      this.layout(this.hanging.count);
      this.reading = await reading;
    } catch (error) {
      this.problem = problemOf(error, "Study");
    }
  }

  /** What is on screen: the slices that are looked at, then one series after the other, so that nothing holds up the first pictures. */
  private async fetchShown(): Promise<void> {
    const shown = this.panes.map((name) => this.byName(name)).filter((s) => s !== undefined);
    await Promise.all(shown.map((s) => s.fetchSliceOf(this.viewOf(s).point)));
    for (const series of shown) await series.loadAll();
    await this.byName("ADC")?.loadAll(); // for the value under the cursor
  }

  /** A series by name; "nearest sagittal" and "nearest axial" are the measured stack that holds the point. */
  byName(wanted: string): Series | undefined {
    const plane = wanted.match(/^nearest (\w+)$/)?.[1];
    if (!plane) return this.series.find((s) => s.json.name === wanted);
    const stacks = this.series.filter(
      (s) => s.json.kind === "native" && s.json.plane === plane && s.json.contrast !== "LOCALIZER" && !s.json.name.includes("/"),
    );
    const point = this.view.point;
    const rank = (s: Series) => s.grid.distance(point) + (s.json.contrast === "STIR" ? 0 : 30);
    return stacks.sort((a, b) => rank(a) - rank(b))[0];
  }

  choices = $derived(this.series.map((s) => ({ name: s.json.name, title: s.json.title })));

  viewOf(series: Series): ViewLike {
    return series.json.name.startsWith("earlier/") && this.other ? this.other.view : this.view;
  }

  layout(count: number): void {
    if (!COUNTS.includes(count)) return;
    this.panes = this.hanging.panes(count, (name) => this.byName(name) !== undefined, this.series.map((s) => s.json.name));
    this.activePane = Math.min(this.activePane, this.panes.length - 1);
    this.full = null;
    void this.fetchShown();
  }

  choose(pane: number, name: string): void {
    this.panes[pane] = name;
    this.hanging.remember(this.panes);
    void this.byName(name)?.loadAll();
  }

  /** Show another exam of the child beside this one: the right half of the panes shows it, in step. */
  async compare(name: string | null): Promise<void> {
    this.series = this.series.filter((s) => !s.json.name.startsWith("earlier/"));
    this.other = null;
    if (!name) return this.layout(this.hanging.count);
    try {
      const [their, said, here, there] = await Promise.all([
        api<Opened>(`studies/${name}`),
        Reading.look(name),
        api<{ centres: Centres }>(`studies/${this.name}/centres`),
        api<{ centres: Centres }>(`studies/${name}/centres`),
      ]);
      const step = new InStep(here.centres, there.centres);
      const date = their.study.exam.date;
      const theirs = their.series
        .filter((s) => s.kind !== "native")
        .map((s) => new Series({ ...s, name: `earlier/${s.name}`, title: `${date ?? name}: ${s.title}` }));
      const outlines = outlinesOf(itemsOf(said, their.study.candidates, this.siteNames), (i) => maskOf(i, said, their.masks, this.masks));
      this.other = { name, date, view: new OtherExamView(this.view, step), outlines: outlines.filter((o) => o.state !== "rejected") };
      this.series = [...this.series, ...theirs];
      this.panes = ["STIR", "earlier/STIR", "T1", "earlier/T1"].filter((n) => this.byName(n));
      this.full = null;
      if (!step.usable) this.notice = "The two exams share no labelled bone: they are in step by table position only.";
      void this.fetchShown();
    } catch (error) {
      this.problem = problemOf(error, "Earlier exam");
    }
  }

  /** The next other exam of the child beside this one; after the last, this one alone again. */
  compareNext(): void {
    const others = this.opened?.others ?? [];
    if (!others.length) this.notice = "There is no other exam of this child.";
    const at = others.findIndex((o) => o.name === this.other?.name);
    void this.compare(others[at + 1]?.name ?? null);
  }

  candidates = $derived(this.opened?.study.candidates ?? []);
  sites = $derived(this.opened?.sites ?? []);
  siteNames = $derived(new Map(this.sites.map((s) => [s.id, s.name])));
  items = $derived.by<Item[]>(() => (this.reading ? itemsOf(this.reading, this.candidates, this.siteNames) : []));
  current = $derived(this.items.find((i) => i.id === this.selected) ?? null);
  decided = $derived(this.candidates.filter((c) => this.reading && this.reading.decisionOf(c.id) !== "undecided").length);
  outlines = $derived<Outline[]>(outlinesOf(this.items, (i) => this.maskOf(i)));
  theirOutlines = $derived(this.other?.outlines ?? []);

  maskOf(item: Item): Mask | null {
    return this.reading && this.opened ? maskOf(item, this.reading, this.opened.masks, this.masks) : null;
  }

  lookAtTheirs(id: string): void {
    const chosen = this.theirOutlines.find((o) => o.id === id);
    if (chosen && this.other) this.other.view.point = chosen.point;
  }

  select(id: string | null): void {
    this.selected = id;
    const item = this.items.find((i) => i.id === id);
    if (!item) return;
    if (item.point) this.view.point = item.point;
    if (this.tab !== "map") this.tab = "list";
    requestAnimationFrame(() => document.querySelector(`[data-item="${id}"]`)?.scrollIntoView({ block: "nearest" }));
  }

  selectLesion(lesion: string): void {
    this.select(this.items.find((i) => i.lesion?.id === lesion && i.state !== "joined")?.id ?? null);
  }

  step(by: number, only: (i: Item) => boolean = () => true): void {
    const all = this.items;
    const from = all.findIndex((i) => i.id === this.selected);
    for (let k = 1; k <= all.length; k++) {
      const item = all[(((from < 0 && by > 0 ? -1 : from) + by * k) % all.length + all.length) % all.length];
      if (item && only(item)) return this.select(item.id);
    }
  }

  undecided = (i: Item): boolean => i.candidate !== null && this.reading?.decisionOf(i.candidate.id) === "undecided";

  /** Whether this reader may change this reading now; says why not. */
  mayChange(): boolean {
    if (!this.reading) return false;
    if (this.reading.signed) this.notice = "This reading is signed and frozen. Amend it to change anything.";
    else if (!person.name.trim()) {
      this.notice = "Enter your name at the top right first: every change is kept with its reader.";
      document.querySelector<HTMLInputElement>('input[aria-label="Your name"]')?.focus();
    } else return true;
    return false;
  }

  decide(decision: Decision): void {
    if (!this.current?.candidate || !this.mayChange()) return;
    this.reading!.decide(this.current.candidate, decision);
    if (decision !== "undecided") this.step(1, this.undecided);
  }

  async add(grow: boolean): Promise<void> {
    if (!this.mayChange()) return;
    try {
      const point = this.view.point;
      const at = new URLSearchParams({ x: String(point[0]), y: String(point[1]), z: String(point[2]) });
      const { site, near: close, distance_mm: away } = await api<SiteAt>(`studies/${this.name}/site?${at}`);
      let grown: Measures & { mask: MaskJson | null; why: string } = { mask: null, why: "", measured: {}, details: null };
      if (grow) {
        this.notice = "Growing an outline…";
        grown = await api(`studies/${this.name}/grow`, { method: "POST", json: { point_mm: point } });
      }
      const here = site ?? grown.measured.extents?.[0]?.site_id;
      const near = here ?? close ?? (await this.nearestUnit(point));
      const id = this.reading!.add({ ...emptyLesion(near, point), ...grown.measured }, grown.mask);
      const guess = close && away ? `${this.siteNames.get(near)}, ${away} mm away, is the nearest` : `${this.siteNames.get(near)} is a guess`;
      this.notice = here ? (grow && !grown.mask ? grown.why : "") : `No labelled bone lies here. ${guess}: check the site of the new lesion.`;
      this.select(id);
      if (!here) this.focusSite();
    } catch (error) {
      this.notice = saying(problemOf(error, "Lesion"));
    }
  }

  /** The unit whose middle is nearest; some unit where the exam has no labels, for a lesion must name one. */
  private async nearestUnit(point: Mm): Promise<string> {
    const { centres } = await api<{ centres: Centres }>(`studies/${this.name}/centres`);
    const away = (id: string) => Math.hypot(...centres[id]!.map((v, axis) => v - point[axis]!));
    return Object.keys(centres).sort((a, b) => away(a) - away(b))[0] ?? this.sites[0]!.id;
  }

  remove(): void {
    const lesion = this.current?.lesion;
    if (lesion && this.mayChange()) this.reading!.remove(lesion.id);
  }

  /** A finished stroke of the brush or the eraser. */
  async reshape(mask: Mask): Promise<void> {
    const lesion = this.current?.lesion;
    if (!lesion || !this.mayChange()) return;
    if (!mask.count) {
      this.notice = "Nothing would be left of the outline. Remove the lesion instead.";
      return;
    }
    this.reading!.reshape(lesion.id, `outline of ${lesion.id} edited`, mask.toJson(), await this.measured(mask));
  }

  /** Everything measured of the outline of a lesion that no candidate stands for; null where there is none. */
  async details(item: Item): Promise<Details | null> {
    const mask = item.lesion && !item.candidate ? this.maskOf(item) : null;
    if (!mask) return null;
    const key = JSON.stringify(mask.toJson());
    const known = this.known?.key === key ? this.known : { key, details: (await this.measure(mask)).details };
    this.known = known;
    return known.details;
  }
  private known: { key: string; details: Details | null } | null = null;

  private measure(mask: Mask): Promise<Measures> {
    return api<Measures>(`studies/${this.name}/measure`, { method: "POST", json: mask.toJson() });
  }

  private async measured(mask: Mask): Promise<Partial<Lesion>> {
    try {
      return (await this.measure(mask)).measured;
    } catch {
      return { volume_ml: null, max_diameter_mm: null, si_ratio: null, adc: null };
    }
  }

  /** First press: remember the lesion; second press: the one selected then becomes part of it. */
  async join(): Promise<void> {
    const item = this.current;
    if (!item || !this.mayChange()) return;
    const first = this.items.find((i) => i.id === this.joining);
    if (!first) {
      if (!item.lesion || item.state === "joined") this.notice = "Confirm or add a lesion first, then join others to it.";
      else {
        this.joining = item.id;
        this.notice = `Choose what belongs to ${item.number}. ${item.name}, then press j again (Escape cancels).`;
      }
      return;
    }
    this.joining = null;
    this.notice = "";
    if (first.id === item.id || !first.lesion || item.state === "joined") return;
    const [a, b] = [this.maskOf(first), this.maskOf(item)];
    const both = a && b ? a.union(b) : (a ?? b);
    this.reading!.join(first.lesion.id, item, both?.toJson() ?? null, both ? await this.measured(both) : {});
    this.select(first.id);
  }

  /** Cut the outline at the crosshair; the other part becomes a lesion of its own. */
  async split(): Promise<void> {
    const item = this.current;
    const grid = this.byName("STIR")?.grid;
    if (!item?.lesion || !grid || !this.mayChange()) return;
    const voxel = grid.toVoxel(this.view.point).map(Math.round) as [number, number, number];
    const parts = this.maskOf(item)?.split(voxel, grid.spacing);
    if (!parts) {
      this.notice = "Put the crosshair inside the outline, where it is to be cut.";
      return;
    }
    const [kept, rest] = parts[0].count >= parts[1].count ? parts : [parts[1], parts[0]];
    const [mine, theirs] = await Promise.all([this.measured(kept), this.measured(rest)]);
    const id = item.lesion.id;
    this.reading!.reshape(id, `outline of ${id} cut in two`, kept.toJson(), mine);
    const site = theirs.extents?.[0]?.site_id ?? item.site;
    this.reading!.add({ ...emptyLesion(site, theirs.centre_mm ?? this.view.point), ...theirs }, rest.toJson());
  }

  setSite(site: string): void {
    const lesion = this.current?.lesion;
    if (!lesion || !this.mayChange()) return;
    this.reading!.edit(lesion.id, `site of ${lesion.id} set to ${site}`, (l) => {
      const kept = l.extents.slice(1).filter((e) => e.site_id !== site);
      l.extents = [{ site_id: site, percent: null }, ...kept];
      l.level_uncertain = false;
    });
  }

  /** Signal on STIR by one key: mild, fluid-like, none, not assessed. */
  cycleSignal(): void {
    const lesion = this.current?.lesion;
    if (!lesion || !this.mayChange()) return;
    const order = [1, 2, 0, null] as const;
    const next = order[(order.indexOf(lesion.features.signal_grade) + 1) % 4]!;
    this.reading!.edit(lesion.id, `STIR signal of ${lesion.id}: ${SIGNAL_WORDS[next ?? "none"]}`, (l) => (l.features.signal_grade = next));
  }

  async amend(): Promise<void> {
    try {
      await this.reading?.amend();
      this.notice = "";
    } catch (error) {
      this.notice = saying(problemOf(error, "Amendment"));
    }
  }

  focusSite(): void {
    this.tab = "list";
    focusOn(".detail input[type=search]");
  }

  private get activeSeries(): Series | undefined {
    return this.byName(this.panes[this.activePane] ?? "");
  }

  adjust(change: (w: { low: number; high: number; inverted: boolean }) => void): void {
    const shown = this.activeSeries;
    if (!shown) return;
    const changed = { ...this.view.windowOf(shown) };
    change(changed);
    this.view.setWindow(shown, changed);
  }

  zoomBy(factor: number): void {
    const shown = this.activeSeries;
    if (!shown) return;
    const view = this.viewOf(shown);
    view.setZoom(shown, { factor: view.zoomOf(shown).factor * factor, centre: view.point });
  }

  shiftWindow(share: number): void {
    this.adjust((w) => ([w.low, w.high] = [w.low + (w.high - w.low) * share, w.high + (w.high - w.low) * share]));
  }

  nextPane(by: number): void {
    this.activePane = (this.activePane + by + this.panes.length) % this.panes.length;
  }

  /** Move the crosshair in the active pane, mm down and to the right of the picture; finer when zoomed. */
  moveCross(down: number, right: number): void {
    const shown = this.activeSeries;
    if (!shown) return;
    const view = this.viewOf(shown);
    const zoom = view.zoomOf(shown);
    const [s, r, c] = shown.grid.toVoxel(view.point);
    const [, rows, columns] = shown.grid.shape;
    const [, dr, dc] = shown.grid.spacing;
    const row = Math.min(rows - 1, Math.max(0, r + down / zoom.factor / dr));
    const column = Math.min(columns - 1, Math.max(0, c + right / zoom.factor / dc));
    view.point = shown.grid.toMm([s, row, column]);
    if (zoom.factor > 1) view.setZoom(shown, { factor: zoom.factor, centre: view.point });
  }

  scroll(steps: number): void {
    const shown = this.activeSeries;
    if (shown) this.viewOf(shown).scroll(shown, steps);
  }

  muscleAt = (point: Mm): number | null => {
    const voxel = this.byName("STIR")?.grid.voxelAt(point);
    return voxel ? (this.opened?.muscle_by_row[voxel[1]] ?? null) : null;
  };

  adcAt = (point: Mm): number | null => {
    void this.adcArrived;
    const adc = this.byName("ADC");
    const voxel = adc?.grid.voxelAt(point);
    return adc && voxel ? adc.value(...voxel) : null;
  };
}

function outlinesOf(items: Item[], mask: (item: Item) => Mask | null): Outline[] {
  return items
    .filter((i) => i.point)
    .map((i) => ({ id: i.id, label: `${i.name}, ${i.state}`, number: i.number, point: i.point!, state: i.state === "joined" ? "lesion" : i.state, mask: mask(i) }));
}

/** The outline of an item: as the reader left it, else the candidate's; ``kept`` saves decoding it again. */
function maskOf(item: Item, reading: Reading, candidates: Record<string, MaskJson>, kept: Map<string, Mask>): Mask | null {
  if (item.state === "joined") return null;
  const json = (item.lesion && reading.content.outlines[item.lesion.id]) || candidates[item.id];
  if (!json) return null;
  const key = `${json.origin.join()}:${json.shape.join()}:${json.bits}`;
  let mask = kept.get(key);
  if (!mask) kept.set(key, (mask = Mask.fromJson(json)));
  return mask;
}

export function saying(problem: Problem): string {
  return [`${problem.what}: ${problem.why}.`, problem.remedy].filter(Boolean).join(" ");
}

