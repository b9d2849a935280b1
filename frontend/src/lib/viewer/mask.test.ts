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
});
