/** Jobs as they are read, followed and named. */
import { api, take, type Schemas } from "../../lib/api";

export type Job = Schemas["JobShape"];
export type State = Job["state"];

export const STATES: readonly State[] = ["queued", "running", "done", "failed", "cancelled"];

/** A mark and a word, so that colour says nothing alone. */
export const SHOWN: Record<State, string> = {
  queued: "○ waiting",
  running: "◔ running",
  done: "● done",
  failed: "✕ failed",
  cancelled: "– cancelled",
};

export function hasEnded(job: Job): boolean {
  return job.state !== "queued" && job.state !== "running";
}

export function loadJobs(state: State | undefined, cursor?: string): Promise<Schemas["JobPage"]> {
  return take(api.GET("/v1/jobs", { params: { query: { limit: 25, ...(state && { state }), ...(cursor && { cursor }) } } }));
}

export async function loadJob(id: string): Promise<Job> {
  return (await take(api.GET("/v1/jobs/{job_id}", { params: { path: { job_id: id } } }))).data;
}

export async function cancelJob(id: string): Promise<Job> {
  return (await take(api.DELETE("/v1/jobs/{job_id}", { params: { path: { job_id: id } } }))).data;
}

/** Hear of a job until it has ended; the browser reconnects by itself. Returns what stops it. */
export function followJob(id: string, tell: (job: Job) => void): () => void {
  const source = new EventSource(`/v1/jobs/${encodeURIComponent(id)}/events`);
  const hear = (event: MessageEvent<string>) => tell(JSON.parse(event.data) as Job);
  source.addEventListener("progress", hear);
  source.addEventListener("end", (event) => {
    source.close();
    hear(event as MessageEvent<string>);
  });
  return () => source.close();
}

/** What it does, in words: "back-test: crosses". */
export function nameJob(job: Job): string {
  for (const value of Object.values(job.parameters)) {
    const strategy = (value as { strategy?: unknown } | null)?.strategy;
    if (typeof strategy === "string") return `${job.kind}: ${strategy}`;
  }
  const kind = job.parameters["kind"];
  return typeof kind === "string" ? `${job.kind}: ${kind}` : job.kind;
}
