// What all panes share: the point in the patient that is looked at, zoom, and windows per series.

import type { Mm } from "./geometry";
import type { InStep } from "./in-step";
import type { Series } from "./series";
import type { Window } from "./window";

export interface Zoom {
  factor: number; // 1 fits the slice into the pane
  centre: Mm | null; // point in the middle of the pane; null: middle of the slice
}

export class View {
  point = $state.raw<Mm>([0, 0, 0]);
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

export type ViewLike = Pick<
  View,
  "point" | "showOutlines" | "windowOf" | "setWindow" | "zoomOf" | "setZoom" | "scroll"
>;

/** The same view seen from another exam of the child: points and zoom are carried over, windows are its own. */
export class OtherExamView implements ViewLike {
  constructor(
    private readonly base: View,
    private readonly step: InStep,
  ) {}

  get point(): Mm {
    return this.step.forward(this.base.point);
  }

  set point(p: Mm) {
    this.base.point = this.step.back(p);
  }

  get showOutlines(): boolean {
    return this.base.showOutlines;
  }

  windowOf(series: Series): Window {
    return this.base.windowOf(series);
  }

  setWindow(series: Series, window: Window): void {
    this.base.setWindow(series, window);
  }

  zoomOf(series: Series): Zoom {
    const { factor, centre } = this.base.zoomOf(series);
    return { factor, centre: centre && this.step.forward(centre) };
  }

  setZoom(series: Series, zoom: Zoom): void {
    this.base.setZoom(series, { factor: zoom.factor, centre: zoom.centre && this.step.back(zoom.centre) });
  }

  scroll(series: Series, steps: number): void {
    const [s, r, c] = series.grid.toVoxel(this.point);
    const slice = Math.min(series.grid.shape[0] - 1, Math.max(0, Math.round(s) + steps));
    this.point = series.grid.toMm([slice, r, c]);
  }
}
