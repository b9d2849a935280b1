// A change on its way to the server is kept in the browser until it has arrived, so that a crash loses nothing.

import { person } from "../person.svelte";
import type { Content } from "./types";

interface Left {
  base: number;
  what: string;
  content: Content;
}

const key = (study: string) => `unsaved:${study}:${person.name}`;

export const unsaved = {
  keep(study: string, left: Left): void {
    try {
      localStorage.setItem(key(study), JSON.stringify(left));
    } catch {
      // a full store is no reason to stop: the server is asked at the same moment
    }
  },
  read(study: string): Left | null {
    try {
      return JSON.parse(localStorage.getItem(key(study)) ?? "null") as Left | null;
    } catch {
      return null;
    }
  },
  clear(study: string): void {
    localStorage.removeItem(key(study));
  },
};
