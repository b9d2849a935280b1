// Window and level: signal to grey through a table, so that a slice costs one look-up per pixel.

export interface Window {
  low: number;
  high: number;
  inverted: boolean;
}

/** Grey levels for every int16 value, index = value + 32768. */
export function greyTable({ low, high, inverted }: Window): Uint8ClampedArray {
  const table = new Uint8ClampedArray(65536);
  const width = Math.max(1, high - low);
  for (let i = 0; i < 65536; i++) {
    const grey = ((i - 32768 - low) / width) * 255;
    table[i] = inverted ? 255 - Math.min(255, Math.max(0, grey)) : grey;
  }
  return table;
}

/** Paint one slice of int16 signal into RGBA pixels. */
export function paint(signal: Int16Array, table: Uint8ClampedArray, rgba: Uint32Array): void {
  for (let i = 0; i < signal.length; i++) {
    const grey = table[signal[i]! + 32768]!;
    rgba[i] = 0xff000000 | (grey << 16) | (grey << 8) | grey;
  }
}

/** A window that shows tissue well: from near zero to a high percentile of what is not air. */
export function startingWindow(signal: Int16Array, inverted = false): Window {
  const step = Math.max(1, Math.floor(signal.length / 20000));
  const values: number[] = [];
  for (let i = 0; i < signal.length; i += step) if (signal[i]! > 0) values.push(signal[i]!);
  values.sort((a, b) => a - b);
  const high = values[Math.floor(values.length * 0.985)] ?? 255;
  return { low: 0, high: Math.max(1, high), inverted };
}
