// Where voxels lie. LPS millimetres (+x patient's left, +y back, +z head); arrays are [slice, row, column].
// The same conventions as marrowmap.core.geometry.

export type Mm = readonly [x: number, y: number, z: number];
export type Voxel = readonly [slice: number, row: number, column: number];

export interface GridJson {
  shape: [number, number, number];
  spacing_mm: [number, number, number];
  affine_lps: number[][];
}

const LETTERS: readonly [string, string][] = [
  ["L", "R"],
  ["P", "A"],
  ["H", "F"],
];

export class Grid {
  readonly shape: readonly [number, number, number];
  readonly spacing: readonly [number, number, number];
  private readonly m: readonly number[]; // 3 x 4, row by row
  private readonly inverse: readonly number[]; // 3 x 3, row by row

  constructor(json: GridJson) {
    this.shape = json.shape;
    this.spacing = json.spacing_mm;
    this.m = json.affine_lps.slice(0, 3).flat();
    this.inverse = invert3([0, 1, 2].flatMap((r) => [0, 1, 2].map((c) => this.m[r * 4 + c]!)));
  }

  toMm([s, r, c]: Voxel): Mm {
    const m = this.m;
    const at = (i: number) => m[i * 4]! * s + m[i * 4 + 1]! * r + m[i * 4 + 2]! * c + m[i * 4 + 3]!;
    return [at(0), at(1), at(2)];
  }

  toVoxel([x, y, z]: Mm): Voxel {
    const d = [x - this.m[3]!, y - this.m[7]!, z - this.m[11]!];
    const q = this.inverse;
    const at = (i: number) => q[i * 3]! * d[0]! + q[i * 3 + 1]! * d[1]! + q[i * 3 + 2]! * d[2]!;
    return [at(0), at(1), at(2)];
  }

  /** Whole voxel that holds the point, or null outside the array. */
  voxelAt(point: Mm): Voxel | null {
    const v = this.toVoxel(point).map((p) => Math.round(p) + 0) as unknown as Voxel; // + 0: no minus zero
    return v.every((p, i) => p >= 0 && p < this.shape[i]!) ? v : null;
  }

  /** How far a point lies outside the stack, mm; 0 inside. */
  distance(point: Mm): number {
    const v = this.toVoxel(point);
    const out = v.map((p, i) => Math.max(0, -0.5 - p, p - (this.shape[i]! - 0.5)) * this.spacing[i]!);
    return Math.hypot(...out);
  }

  /** Nearest slice to the point, inside the stack. */
  sliceOf(point: Mm): number {
    return Math.min(this.shape[0] - 1, Math.max(0, Math.round(this.toVoxel(point)[0])));
  }

  /** Letters at the left, right, top and bottom edge of a slice; computed from the affine, never assumed. */
  edgeLetters(): { left: string; right: string; top: string; bottom: string } {
    const right = this.direction(2);
    const bottom = this.direction(1);
    return { left: opposite(right), right, top: opposite(bottom), bottom };
  }

  private direction(axis: 1 | 2): string {
    const d = [0, 1, 2].map((i) => this.m[i * 4 + axis]!);
    const main = d.reduce((best, v, i) => (Math.abs(v) > Math.abs(d[best]!) ? i : best), 0);
    return LETTERS[main]![d[main]! > 0 ? 0 : 1]!;
  }
}

function opposite(letter: string): string {
  for (const [a, b] of LETTERS) {
    if (letter === a) return b;
    if (letter === b) return a;
  }
  throw new Error(`no direction ${letter}`);
}

function invert3(a: readonly number[]): number[] {
  const [p, q, r, s, t, u, v, w, x] = a as [number, number, number, number, number, number, number, number, number];
  const det = p * (t * x - u * w) - q * (s * x - u * v) + r * (s * w - t * v);
  if (!Number.isFinite(det) || Math.abs(det) < 1e-9) throw new Error("the affine of a grid is not invertible");
  return [
    t * x - u * w, r * w - q * x, q * u - r * t,
    u * v - s * x, p * x - r * v, r * s - p * u,
    s * w - t * v, q * v - p * w, p * t - q * s,
  ].map((value) => value / det);
}
