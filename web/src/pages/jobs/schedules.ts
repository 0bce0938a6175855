/** What becomes due by itself: read with the job of its last turn, switched, run out of turn. */
import { api, take, takeIfSaid, type Schemas } from "../../lib/api";
import type { Job } from "./jobs";

export interface Scheduled {
  schedule: Schemas["ScheduleShape"];
  /** Of its last turn; undefined: there was none, or it is kept no longer. */
  last: Job | undefined;
}

export async function loadSchedules(): Promise<Scheduled[]> {
  const { data } = await take(api.GET("/v1/schedules"));
  return Promise.all(data.map(async (schedule) => ({ schedule, last: await loadLast(schedule.last_job_id) })));
}

async function loadLast(id: string | null): Promise<Job | undefined> {
  if (id === null) return undefined;
  return (await takeIfSaid(api.GET("/v1/jobs/{job_id}", { params: { path: { job_id: id } } })))?.data;
}

export async function switchSchedule(name: string, isOn: boolean): Promise<void> {
  await take(api.PATCH("/v1/schedules/{name}", { params: { path: { name } }, body: { is_on: isOn } }));
}

export async function runSchedule(name: string): Promise<Job> {
  return (await take(api.POST("/v1/schedules/{name}/runs", { params: { path: { name } } }))).data;
}

const UNITS: readonly [number, string][] = [
  [86_400, "day"],
  [3_600, "hour"],
  [60, "minute"],
  [1, "second"],
];

/** "every hour", "every 90 days". */
export function tellCadence(seconds: number): string {
  const [size, unit] = UNITS.find(([one]) => seconds % one === 0) ?? [1, "second"];
  const count = seconds / size;
  return count === 1 ? `every ${unit}` : `every ${count} ${unit}s`;
}
