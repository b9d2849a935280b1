import { describe, expect, it, vi } from "vitest";
import { Pace } from "./pace";

function drawn(frameMs: number, pictures: number): { coarse: boolean[]; sharpened: () => number } {
  vi.useFakeTimers();
  let time = 0;
  const waiting: ((t: number) => void)[] = [];
  const pace = new Pace(
    () => time,
    (run) => waiting.push(run),
  );
  const sharpen = vi.fn();
  const coarse: boolean[] = [];
  for (let i = 0; i < pictures; i++) {
    coarse.push(pace.coarse(sharpen));
    time += frameMs;
    for (const run of waiting.splice(0)) run(time);
  }
  return {
    coarse,
    sharpened: () => {
      vi.advanceTimersByTime(1000);
      return sharpen.mock.calls.length;
    },
  };
}

describe("pace", () => {
  it("draws in full where the machine keeps up", () => expect(drawn(16, 20).coarse).not.toContain(true));
  it("draws coarsely in a slow burst, and once in full when it rests", () => {
    const { coarse, sharpened } = drawn(90, 20);
    expect(coarse[0]).toBe(false);
    expect(coarse.at(-1)).toBe(true);
    expect(sharpened()).toBe(1);
  });
  it("draws single pictures in full on any machine", () => expect(drawn(400, 10).coarse).not.toContain(true));
});
