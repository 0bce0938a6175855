/** Which rows of a long table are near the window: the others are only room. */

const BEYOND = 12;

export class Rows {
  first = $state(0);
  last = $state(40);

  constructor(
    readonly height: number,
    private readonly table: () => HTMLElement | undefined,
    private readonly count: () => number,
  ) {}

  /** Look again: after scrolling, resizing, or another number of rows. */
  look(): void {
    const table = this.table();
    if (!table) return;
    const above = -table.getBoundingClientRect().top;
    const first = Math.max(0, Math.floor(above / this.height) - BEYOND);
    this.first = Math.min(first, Math.max(0, this.count() - 1));
    // A table that begins below the window has its first rows too.
    this.last = Math.min(this.count(), Math.max(0, Math.ceil((above + innerHeight) / this.height)) + BEYOND);
  }
}
