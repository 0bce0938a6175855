/** What a check shows: each step with its values, passed or failed. Pure. */
import { Malformed } from "./bytes";

/** `told`: nothing that could fail, but the reader must know it. `unchecked`: it could have failed, but nobody answered. */
export type Outcome = "passed" | "failed" | "unreached" | "told" | "unchecked";

export interface Step {
  name: string;
  title: string;
  outcome: Outcome;
  says: string;
  values: readonly (readonly [string, string])[];
}

export interface Found {
  passed: boolean;
  says: string;
  values?: readonly (readonly [string, string])[];
}

/** Collects steps; one that cannot be read fails, and what needs it is not reached. */
export class Steps {
  readonly list: Step[] = [];

  /** The result of `check`; undefined where it failed to read. */
  take<T extends object>(name: string, title: string, check: () => Found & T): T | undefined {
    try {
      const found = check();
      this.#add(name, title, found.passed ? "passed" : "failed", found.says, found.values);
      return found;
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      this.#add(name, title, "failed", error.message);
      return undefined;
    }
  }

  tell(name: string, title: string, says: string, values: Step["values"] = []): void {
    this.#add(name, title, "told", says, values);
  }

  /** What needs an answer that did not come. */
  leave(name: string, title: string, says: string, values: Step["values"] = []): void {
    this.#add(name, title, "unchecked", says, values);
  }

  skip(name: string, title: string): void {
    this.#add(name, title, "unreached", "Not reached: a step before it failed.");
  }

  /** Nothing failed; that may leave some unchecked. */
  get hold(): boolean {
    return this.list.every((step) => step.outcome !== "failed" && step.outcome !== "unreached");
  }

  has(name: string, outcome: Outcome): boolean {
    return this.list.some((step) => step.name === name && step.outcome === outcome);
  }

  #add(name: string, title: string, outcome: Outcome, says: string, values: Step["values"] = []): void {
    this.list.push({ name, title, outcome, says, values });
  }
}
