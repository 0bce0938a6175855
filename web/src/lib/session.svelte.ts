/**
 * Who asks: the local user of an open server, somebody signed in, or nobody yet. Importing this module puts the
 * CSRF token on every write of `api`, so that pages need not think of it.
 */
import { api, Problem, take, type Schemas } from "./api";
import { Resource } from "./resource.svelte";

export type Mode = "open" | "keyed";

/** Says only that somebody signed in here and when the cookies last came; the cookies themselves no script can read. */
const KEPT = "assay-session";
/** Access cookies end after 15 minutes. */
const FRESH_MS = 12 * 60_000;
const READS = new Set(["GET", "HEAD"]);

type Answer = Promise<{ data?: unknown; error?: unknown; response: Response }>;

/** The end of a write that answers nothing. Throws Problem for a refusal. */
export async function finish(asked: Answer): Promise<void> {
  await take(asked.then((answer) => (answer.response.ok ? { ...answer, data: true } : answer)));
}

class Session {
  account = $state.raw<Schemas["AccountShape"] | undefined>();
  /** The key that was made or rotated last, with its text: kept nowhere else, and here until it is revoked or the tab is closed. */
  newKey = $state.raw<Schemas["ShownKey"] | undefined>();
  #csrf = "";
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** How the server is served; loaded when it is known who asks. */
  readonly mode = new Resource<Mode>(() => this.#look());

  constructor() {
    api.use({
      onRequest: ({ request }) => {
        if (this.#csrf && !READS.has(request.method)) request.headers.set("x-csrf-token", this.#csrf);
        return request;
      },
    });
    // Another page signed in, out, or has a new CSRF token.
    addEventListener("storage", (event) => {
      if (event.key === KEPT) void this.mode.reload();
    });
  }

  /** May private things be asked for at all? */
  get mayAsk(): boolean {
    return this.mode.value === "open" || this.account !== undefined;
  }

  async signIn(email: string, password: string): Promise<void> {
    this.#begin((await take(api.POST("/v1/session", { body: { email, password } }))).data);
  }

  async signUp(email: string, password: string): Promise<void> {
    await take(api.POST("/v1/accounts", { body: { email, password } }));
    await this.signIn(email, password);
  }

  async signInSigned(signed: Schemas["SignedMessage"]): Promise<void> {
    this.#begin((await take(api.POST("/v1/session/wallet", { body: signed }))).data);
  }

  async signOut(): Promise<void> {
    await finish(api.DELETE("/v1/session"));
    this.#forget();
  }

  async createKey(body: Schemas["NewKey"]): Promise<void> {
    this.newKey = (await take(api.POST("/v1/keys", { body }))).data;
  }

  /** Give a key a new secret; the old one stands for so many seconds more. */
  async rotateKey(id: string, overlap: number): Promise<void> {
    const params = { path: { key_id: id } };
    this.newKey = (await take(api.POST("/v1/keys/{key_id}/rotate", { params, body: { overlap_s: overlap } }))).data;
  }

  async revokeKey(id: string): Promise<void> {
    await finish(api.DELETE("/v1/keys/{key_id}", { params: { path: { key_id: id } } }));
    if (this.newKey?.key_id === id) this.newKey = undefined;
  }

  async resetPassword(token: string, password: string): Promise<void> {
    this.#begin((await take(api.POST("/v1/session/reset", { body: { token, new_password: password } }))).data);
  }

  async deleteAccount(proof: Schemas["Confirmation"]): Promise<void> {
    await finish(api.DELETE("/v1/account", { body: proof }));
    this.#forget();
  }

  /** Without cookies only an open server says what it looked at, so that no refused request is needed to ask. */
  async #look(): Promise<Mode> {
    const told = await take(api.GET("/readyz", { credentials: "omit" }));
    if (told.checks !== null) return "open";
    if (readKept()) await this.#resume();
    else this.#forget();
    return "keyed";
  }

  async #resume(): Promise<void> {
    if (isFresh()) {
      try {
        return await this.#read();
      } catch (error) {
        if (!isRefused(error)) throw error;
      }
    }
    await this.#refresh();
  }

  /** A refresh cookie is good once, so that of pages side by side only one may refresh at a time. */
  async #refresh(): Promise<void> {
    const before = readKept();
    const renew = async () => {
      try {
        if (readKept() !== before && isFresh()) await this.#read();
        else this.#begin((await take(api.POST("/v1/session/refresh"))).data);
      } catch (error) {
        if (!isRefused(error)) throw error;
        this.#forget();
      }
    };
    // Locks need a secure context; without one the pages of a browser have to take their chance.
    await ("locks" in navigator ? navigator.locks.request(KEPT, renew) : renew());
  }

  async #read(): Promise<void> {
    this.#take((await take(api.GET("/v1/session"))).data);
  }

  #begin(start: Schemas["SessionStart"]): void {
    localStorage.setItem(KEPT, String(Date.now()));
    this.#take(start);
  }

  #take(state: Schemas["SessionState"]): void {
    this.account = state.account;
    this.#csrf = state.csrf_token ?? "";
    clearTimeout(this.#timer);
    const wait = Math.max(1_000, FRESH_MS - (Date.now() - Number(readKept())));
    this.#timer = setTimeout(() => void this.mode.reload(), wait);
  }

  #forget(): void {
    clearTimeout(this.#timer);
    localStorage.removeItem(KEPT);
    this.account = this.newKey = undefined;
    this.#csrf = "";
  }
}

function readKept(): string | null {
  return localStorage.getItem(KEPT);
}

function isFresh(): boolean {
  return Date.now() - Number(readKept()) < FRESH_MS;
}

function isRefused(error: unknown): boolean {
  return error instanceof Problem && error.status === 401;
}

export const session = new Session();
