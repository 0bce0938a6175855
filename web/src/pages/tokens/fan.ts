/** Geometry of the forecast fan. Pure. */
import type { Schemas } from "../../lib/api";

export interface Band {
  /** As "90 %". */
  name: string;
  low: number;
  high: number;
}

export interface Step {
  days: number;
  through: string;
  prices: number[];
}

export interface Fan {
  probabilities: string[];
  /** The close first, then each horizon. */
  steps: Step[];
  bands: Band[];
  middle: number;
}

/** Pairs of quantiles that lie evenly about the median, widest first. */
export function listBands(probabilities: readonly string[]): Band[] {
  const bands: Band[] = [];
  for (let low = 0; low < (probabilities.length - 1) / 2; low++) {
    const high = probabilities.length - 1 - low;
    const share = Number(probabilities[high]) - Number(probabilities[low]);
    bands.push({ name: `${Math.round(share * 100)} %`, low, high });
  }
  return bands;
}

export function layFan(said: Schemas["QuantilesDay"]): Fan | undefined {
  const { price, quantiles, horizons, as_of } = said;
  if (price === null || !quantiles?.length || !horizons?.length) return undefined;
  const steps = horizons.map(({ days, through, prices }) => ({ days, through, prices: prices.map(Number) }));
  const now = { days: 0, through: as_of, prices: quantiles.map(() => Number(price)) };
  return { probabilities: quantiles, steps: [now, ...steps], bands: listBands(quantiles), middle: (quantiles.length - 1) / 2 };
}

/** Time grows like its root, as the width of a forecast does: the near days keep room. */
export function across(days: number, most: number): number {
  return Math.sqrt(days / most);
}

/** Corners of a band: along its upper edge and back along the lower. */
export function outline(fan: Fan, band: Band, x: (days: number) => number, y: (price: number) => number): string {
  const edge = (place: number) => fan.steps.map((step) => `${x(step.days).toFixed(1)},${y(step.prices[place]!).toFixed(1)}`);
  return [...edge(band.high), ...edge(band.low).reverse()].join(" ");
}
