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

/** Whether the tree of `oldSize` leaves is a beginning of the tree of `size` leaves. */
export function isConsistent(oldSize: number, oldRoot: Uint8Array, size: number, root: Uint8Array, path: readonly Uint8Array[]): boolean {
  if (oldSize === 0 || oldSize === size) return path.length === 0 && isSame(oldRoot, oldSize === size ? root : hash());
  if (oldSize > size || path.length === 0) return false;
  // Both roots stand above the last complete subtree of the old tree, which may be all of it.
  let [place, last] = [oldSize - 1, size - 1];
  while (isRight(place)) [place, last] = [half(place), half(last)];
  const [first, ...rest] = place > 0 ? path : [oldRoot, ...path];
  let [older, newer] = [first!, first!];
  for (const neighbour of rest) {
    if (last === 0) return false;
    if (isRight(place) || place === last) {
      [older, newer] = [hashNode(neighbour, older), hashNode(neighbour, newer)];
      while (place > 0 && !isRight(place)) [place, last] = [half(place), half(last)];
    } else newer = hashNode(newer, neighbour);
    [place, last] = [half(place), half(last)];
  }
  return last === 0 && isSame(older, oldRoot) && isSame(newer, root);
}
