// Which images hang where: a preset per number of panes, and what this reader chose instead.

export const COUNTS = [1, 2, 3, 4, 6];

const PRESETS: Record<number, string[]> = {
  1: ["STIR"],
  2: ["STIR", "T1"],
  3: ["STIR", "T1", "DWI_mip"],
  4: ["STIR", "T1", "DWI_b800", "DWI_mip"],
  6: ["STIR", "T1", "DWI_b800", "DWI_mip", "nearest sagittal", "nearest axial"],
};

interface Kept {
  count: number;
  chosen: Record<number, string[]>;
}

export class Hanging {
  constructor(private readonly reader: () => string) {}

  private get kept(): Kept {
    try {
      const kept = JSON.parse(localStorage.getItem(this.key) ?? "null") as Kept | null;
      if (kept && COUNTS.includes(kept.count)) return kept;
    } catch {
      // an unreadable entry is as good as none
    }
    return { count: 4, chosen: {} };
  }

  private get key(): string {
    return `hanging:${this.reader()}`;
  }

  get count(): number {
    return this.kept.count;
  }

  /** Series for ``count`` panes, from those that are there; remembers the count. */
  panes(count: number, there: (name: string) => boolean, all: string[]): string[] {
    const kept = this.kept;
    this.write({ ...kept, count });
    const wanted = (kept.chosen[count] ?? PRESETS[count]!).filter(there);
    const rest = [...PRESETS[count]!.filter(there), ...all].filter((n) => !wanted.includes(n));
    return [...new Set([...wanted, ...rest])].slice(0, count);
  }

  remember(panes: string[]): void {
    const kept = this.kept;
    if (!panes.some((p) => p.startsWith("earlier/")))
      this.write({ ...kept, chosen: { ...kept.chosen, [panes.length]: [...panes] } });
  }

  private write(kept: Kept): void {
    localStorage.setItem(this.key, JSON.stringify(kept));
  }
}
