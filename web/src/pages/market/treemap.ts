/** Rectangles whose areas are in proportion to weights. Pure. */

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

/**
 * A box for each weight, filling `whole`, as square as they can be (squarified treemap: Bruls, Huizing and van Wijk,
 * 2000). Weights are positive and descending; the boxes stand in their order.
 */
export function squarify(weights: readonly number[], whole: Box): Box[] {
  const boxes: Box[] = [];
  let rest = whole;
  while (boxes.length < weights.length) {
    const left = weights.slice(boxes.length);
    const scale = (rest.width * rest.height) / sum(left);
    const row = takeRow(left, Math.min(rest.width, rest.height), scale);
    const share = sum(row) / sum(left);
    boxes.push(...layRow(row, rest, share));
    rest = cutOff(rest, share);
  }
  return boxes;
}

/** The boxes below one another over the whole width. */
export function stack(weights: readonly number[], whole: Box): Box[] {
  const all = sum(weights);
  let y = whole.y;
  return weights.map((weight) => {
    const height = (whole.height * weight) / all;
    const box = { ...whole, y, height };
    y += height;
    return box;
  });
}

/** The same weights, those below `share` of the whole raised until none is. Too small a room for all makes them equal. */
export function raise(weights: readonly number[], share: number): number[] {
  if (share * weights.length >= 1) return weights.map(() => 1);
  const descending = [...weights].sort((a, b) => b - a);
  let rest = sum(weights);
  let least = share * rest;
  for (let raised = 1; descending.length && descending.at(-1)! < least; raised++) {
    rest -= descending.pop()!;
    least = (share * rest) / (1 - share * raised);
  }
  return weights.map((weight) => Math.max(weight, least));
}

/** As many weights as make their row squarer along a side of this length. */
function takeRow(weights: readonly number[], side: number, scale: number): number[] {
  const row = [weights[0]!];
  for (const weight of weights.slice(1)) {
    if (worst([...row, weight], side, scale) > worst(row, side, scale)) break;
    row.push(weight);
  }
  return row;
}

/** The ratio of sides of the longest box in a row; 1 is a square. */
function worst(row: readonly number[], side: number, scale: number): number {
  const area = sum(row) * scale;
  const [most, least] = [row[0]! * scale, row.at(-1)! * scale];
  return Math.max((side * side * most) / (area * area), (area * area) / (side * side * least));
}

/** A row takes `share` of a box, along its shorter side. */
function layRow(row: readonly number[], box: Box, share: number): Box[] {
  const all = sum(row);
  let done = 0;
  return row.map((weight) => {
    const [from, part] = [done / all, weight / all];
    done += weight;
    return box.width >= box.height
      ? { x: box.x, y: box.y + from * box.height, width: share * box.width, height: part * box.height }
      : { x: box.x + from * box.width, y: box.y, width: part * box.width, height: share * box.height };
  });
}

function cutOff({ x, y, width, height }: Box, share: number): Box {
  return width >= height
    ? { x: x + share * width, y, width: (1 - share) * width, height }
    : { x, y: y + share * height, width, height: (1 - share) * height };
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0);
}
