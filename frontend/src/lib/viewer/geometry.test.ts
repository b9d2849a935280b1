import { describe, expect, it } from "vitest";
import { Grid, type Mm } from "./geometry";

const coronal = new Grid({
  shape: [4, 10, 6],
  spacing_mm: [5, 2, 1],
  affine_lps: [[0, 0, 1, -3], [5, 0, 0, -10], [0, -2, 0, 100], [0, 0, 0, 1]],
});

describe("Grid", () => {
  it("shows the patient's right on the left of a coronal slice", () => {
    expect(coronal.edgeLetters()).toEqual({ left: "R", right: "L", top: "H", bottom: "F" });
  });

  it("turns the letters with the data", () => {
    const mirrored = new Grid({
      shape: [4, 10, 6],
      spacing_mm: [5, 2, 1],
      affine_lps: [[0, 0, -1, 3], [5, 0, 0, -10], [0, -2, 0, 100], [0, 0, 0, 1]],
    });
    expect(mirrored.edgeLetters().left).toBe("L");
  });

  it("goes from voxels to millimetres and back", () => {
    for (const voxel of [[0, 0, 0], [3, 9, 5], [1, 4, 2]] as const) {
      expect(coronal.voxelAt(coronal.toMm(voxel))).toEqual(voxel);
    }
  });

  it("knows a point outside the array", () => {
    const outside: Mm = [50, 0, 90];
    expect(coronal.voxelAt(outside)).toBeNull();
    expect(coronal.sliceOf(outside)).toBe(2);
  });
});
