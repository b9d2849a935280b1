// What all panes share: the point in the patient that is looked at, zoom, and windows per contrast.

import type { Mm } from "./geometry";
import type { Series } from "./series";
import type { Window } from "./window";

export interface Zoom {
  factor: number; // 1 fits the slice into the pane
  centre: Mm | null; // point in the middle of the pane; null: middle of the slice
}

export class View {
  point = $state<Mm>([0, 0, 0]);
  zoom = $state<Record<string, Zoom>>({});
  windows = $state<Record<string, Window>>({});
  showOutlines = $state(true);

  windowOf(series: Series): Window {
    return this.windows[series.json.name] ?? series.startingWindow();
  }

  setWindow(series: Series, window: Window): void {
    this.windows[series.json.name] = window;
  }

  zoomOf(series: Series): Zoom {
    return this.zoom[series.json.plane] ?? { factor: 1, centre: null };
  }

  setZoom(series: Series, zoom: Zoom): void {
    this.zoom[series.json.plane] = { ...zoom, factor: Math.min(16, Math.max(1, zoom.factor)) };
  }

  /** Move through the stack of one pane; every other pane follows in millimetres. */
  scroll(series: Series, steps: number): void {
    const [s, r, c] = series.grid.toVoxel(this.point);
    const slice = Math.min(series.grid.shape[0] - 1, Math.max(0, Math.round(s) + steps));
    this.point = series.grid.toMm([slice, r, c]);
  }

  reset(): void {
    this.zoom = {};
    this.windows = {};
  }
}
