import { expect, it } from "vitest";
import { spreadTags } from "./spread";

const box = { width: 230, height: 640 };

it("keeps tags of a crowded spine apart and inside the pane", () => {
  const spine = Array.from({ length: 24 }, (_, i) => ({ x: 115 + (i % 3), y: 80 + i * 9 }));
  const tags = spreadTags(spine, box, 20);
  for (const [i, a] of tags.entries()) {
    expect(a.x >= 11 && a.x <= box.width - 11 && a.y >= 11 && a.y <= box.height - 11).toBe(true);
    for (const b of tags.slice(i + 1)) expect(Math.abs(a.x - b.x) >= 20 || Math.abs(a.y - b.y) >= 20).toBe(true);
  }
});

it("puts a lone tag beside its lesion, not onto it", () => {
  const [tag] = spreadTags([{ x: 100, y: 100 }], box, 20);
  expect(Math.hypot(tag!.x - 100, tag!.y - 100)).toBeGreaterThan(12);
});
