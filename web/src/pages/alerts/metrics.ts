/** What rules can test, and readings of it in words. */
import { api, take, type Schemas } from "../../lib/api";
import { Resource } from "../../lib/resource.svelte";

export type Metric = Schemas["MetricShape"];

let known: Resource<ReadonlyMap<string, Metric>> | undefined;

/** By name; asked for once, when somebody who may ask first needs it. */
export function knowMetrics(): Resource<ReadonlyMap<string, Metric>> {
  if (known?.problem) void known.reload();
  return (known ??= new Resource(load));
}

async function load(): Promise<ReadonlyMap<string, Metric>> {
  const { data } = await take(api.GET("/v1/alerts/metrics"));
  return new Map(data.map((metric) => [metric.name, metric]));
}

const write = (value: number | string, unit: string) =>
  typeof value === "number" ? `${value.toLocaleString("en-US", { maximumSignificantDigits: 8 })} ${unit}`.trim() : value;

/** A reading in words: "BTC price 41,000 USD against 42,000 USD". */
export function writeReading(reading: Schemas["ReadingShape"], metric: Metric | undefined): string {
  const unit = metric?.unit ?? "";
  const against = reading.against === null ? "" : ` against ${write(reading.against, unit)}`;
  const name = [reading.symbol || reading.subject, metric?.title ?? reading.metric].filter(Boolean).join(" ");
  return `${name} ${write(reading.value, unit)}${against}`;
}
