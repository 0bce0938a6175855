/**
 * The typed TypeScript client of the Assay API. Types come from the OpenAPI document; decimals stay
 * decimal strings, so that no reader rounds them. `docs/client.md` shows how it is used.
 */
import createClient, { type Client } from "openapi-fetch";
import type { PathsWithMethod, SuccessResponse } from "openapi-typescript-helpers";

import { AssayError } from "./errors.js";
import { REPEATABLE } from "./repeatable.js";
import { RETRIES, retrying, type Retries } from "./retrying.js";
import type { paths } from "./schema.js";

export { AssayError, type WrongField } from "./errors.js";
export type { Retries } from "./retrying.js";
export type * from "./schema.js";

export interface Options {
  /** Address of the server; ASSAY_API_URL, else this machine. */
  url?: string;
  /** API key; ASSAY_API_KEY, else none. */
  key?: string;
  timeoutMs?: number;
  retries?: Partial<Retries>;
  fetch?: (request: Request) => Promise<Response>;
}

type Get = PathsWithMethod<paths, "get">;
type Operation<P extends Get> = paths[P]["get"];
type Responses<P extends Get> =
  Operation<P> extends { responses: infer R extends object } ? R : never;
type Parameters<P extends Get> = Operation<P> extends { parameters: infer Q } ? Q : never;
type Nothing = Record<never, never>;
type Some<T> = [T] extends [never] ? Nothing : T;
type Query<P extends Get> =
  Parameters<P> extends { query?: infer Q extends object } ? Some<Q> : Nothing;
type Named<P extends Get> =
  Parameters<P> extends { path: infer N extends object } ? Some<N> : Nothing;

/** What a path answers. */
export type Answer<P extends Get> = SuccessResponse<Responses<P>, "application/json">;
/** The paths that answer with a list. */
export type ListPath = {
  [P in Get]: Answer<P> extends { data: readonly unknown[]; next_cursor: string | null } ? P : never;
}[Get];
/** What a row of a list is. */
export type Row<P extends ListPath> =
  Answer<P> extends { data: readonly (infer R)[] } ? R : never;

/** Parameters of the path and of the query, by name. */
export type Asked<P extends Get> = Named<P> & Partial<Query<P>>;
/** The parameters may be left out where none is needed. */
export type Given<P extends Get> =
  Nothing extends Asked<P> ? [asked?: Asked<P>] : [asked: Asked<P>];

export class Assay {
  /** The client beneath: any method of any path, with the same retries and errors. */
  readonly api: Client<paths>;

  constructor(options: Options = {}) {
    const environment = typeof process === "undefined" ? {} : process.env;
    const key = (options.key ?? environment["ASSAY_API_KEY"] ?? "").trim();
    const send = options.fetch ?? ((request: Request) => fetch(request));
    this.api = createClient<paths>({
      baseUrl: options.url ?? environment["ASSAY_API_URL"] ?? "http://127.0.0.1:8000",
      headers: key === "" ? {} : { authorization: `Bearer ${key}` },
      redirect: "error",
      fetch: retrying(send, { ...RETRIES, ...options.retries }, options.timeoutMs ?? 30_000),
    });
    this.api.use({
      onRequest({ request, schemaPath }) {
        const isNew = !request.headers.has("idempotency-key");
        if (isNew && REPEATABLE.has(`${request.method} ${schemaPath}`)) {
          request.headers.set("idempotency-key", crypto.randomUUID());
        }
      },
    });
  }

  /** The answer of a path: `get("/v1/grades/{kind}", { kind: "trader", limit: 10 })`. */
  async get<P extends Get>(path: P, ...[asked]: Given<P>): Promise<Answer<P>> {
    const named: Record<string, unknown> = {};
    const query: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(asked ?? {})) {
      (path.includes(`{${name}}`) ? named : query)[name] = value;
    }
    // The parameters were checked against the path above; here their names decide where they go.
    const ask = this.api.GET as unknown as (
      path: string,
      init: object,
    ) => Promise<{ data?: Answer<P> }>;
    const { data } = await ask(path, { params: { path: named, query } });
    if (data === undefined) {
      throw new AssayError({ code: "unreadable", detail: "The answer has no body." });
    }
    return data;
  }

  /** Every page of a list, asked for when it is reached. */
  async *pages<P extends ListPath>(path: P, ...[asked]: Given<P>): AsyncGenerator<Answer<P>> {
    let more: object = { ...asked };
    for (;;) {
      const page: Answer<P> = await this.get(path, ...([more] as unknown as Given<P>));
      yield page;
      const cursor = (page as { next_cursor: string | null }).next_cursor;
      if (cursor === null) return;
      more = { ...more, cursor };
    }
  }

  /** Every row of a list, page after page. */
  async *rows<P extends ListPath>(path: P, ...asked: Given<P>): AsyncGenerator<Row<P>> {
    for await (const page of this.pages(path, ...asked)) {
      yield* (page as { data: Row<P>[] }).data;
    }
  }
}
