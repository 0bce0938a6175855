/** The command that asks a chain, written for a shell. Pure but for the address of the page. */

/** A text as one word of a POSIX shell, whatever stands in it. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** `held`: entries of the tree that the chain is said to hold; `shown`: of the one that was checked here. */
export function writeCommand(held: number, shown: number, log: number, key: string): string {
  const address = (path: string, query = "") => quote(`${location.origin}/v1/log/${path}?log=${log}${query}`);
  const [from, to] = [Math.min(held, shown), Math.max(held, shown)];
  const joins = from === to ? "" : " --consistency joined";
  return [
    `curl -s ${address("checkpoints")} | jq -r '.data[] | select(.size == ${shown}).checkpoint' > checkpoint`,
    `curl -s ${address("anchors")} | jq '.data[] | select(.size == ${held})' > anchor.json`,
    ...(joins ? [`curl -s ${address("consistency", `&old=${from}&new=${to}`)} -o joined`] : []),
    `assay verify log checkpoint --key ${quote(key)} --anchor anchor.json${joins} --rpc https://NODE`,
  ].join("\n");
}
