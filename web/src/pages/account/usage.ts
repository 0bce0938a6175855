import type { Schemas } from "../../lib/api";

/** Requests by day, the newest first; the API counts them by key and group of routes too. */
export function sumByDay(points: readonly Schemas["UsagePoint"][]): { day: string; requests: number }[] {
  const sums = new Map<string, number>();
  for (const { day, requests } of points) sums.set(day, (sums.get(day) ?? 0) + requests);
  return [...sums].map(([day, requests]) => ({ day, requests })).sort((a, b) => b.day.localeCompare(a.day));
}
