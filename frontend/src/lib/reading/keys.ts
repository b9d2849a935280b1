// Every action of the reading room with its key. The help on "?" shows this list; nothing else reacts to keys.

import { focusOn } from "./focus";
import { COUNTS } from "./hanging";
import type { Room } from "./room.svelte";

export interface Action {
  keys: readonly string[];
  text: string;
  /** Missing: the browser or the control in focus does it. */
  run?: (room: Room, key: string) => void;
}
export interface Group {
  title: string;
  actions: readonly Action[];
}

const one = (key: string, text: string, run: (room: Room) => void): Action => ({ keys: [key], text, run });
const STEP_MM = 5;

export const GROUPS: readonly Group[] = [
  {
    title: "Candidates and lesions",
    actions: [
      one("n", "next candidate or lesion", (r) => r.step(1)),
      one("p", "previous candidate or lesion", (r) => r.step(-1)),
      one("u", "next candidate that is undecided", (r) => r.step(1, r.undecided)),
      one("c", "confirm the candidate", (r) => r.decide("confirmed")),
      one("x", "reject the candidate", (r) => r.decide("rejected")),
      one("o", "leave the candidate open again", (r) => r.decide("undecided")),
      one("a", "add a lesion at the crosshair", (r) => void r.add(false)),
      one("g", "add a lesion and grow its outline from the crosshair", (r) => void r.add(true)),
      one("t", "signal on STIR: mild, fluid-like, none, not assessed", (r) => r.cycleSignal()),
      one("s", "site of the lesion: type it, for example l dist tib met", (r) => r.focusSite()),
      one("d", "form of the lesion: extent, features, remark", (r) => {
        r.tab = "list";
        focusOn(".detail form input[type=number]");
      }),
      one("e", "edit the outline: brush, then eraser, then off", (r) => (r.tool = r.tool === "point" ? "brush" : r.tool === "brush" ? "erase" : "point")),
      one(",", "smaller brush", (r) => (r.brushMm = Math.max(1, r.brushMm - 1))),
      one(".", "larger brush", (r) => (r.brushMm = Math.min(25, r.brushMm + 1))),
      one("j", "join: the next one you choose becomes part of this lesion", (r) => void r.join()),
      one("k", "cut the outline in two at the crosshair", (r) => void r.split()),
      one("Delete", "remove the lesion", (r) => r.remove()),
      one("z", "undo", (r) => r.reading?.undo()),
      one("Z", "redo", (r) => r.reading?.redo()),
    ],
  },
  {
    title: "Images",
    actions: [
      one("ArrowUp", "one image towards the front, or back in the stack", (r) => r.scroll(-1)),
      one("ArrowDown", "one image further", (r) => r.scroll(1)),
      one("PageUp", "five images back", (r) => r.scroll(-5)),
      one("PageDown", "five images further", (r) => r.scroll(5)),
      {
        keys: ["Shift+ArrowLeft", "Shift+ArrowRight", "Shift+ArrowUp", "Shift+ArrowDown"],
        text: "move the crosshair; a zoomed picture follows",
        run: (r, key) => {
          const way = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[key.slice(6)]!;
          r.moveCross(way[0]! * STEP_MM, way[1]! * STEP_MM);
        },
      },
      one("+", "zoom in at the crosshair", (r) => r.zoomBy(1.5)),
      one("-", "zoom out", (r) => r.zoomBy(1 / 1.5)),
      one("w", "narrower window", (r) => r.adjust((w) => (w.high = w.low + (w.high - w.low) * 0.85))),
      one("W", "wider window", (r) => r.adjust((w) => (w.high = w.low + (w.high - w.low) / 0.85))),
      one("b", "brighter", (r) => r.shiftWindow(-0.1)),
      one("B", "darker", (r) => r.shiftWindow(0.1)),
      one("i", "invert the active pane", (r) => r.adjust((w) => (w.inverted = !w.inverted))),
      one("r", "reset window, zoom and position", (r) => r.view.reset()),
      one("h", "hide or show outlines", (r) => (r.view.showOutlines = !r.view.showOutlines)),
      { keys: COUNTS.map(String), text: "number of panes", run: (r, key) => r.layout(Number(key)) },
      one("[", "previous pane", (r) => r.nextPane(-1)),
      one("]", "next pane", (r) => r.nextPane(1)),
      one("/", "images in the active pane: choose", () => focusOn(".pane.active header select")),
      one("f", "active pane on the full screen, and back", (r) => (r.full = r.full === null ? r.activePane : null)),
      one("0", "another exam of the child beside this one, and away", (r) => r.compareNext()),
    ],
  },
  {
    title: "Parts of the page",
    actions: [
      one("l", "list of candidates and lesions", (r) => (r.tab = "list")),
      one("y", "body map: arrow keys move, Enter chooses", (r) => {
        r.tab = "map";
        focusOn('.map path[tabindex="0"]');
      }),
      one("m", "mark as normal: the units by region", (r) => {
        r.tab = "normal";
        focusOn("[data-part=normal] button, [data-part=normal] summary");
      }),
      one("v", "the whole exam: signs, remark, reports, other exams", (r) => (r.tab = "exam")),
      one("q", "answers: scores, patterns, pathway", (r) => (r.tab = "answers")),
      one("?", "this list", (r) => (r.help = true)),
      one("Enter", "sign (asks first)", (r) => (r.signing = !r.reading?.signed)),
      { keys: ["Tab"], text: "next control; Escape goes back to the images" },
    ],
  },
];

const BY_KEY = new Map(GROUPS.flatMap((g) => g.actions).flatMap((a) => a.keys.map((k) => [k, a] as const)));

/** Run what a key means; false when it means nothing. */
export function press(room: Room, event: { key: string; shiftKey: boolean }): boolean {
  const key = event.shiftKey && event.key.startsWith("Arrow") ? `Shift+${event.key}` : event.key;
  const action = BY_KEY.get(key);
  action?.run?.(room, key);
  return Boolean(action?.run);
}

const WORDS: Record<string, string> = { ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→", Delete: "Del", PageUp: "Page ↑", PageDown: "Page ↓" };

/** A key as it is printed on the keyboard. */
export function keyName(key: string): string {
  const [shift, name] = key.startsWith("Shift+") ? ["⇧", key.slice(6)] : ["", key];
  return shift + (WORDS[name] ?? name);
}
