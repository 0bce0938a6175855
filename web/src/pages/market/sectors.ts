/** What sectors are called. */

/** The part of the address that means tokens of no list. */
export const NO_SECTOR = "none";

const NAMES: Record<string, string> = {
  defi: "DeFi",
  "layer-1": "Layer 1",
  gaming: "Gaming",
  computing: "Computing",
  meme: "Meme",
  fan: "Fan tokens",
  [NO_SECTOR]: "No sector known",
};

export function nameSector(sector: string | undefined): string {
  return NAMES[sector ?? NO_SECTOR] ?? sector!;
}
