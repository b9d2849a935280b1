// What the server computed from the stored reading: answers, pathway, open questions.

import { api, problemOf, type Problem } from "../api";
import type { Reading } from "./reading.svelte";

export interface Part {
  label: string;
  value: string;
  note: string;
  lesions: string[];
}
export interface Answer {
  id: string;
  title: string;
  value: string;
  detail: string[];
  items: Part[];
  source: string;
  doi: string;
  verified: boolean;
  lesions: string[];
}
export interface Pathway {
  words: string;
  reasons: string[];
  items: Part[];
  next_steps: string[];
  ours: string[];
  source: string;
  disclaimer: string;
}
export interface Question {
  key: string;
  text: string;
}

/** The server computes, so that the page can never show another number than the report. */
export class LiveAnswers {
  answers = $state.raw<Answer[]>([]);
  pathway = $state.raw<Pathway | null>(null);
  questions = $state.raw<Question[]>([]);
  loaded = $state(false);
  problem = $state<Problem | null>(null);

  async load(study: string, reading: Reading): Promise<void> {
    await reading.settled();
    try {
      Object.assign(this, await api(`studies/${study}/reading/answers`));
      this.problem = null;
      this.loaded = true;
    } catch (error) {
      this.problem = problemOf(error, "Answers");
    }
  }
}
