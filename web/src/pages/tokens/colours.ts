/** A canvas knows no custom properties: what the colours of the design stand for now, as rgb(). */
const NAMES = ["ink", "soft", "line", "up", "down", "accent"] as const;

export type Colours = Record<(typeof NAMES)[number], string>;

export function readColours(box: HTMLElement): Colours {
  const probe = box.appendChild(document.createElement("span"));
  const read = (name: string) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const colours = Object.fromEntries(NAMES.map((name) => [name, read(name)])) as Colours;
  probe.remove();
  return colours;
}

/** What stands behind the rest: "rgb(1, 2, 3)" at a third of its strength. */
export function fade(colour: string): string {
  return colour.replace("rgb(", "rgba(").replace(")", ", 0.33)");
}
