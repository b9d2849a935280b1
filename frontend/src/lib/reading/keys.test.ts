import { describe, expect, it, vi } from "vitest";
import { GROUPS, keyName, press } from "./keys";
import type { Room } from "./room.svelte";

describe("keys", () => {
  it("mean one thing each", () => {
    const keys = GROUPS.flatMap((g) => g.actions).flatMap((a) => a.keys);
    expect(keys.filter((k, i) => keys.indexOf(k) !== i)).toEqual([]);
  });
  it("run what the help says", () => {
    const moveCross = vi.fn();
    const scroll = vi.fn();
    const room = { moveCross, scroll } as unknown as Room;
    expect(press(room, { key: "ArrowUp", shiftKey: true })).toBe(true);
    expect(press(room, { key: "ArrowUp", shiftKey: false })).toBe(true);
    expect(moveCross).toHaveBeenCalledWith(-5, 0);
    expect(scroll).toHaveBeenCalledWith(-1);
    expect(press(room, { key: "Tab", shiftKey: false })).toBe(false);
    expect(press(room, { key: "ö", shiftKey: false })).toBe(false);
  });
  it("are shown as on the keyboard", () => expect(keyName("Shift+ArrowLeft")).toBe("⇧←"));
});
