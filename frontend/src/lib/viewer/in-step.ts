// Two exams of one child in step: a point of one is carried to the other by the bones that both show.
// Around each bone unit the shift between its two centres holds; between units the shifts are blended.
// Ours: this follows growth and posture roughly and is for looking side by side, never for measuring.

import type { Mm } from "./geometry";

export type Centres = Record<string, Mm>;
const SOFT_MM = 15;

export class InStep {
  private readonly pairs: { at: Mm; shift: Mm }[];

  constructor(here: Centres, there: Centres) {
    this.pairs = Object.keys(here)
      .filter((id) => there[id])
      .map((id) => ({ at: here[id]!, shift: minus(there[id]!, here[id]!) }));
  }

  get usable(): boolean {
    return this.pairs.length > 0;
  }

  /** Place in the other exam of a point of this one; the point itself when no bone is shared. */
  forward(p: Mm): Mm {
    let total = 0;
    const sum = [0, 0, 0];
    for (const { at, shift } of this.pairs) {
      const d = minus(p, at);
      const weight = 1 / (d[0] ** 2 + d[1] ** 2 + d[2] ** 2 + SOFT_MM ** 2) ** 2;
      total += weight;
      for (let i = 0; i < 3; i++) sum[i]! += weight * shift[i]!;
    }
    return total ? [p[0] + sum[0]! / total, p[1] + sum[1]! / total, p[2] + sum[2]! / total] : p;
  }

  /** The point of this exam that ``forward`` carries to ``p``. */
  back(p: Mm): Mm {
    let guess = p;
    for (let i = 0; i < 12; i++) {
      const miss = minus(this.forward(guess), p);
      guess = minus(guess, miss);
    }
    return guess;
  }
}

function minus(a: Mm, b: Mm): Mm {
  return [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
}
