// Signal of one volume or native stack: the slice that is looked at comes first, then the whole volume.

import { person } from "../person.svelte";
import { Grid, type GridJson, type Mm } from "./geometry";
import type { Window } from "./window";

export interface SeriesJson {
  name: string; // unique in the study, for example "STIR" or "s012"
  title: string; // for people
  kind: "composed" | "native" | "mip";
  contrast: string;
  plane: string;
  grid: GridJson;
  slope: number; // signal = stored int16 * slope
  unit: string;
  window: { low: number; high: number };
  url: string; // folder of this series below the API
}

type Listener = () => void;

export class Series {
  readonly grid: Grid;
  readonly sliceLength: number;
  private readonly slices: (Int16Array | undefined)[];
  private readonly waiting = new Map<number, Promise<void>>();
  private whole: Promise<void> | null = null;
  private readonly listeners = new Set<Listener>();
  /** Slice that produced each pixel of a maximum-intensity projection; null for other kinds. */
  private depth: Uint16Array | null = null;
  /** Share of the volume that has arrived, 0 to 1. */
  loaded = 0;
  error: string | null = null;

  constructor(readonly json: SeriesJson) {
    this.grid = new Grid(json.grid);
    this.sliceLength = this.grid.shape[1] * this.grid.shape[2];
    this.slices = new Array(json.kind === "mip" ? 1 : this.grid.shape[0]);
  }

  get isProjection(): boolean {
    return this.json.kind === "mip";
  }

  startingWindow(): Window {
    return { ...this.json.window, inverted: this.isProjection };
  }

  onChange(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Slice as stored int16, or undefined until it has arrived (asking for it starts the request). */
  slice(index: number): Int16Array | undefined {
    const at = this.isProjection ? 0 : index;
    const here = this.slices[at];
    if (!here) void this.need(at);
    return here;
  }

  /** Signal at a voxel in the unit of the series; null where nothing has arrived. */
  value(slice: number, row: number, column: number): number | null {
    const data = this.slices[this.isProjection ? 0 : slice];
    const stored = data?.[row * this.grid.shape[2] + column];
    return stored === undefined ? null : stored * this.json.slope;
  }

  /** Place in the body of a pixel: for a projection, the voxel that made it. */
  placeOf(slice: number, row: number, column: number): Mm {
    const s = this.isProjection ? (this.depth?.[row * this.grid.shape[2] + column] ?? slice) : slice;
    return this.grid.toMm([s, row, column]);
  }

  /** Fetch the slice that holds a point, or the nearest; resolves when it is here. */
  fetchSliceOf(point: Mm): Promise<void> {
    const at = this.isProjection ? 0 : this.grid.sliceOf(point);
    return this.slices[at] ? Promise.resolve() : this.need(at);
  }

  private need(index: number): Promise<void> {
    let asked = this.waiting.get(index);
    if (!asked) {
      asked = this.fetchSlice(index);
      this.waiting.set(index, asked);
    }
    return asked;
  }

  private async fetchSlice(index: number): Promise<void> {
    try {
      this.slices[index] = new Int16Array(await bytes(`${this.json.url}/slices/${index}`));
      if (this.isProjection) {
        this.depth = new Uint16Array(await bytes(`${this.json.url}/depth`));
        this.loaded = 1;
      }
    } catch (reason) {
      this.error = String(reason);
    }
    this.tell();
  }

  /** Fetch everything once; slices already here stay as they are. */
  loadAll(): Promise<void> {
    if (this.isProjection) return this.need(0);
    this.whole ??= this.fetchWhole();
    return this.whole;
  }

  private async fetchWhole(): Promise<void> {
    try {
      const data = new Int16Array(await bytes(`${this.json.url}/volume`));
      for (let s = 0; s < this.grid.shape[0]; s++)
        this.slices[s] ??= data.subarray(s * this.sliceLength, (s + 1) * this.sliceLength);
      this.loaded = 1;
    } catch (reason) {
      this.error = String(reason);
      this.whole = null;
    }
    this.tell();
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }
}

async function bytes(url: string): Promise<ArrayBuffer> {
  // images of a blinded case are given to its readers only
  const answer = await fetch(url, { headers: { "X-Marrowmap-Reader": encodeURIComponent(person.name.trim()) } });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
  return answer.arrayBuffer();
}
