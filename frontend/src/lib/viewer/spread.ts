// Number tags that stay readable: each beside its lesion, none on top of another.

export interface Tag {
  x: number;
  y: number;
}

/** Places for tags of one size; earlier ones keep the better place. Pixels of the pane. */
export function spreadTags(points: readonly Tag[], box: { width: number; height: number }, size = 20): Tag[] {
  const taken: Tag[] = [];
  const order = points.map((_, i) => i).sort((a, b) => points[a]!.y - points[b]!.y);
  const places: Tag[] = new Array(points.length);
  for (const i of order) {
    const place = free(points[i]!, taken, box, size);
    taken.push(place);
    places[i] = place;
  }
  return places;
}

function free(p: Tag, taken: readonly Tag[], box: { width: number; height: number }, size: number): Tag {
  const half = size / 2 + 1;
  const inside = (t: Tag) => t.x >= half && t.y >= half && t.x <= box.width - half && t.y <= box.height - half;
  const clear = (t: Tag) => taken.every((o) => Math.abs(o.x - t.x) >= size || Math.abs(o.y - t.y) >= size);
  for (let away = size; away < 14 * size; away += size / 2)
    for (const [dx, dy] of [[1, -0.6], [-1, -0.6], [1, 0.6], [-1, 0.6], [1.2, 0], [-1.2, 0]] as const) {
      const t = { x: p.x + dx * away, y: p.y + dy * away };
      if (inside(t) && clear(t)) return t;
    }
  return { x: Math.min(Math.max(p.x + size, half), box.width - half), y: Math.min(Math.max(p.y, half), box.height - half) };
}
