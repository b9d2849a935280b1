import { describe, expect, it } from "vitest";
import { Mask } from "./mask";

const square = new Mask([2, 10, 20], [1, 2, 2], Uint8Array.from([1, 1, 1, 1]));

describe("Mask", () => {
  it("survives the way to text and back", () => {
    const odd = new Mask([0, 5, 7], [2, 3, 3], Uint8Array.from({ length: 18 }, (_, i) => Number(i % 3 === 0)));
    expect(Mask.fromJson(odd.toJson())).toEqual(odd);
  });

  it("draws a closed contour along the voxel edges, and none on other slices", () => {
    const path = square.contour(2);
    expect(path.match(/M/g)).toHaveLength(1);
    expect(path.match(/L/g)).toHaveLength(8);
    expect(square.contour(3)).toBe("");
  });

  it("draws a hole as a second contour", () => {
    const ring = new Mask([0, 0, 0], [1, 3, 3], Uint8Array.from([1, 1, 1, 1, 0, 1, 1, 1, 1]));
    expect(ring.contour(0).match(/M/g)).toHaveLength(2);
  });

  it("grows and shrinks under the brush, on one slice only", () => {
    const more = square.brushed(2, 14, 20, [1.2, 1.2], true);
    expect(more.count).toBe(square.count + 5);
    expect(more.at(2, 10, 20)).toBe(true);
    expect(more.brushed(2, 14, 20, [1.2, 1.2], false).count).toBe(square.count);
    expect(more.brushed(3, 14, 20, [1.2, 1.2], false).count).toBe(more.count);
  });

  it("joins and splits without losing or inventing a voxel", () => {
    const rod = new Mask([1, 4, 4], [1, 6, 2], new Uint8Array(12).fill(1));
    const [upper, lower] = rod.split([1, 6, 4], [5, 1, 1])!;
    expect([upper.count, lower.count]).toEqual([4, 8]);
    expect(upper.at(1, 5, 4) && !upper.at(1, 6, 4) && lower.at(1, 6, 4)).toBe(true);
    const whole = upper.union(lower);
    expect(whole.count).toBe(12);
    expect(whole.union(square).count).toBe(16);
    expect(rod.split([1, 0, 0], [5, 1, 1])).toBe(null);
    const atTheFirstPlane = rod.split([1, 4, 4], [5, 1, 1])!;
    expect(atTheFirstPlane.map((m) => m.count)).toEqual([2, 10]);
  });
});
