import { Problem } from "./api";

/** Something the reader does: one at a time, and what was held against it. */
export class Act {
  busy = $state(false);
  problem = $state.raw<Problem | undefined>(undefined);

  /** True if it was done. */
  async run(what: () => Promise<unknown>): Promise<boolean> {
    if (this.busy) return false;
    this.busy = true;
    this.problem = undefined;
    try {
      await what();
      return true;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.problem = error;
      return false;
    } finally {
      this.busy = false;
    }
  }
}
