// Window and level: signal to grey through a table, so that a slice costs one look-up per pixel.

export interface Window {
  low: number;
  high: number;
  inverted: boolean;
}

/** Opaque grey pixels (RGBA as one number) for every int16 value, index = value + 32768. */
export function greyTable({ low, high, inverted }: Window): Uint32Array {
  const table = new Uint32Array(65536);
  const scale = 255 / Math.max(1, high - low);
  for (let i = 0; i < 65536; i++) {
    const level = Math.min(255, Math.max(0, Math.round((i - 32768 - low) * scale)));
    const grey = inverted ? 255 - level : level;
    table[i] = (0xff000000 | (grey << 16) | (grey << 8) | grey) >>> 0;
  }
  return table;
}

/** Paint one slice of int16 signal into RGBA pixels: one look-up for each. */
export function paint(signal: Int16Array, table: Uint32Array, rgba: Uint32Array): void {
  for (let i = 0, n = signal.length; i < n; i++) rgba[i] = table[signal[i]! + 32768]!;
}

/** The same at half the resolution: every second pixel of every second row. */
export function paintCoarse(signal: Int16Array, columns: number, table: Uint32Array, rgba: Uint32Array): void {
  const rows = Math.floor(signal.length / columns);
  let to = 0;
  for (let row = 0; row < rows; row += 2)
    for (let i = row * columns, end = i + columns; i < end; i += 2) rgba[to++] = table[signal[i]! + 32768]!;
}
