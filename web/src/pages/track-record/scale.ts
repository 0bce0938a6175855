/** Axes: values to places, and round ticks. Pure. */

export interface Scale {
  at: (value: number) => number;
  ticks: number[];
}

/** From `low`–`high` to `from`–`to`, with about `count` round ticks inside. */
export function createScale(low: number, high: number, from: number, to: number, count = 5): Scale {
  const span = high - low || 1;
  const at = (value: number) => from + ((value - low) / span) * (to - from);
  const rough = span / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((times) => times * power).find((one) => one >= rough)!;
  const first = Math.ceil(low / step - 1e-9);
  const ticks = Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, i) => (first + i) * step);
  return { at, ticks };
}

/** The line through points; a gap in the values is a gap in the line. */
export function drawLine(points: readonly (readonly [number, number] | undefined)[]): string {
  return points
    .map((point, i) => point && `${points[i - 1] ? "L" : "M"}${point[0].toFixed(1)} ${point[1].toFixed(1)}`)
    .filter(Boolean)
    .join("");
}
