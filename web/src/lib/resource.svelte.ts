import { Problem } from "./api";

const AGAIN_MS = 5_000;

/**
 * Something loaded from the server: what is shown stays while it is loaded anew, and is called stale
 * when that fails. What could not be reached is tried again by itself.
 */
export class Resource<T> {
  value = $state.raw<T | undefined>(undefined);
  problem = $state.raw<Problem | undefined>(undefined);
  loading = $state(false);
  #load: () => Promise<T>;
  #asked = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(load: () => Promise<T>) {
    this.#load = load;
    void this.reload();
  }

  get stale(): boolean {
    return this.value !== undefined && this.problem !== undefined;
  }

  /** Load anew; of two loads under way the later one counts. */
  async reload(): Promise<void> {
    clearTimeout(this.#timer);
    const asked = ++this.#asked;
    this.loading = true;
    try {
      const value = await this.#load();
      if (asked !== this.#asked) return;
      this.value = value;
      this.problem = undefined;
    } catch (error) {
      if (asked !== this.#asked) return;
      if (!(error instanceof Problem)) throw error;
      this.problem = error;
      if (error.status === 0 || error.status >= 500) {
        this.#timer = setTimeout(() => void this.reload(), AGAIN_MS);
      }
    } finally {
      if (asked === this.#asked) this.loading = false;
    }
  }

  /** End it: nothing is loaded any more. */
  close(): void {
    this.#asked++;
    clearTimeout(this.#timer);
  }
}
