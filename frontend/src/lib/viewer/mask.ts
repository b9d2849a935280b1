// A lesion's outline as voxels in a box of its grid, and its contour on one slice.

export interface MaskJson {
  origin: [slice: number, row: number, column: number];
  shape: [slices: number, rows: number, columns: number];
  bits: string; // base64 of one bit per voxel, in [slice, row, column] order, most significant bit first
}

export class Mask {
  constructor(
    readonly origin: readonly [number, number, number],
    readonly shape: readonly [number, number, number],
    readonly voxels: Uint8Array,
  ) {}

  static fromJson(json: MaskJson): Mask {
    const packed = Uint8Array.from(atob(json.bits), (c) => c.charCodeAt(0));
    const n = json.shape[0] * json.shape[1] * json.shape[2];
    const voxels = new Uint8Array(n);
    for (let i = 0; i < n; i++) voxels[i] = (packed[i >> 3]! >> (7 - (i & 7))) & 1;
    return new Mask(json.origin, json.shape, voxels);
  }

  toJson(): MaskJson {
    const packed = new Uint8Array(Math.ceil(this.voxels.length / 8));
    this.voxels.forEach((v, i) => {
      if (v) packed[i >> 3]! |= 1 << (7 - (i & 7));
    });
    let text = "";
    for (const byte of packed) text += String.fromCharCode(byte);
    return { origin: [...this.origin], shape: [...this.shape], bits: btoa(text) };
  }

  at(slice: number, row: number, column: number): boolean {
    const s = slice - this.origin[0];
    const r = row - this.origin[1];
    const c = column - this.origin[2];
    const [S, R, C] = this.shape;
    return s >= 0 && r >= 0 && c >= 0 && s < S && r < R && c < C && this.voxels[(s * R + r) * C + c] === 1;
  }

  get count(): number {
    return this.voxels.reduce((sum, v) => sum + v, 0);
  }

  reaches(slice: number): boolean {
    return slice >= this.origin[0] && slice < this.origin[0] + this.shape[0];
  }

  private nonzero(): [number, number, number][] {
    const found: [number, number, number][] = [];
    const [, R, C] = this.shape;
    this.voxels.forEach((v, i) => {
      if (v) found.push([Math.floor(i / (R * C)), Math.floor(i / C) % R, i % C]);
    });
    return found;
  }

  /** Both masks together. */
  union(other: Mask): Mask {
    const from = this.origin.map((o, i) => Math.min(o, other.origin[i]!)) as [number, number, number];
    const to = this.origin.map((o, i) => Math.max(o + this.shape[i]!, other.origin[i]! + other.shape[i]!));
    const shape = from.map((f, i) => to[i]! - f) as [number, number, number];
    const out = new Mask(from, shape, new Uint8Array(shape[0] * shape[1] * shape[2]));
    for (const mask of [this, other])
      for (const v of mask.nonzero()) {
        const [s, r, c] = v.map((x, i) => x + mask.origin[i]! - from[i]!) as [number, number, number];
        out.voxels[(s * shape[1] + r) * shape[2] + c] = 1;
      }
    return out;
  }

  /** Cut in two at a voxel, across the longest side in mm; null when all lies on one side. */
  split(at: readonly [number, number, number], spacing: readonly [number, number, number]): [Mask, Mask] | null {
    const long = this.shape.map((n, i) => n * spacing[i]!);
    const axis = long.indexOf(Math.max(...long));
    const voxels = this.nonzero();
    // at the outline's first plane there is nothing before the crosshair: that plane itself is then the first part
    const first = voxels.reduce((low, v) => Math.min(low, v[axis]! + this.origin[axis]!), Infinity);
    const cut = at[axis]! === first ? first + 1 : at[axis]!;
    const parts: [Uint8Array, Uint8Array] = [new Uint8Array(this.voxels.length), new Uint8Array(this.voxels.length)];
    const [, R, C] = this.shape;
    for (const v of voxels) parts[v[axis]! + this.origin[axis]! < cut ? 0 : 1][(v[0] * R + v[1]) * C + v[2]] = 1;
    const masks = parts.map((part) => new Mask(this.origin, this.shape, part)) as [Mask, Mask];
    return masks.every((m) => m.count > 0) ? masks : null;
  }

  /** The same mask with a disc of one slice added or taken away; the box grows as needed. */
  brushed(slice: number, row: number, column: number, radius: readonly [number, number], add: boolean): Mask {
    const [rr, rc] = radius;
    const low = [slice, Math.floor(row - rr), Math.floor(column - rc)] as const;
    const high = [slice, Math.ceil(row + rr), Math.ceil(column + rc)] as const;
    const from = this.origin.map((o, i) => Math.min(o, low[i]!)) as [number, number, number];
    const to = this.origin.map((o, i) => Math.max(o + this.shape[i]! - 1, high[i]!));
    const shape = from.map((f, i) => to[i]! - f + 1) as [number, number, number];
    const voxels = new Uint8Array(shape[0] * shape[1] * shape[2]);
    let i = 0;
    for (let s = 0; s < shape[0]; s++)
      for (let r = 0; r < shape[1]; r++)
        for (let c = 0; c < shape[2]; c++, i++) {
          const place = [s + from[0], r + from[1], c + from[2]] as const;
          const inDisc =
            place[0] === slice && ((place[1] - row) / rr) ** 2 + ((place[2] - column) / rc) ** 2 <= 1;
          voxels[i] = inDisc ? Number(add) : Number(this.at(...place));
        }
    return new Mask(from, shape, voxels);
  }

  /** SVG path along voxel edges on one slice, in (column, row) units where voxel centres are at +0.5. */
  contour(slice: number): string {
    if (!this.reaches(slice)) return "";
    const [, R, C] = this.shape;
    const [, r0, c0] = this.origin;
    const edges = new Map<string, [number, number][]>();
    const add = (a: [number, number], b: [number, number]) => {
      const key = a.join();
      edges.set(key, [...(edges.get(key) ?? []), b]);
    };
    for (let r = r0; r < r0 + R; r++)
      for (let c = c0; c < c0 + C; c++) {
        if (!this.at(slice, r, c)) continue;
        if (!this.at(slice, r - 1, c)) add([c, r], [c + 1, r]);
        if (!this.at(slice, r, c + 1)) add([c + 1, r], [c + 1, r + 1]);
        if (!this.at(slice, r + 1, c)) add([c + 1, r + 1], [c, r + 1]);
        if (!this.at(slice, r, c - 1)) add([c, r + 1], [c, r]);
      }
    let path = "";
    while (edges.size) {
      const start = edges.keys().next().value as string;
      let [x, y] = start.split(",").map(Number) as [number, number];
      path += `M${x} ${y}`;
      for (;;) {
        const key = `${x},${y}`;
        const ways = edges.get(key);
        if (!ways) break;
        [x, y] = ways.shift()!;
        if (!ways.length) edges.delete(key);
        path += `L${x} ${y}`;
      }
      path += "Z";
    }
    return path;
  }
}
