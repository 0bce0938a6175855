/** Jobs as they are read, followed and named. */
import { api, Problem, take, type Schemas } from "../../lib/api";
import { nameWork, spell } from "../../lib/kinds";
import { session } from "../../lib/session.svelte";

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

export async function startJob(kind: Schemas["NewJob"]["kind"], parameters: Record<string, unknown>): Promise<Job> {
  return (await take(api.POST("/v1/jobs", { body: { kind, parameters } }))).data;
}

/** May this reader start what belongs to the owner? On an open server the local user is it. */
export function mayOperate(): boolean {
  return session.mode.value === "open" || session.account?.role === "owner";
}

export async function cancelJob(id: string): Promise<Job> {
  return (await take(api.DELETE("/v1/jobs/{job_id}", { params: { path: { job_id: id } } }))).data;
}

const AGAIN_MS = 3_000;

/**
 * Hear of a job until it has ended. A lost connection the browser opens again, a refused one it gives up:
 * then the job is looked at and asked for anew. Returns what stops it.
 */
export function followJob(id: string, tell: (job: Job) => void): () => void {
  let source: EventSource;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isStopped = false;

  function open(): void {
    source = new EventSource(`/v1/jobs/${encodeURIComponent(id)}/events`);
    const hear = (event: MessageEvent<string>) => tell(JSON.parse(event.data) as Job);
    source.addEventListener("progress", hear);
    source.addEventListener("end", (event) => {
      source.close();
      hear(event as MessageEvent<string>);
    });
    source.onerror = () => {
      if (source.readyState === EventSource.CLOSED) timer = setTimeout(() => void again(), AGAIN_MS);
    };
  }

  async function again(): Promise<void> {
    const job = await loadJobIfPossible(id);
    if (isStopped) return;
    if (job) tell(job);
    if (!job || !hasEnded(job)) open();
  }

  open();
  return () => {
    isStopped = true;
    clearTimeout(timer);
    source.close();
  };
}

async function loadJobIfPossible(id: string): Promise<Job | undefined> {
  try {
    return await loadJob(id);
  } catch (error) {
    if (error instanceof Problem) return undefined;
    throw error;
  }
}

/** What it does, in words: "Back-test: crosses". */
export function nameJob(job: Job): string {
  for (const value of Object.values(job.parameters)) {
    const strategy = (value as { strategy?: unknown } | null)?.strategy;
    if (typeof strategy === "string") return `${nameWork(job.kind)}: ${strategy}`;
  }
  const kind = job.parameters["kind"];
  return typeof kind === "string" ? `${nameWork(job.kind)}: ${spell(kind).toLowerCase()}` : nameWork(job.kind);
}
