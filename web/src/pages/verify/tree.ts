/** Merkle trees of RFC 9162 section 2.1 over SHA-256. Pure. */
import { hash, isSame } from "./bytes";

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

/** One step up: the neighbour's hash, on which side it stands, and what both give. */
export interface Rung {
  side: "left" | "right";
  neighbour: Uint8Array;
  node: Uint8Array;
}

export function hashLeaf(entry: Uint8Array): Uint8Array {
  return hash(LEAF, entry);
}

function hashNode(left: Uint8Array, right: Uint8Array): Uint8Array {
  return hash(NODE, left, right);
}

/** The root over leaf hashes: neighbours are joined, a last one without neighbour moves up. */
export function computeRoot(leaves: readonly Uint8Array[]): Uint8Array {
  let level = [...leaves];
  while (level.length > 1) {
    const above: Uint8Array[] = [];
    for (let i = 0; i < level.length; i += 2) {
      const [left, right] = [level[i]!, level[i + 1]];
      above.push(right ? hashNode(left, right) : left);
    }
    level = above;
  }
  return level[0] ?? hash();
}

const half = (place: number) => Math.floor(place / 2);
const isRight = (place: number) => place % 2 === 1;

/** The way from a leaf to the root of the tree of `size` leaves; undefined where the path does not fit such a tree. */
export function climb(index: number, size: number, leaf: Uint8Array, path: readonly Uint8Array[]): Rung[] | undefined {
  if (index < 0 || index >= size) return undefined;
  let [place, last, node] = [index, size - 1, leaf];
  const rungs: Rung[] = [];
  for (const neighbour of path) {
    if (last === 0) return undefined;
    const left = isRight(place) || place === last;
    node = left ? hashNode(neighbour, node) : hashNode(node, neighbour);
    rungs.push({ side: left ? "left" : "right", neighbour, node });
    if (left) while (place > 0 && !isRight(place)) [place, last] = [half(place), half(last)];
    [place, last] = [half(place), half(last)];
  }
  return last === 0 ? rungs : undefined;
}

/** Whether the way ends at this root. */
export function leadsTo(rungs: readonly Rung[] | undefined, leaf: Uint8Array, root: Uint8Array): boolean {
  return rungs !== undefined && isSame(rungs.at(-1)?.node ?? leaf, root);
}
