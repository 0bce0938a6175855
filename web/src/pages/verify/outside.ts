/** What others than the log say of a checkpoint: witnesses, this browser's memory, a chain; and whether the times agree. */
import { formatCount } from "../../lib/format";
import { fromBase64, Malformed, toHex } from "./bytes";
import type { Log } from "./fetching";
import { writeCommand } from "./command";
import { findHeads, OPENED, type Head } from "./heads";
import { checkJoined } from "./join";
import { checkSignature, COSIGNATURE, type Checkpoint } from "./notes";
import type { Trusted } from "./signed";
import type { Said } from "./statement";
import { Steps } from "./steps";

/** The log as somebody saw it: its first `size` entries at `time`. */
export interface View {
  who: string;
  size: number;
  time: Date;
}

/** Between two clocks, and from a statement to its sealing. */
const SKEW_MS = 5 * 60_000;
const WITNESSES = "Check who else signed this tree";
const CHAIN = "Compare with what was written to a chain";

export function formatTime(time: Date): string {
  return `${time.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** Every witness at hand, and the signatures of others. */
function checkWitnesses(steps: Steps, checkpoint: Checkpoint, trusted: readonly Trusted[]): View[] {
  const known = trusted.filter(({ key }) => key.kind === COSIGNATURE);
  const views = known.flatMap((one) => checkWitness(steps, checkpoint, one));
  const isKnown = (id: Uint8Array) => trusted.some(({ key }) => toHex(key.id) === toHex(id));
  const strangers = checkpoint.signatures.filter(({ name, id }) => name !== checkpoint.origin && !isKnown(id)).map(({ name }) => name);
  if (strangers.length > 0) {
    steps.tell("strangers", WITNESSES, `It bears signatures of ${strangers.join(", ")}, whose keys are not at hand, so nobody can say whether they hold. Give their keys beside that of the log.`);
  } else if (known.length === 0) {
    steps.tell("witnesses", WITNESSES, "Nobody but the log itself signed it. A witness, a server of somebody else that signs only a tree that continues the last one it saw, would show that everybody is shown the same log.");
  }
  return views;
}

function checkWitness(steps: Steps, checkpoint: Checkpoint, { key, from }: Trusted): View[] {
  const { state, times } = checkSignature(checkpoint, key);
  const [name, title] = [`witness ${toHex(key.id)}`, `Check the signature of witness ${key.name}`];
  const source = from === "you" ? "You gave its key." : "This server named its key: ask the witness itself for it before you rely on it.";
  if (state === "absent" && from === "server") {
    steps.tell(name, title, "It did not sign this tree, or not yet: witnesses follow a new checkpoint within minutes.", [["Key", key.text]]);
    return [];
  }
  const views = times.map((seconds) => ({ who: `witness ${key.name}`, size: checkpoint.size, time: new Date(seconds * 1000) }));
  steps.take(name, title, () => {
    const says =
      state === "signed"
        ? `Its Ed25519 signature holds, over this tree and the time ${views.map(({ time }) => formatTime(time)).join(", ")}: it saw exactly these ${formatCount(checkpoint.size)} entries then. ${source}`
        : state === "forged"
          ? "A signature in its name does not belong to this tree: the text, the time or the signature was changed."
          : "You named it, and it did not sign this tree.";
    return { passed: state === "signed", says, values: [["Key", key.text]] };
  });
  return state === "signed" ? views : [];
}

/** This tree against the newest one that this browser checked before. */
async function checkMemory(steps: Steps, checkpoint: Checkpoint, log: Log | undefined): Promise<View[]> {
  const title = "Compare with what this browser saw before";
  const { before, now } = findHeads(checkpoint.origin);
  const compare = async ({ checkpoint: { size, root, raw }, seen }: Head) => {
    const own = new Steps();
    const kept = { whose: `this browser saw at ${formatTime(seen)}`, size, root, evidence: raw };
    return { joined: await checkJoined(own, "memory", title, tree(checkpoint), kept, log?.number), own };
  };
  const old = before && (await compare(before));
  // What this page itself has kept is worth no word, unless the log changed while it stood open.
  const fresh = now && now.seen >= OPENED ? await compare(now) : undefined;
  const found = [old, fresh].filter((one) => one !== undefined);
  const shown = found.find(({ joined }) => joined === "broken") ?? found.find(({ joined }) => joined === "unasked") ?? old;
  if (shown) steps.list.push(...shown.own.list);
  else steps.tell("memory", title, "This browser sees this log for the first time. It keeps this tree, and will notice when something of it is changed.");
  return before && shown?.joined === "joined" ? [{ who: "this browser", size: before.checkpoint.size, time: before.seen }] : [];
}

/** How a checkpoint stands in a comparison. */
export function tree({ size, root, raw }: Checkpoint) {
  return { whose: "is shown here", size, root, evidence: raw };
}

/** The newest receipt of a chain: that it is of this log is checked here; whether the chain holds it, only the chain can say. */
async function checkChain(steps: Steps, checkpoint: Checkpoint, log: Log | undefined, key: string): Promise<void> {
  const receipt = log?.anchors[0];
  if (!log || !receipt) {
    const says = log ? "No tree of this log was written to a chain, so no chain vouches for its time." : "This server does not know this log, or does not answer, so no receipts can be looked at.";
    steps.tell("chain", CHAIN, says);
    return;
  }
  const values = Object.entries(receipt).map(([name, value]): [string, string] => [name, String(value)]);
  const root = readRoot(receipt.root);
  if (!root || receipt.origin !== checkpoint.origin || !isCount(receipt.size) || !isCount(log.number)) {
    steps.take("chain", CHAIN, () => ({ passed: false, says: "The receipt that the server shows is of another log, or cannot be read.", values }));
    return;
  }
  const shown = { whose: `the receipt says block ${receipt.block} of chain ${receipt.chain_id} holds`, size: receipt.size, root, evidence: JSON.stringify(receipt) };
  await checkJoined(steps, "chain", CHAIN, tree(checkpoint), shown, log.number);
  const says = `That the chain holds this root since ${receipt.time} no browser can tell without believing somebody's node. Ask one that you trust:`;
  steps.tell("chain-asked", "Ask the chain itself", says, [["Command", writeCommand(receipt.size, checkpoint.size, log.number, key)], ...values]);
}

function readRoot(text: string): Uint8Array | undefined {
  try {
    return fromBase64(text, 32);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return undefined;
  }
}

/** What the server calls a number may be anything: it goes into a command. */
function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

/** The time that an entry states, held against when others saw the log with it or without it. */
export function checkTime(steps: Steps, said: Said, views: readonly View[]): void {
  if (views.length === 0 || said.isTimeless) return;
  const stated = Date.parse(said.publishedAt);
  const wrong = views.find(({ size, time }) => (said.index < size ? stated > time.getTime() + SKEW_MS : stated < time.getTime() - SKEW_MS));
  steps.take("time", "Compare its time with when others saw the log", () => {
    if (Number.isNaN(stated)) throw new Malformed("The header says no time that can be read.");
    const says = wrong
      ? `It says that it was said ${said.publishedAt}, but ${wrong.who} saw the log at ${formatTime(wrong.time)} ${said.index < wrong.size ? "with it already" : "without it"}: its time was made up, ${wrong.who === "this browser" ? "or the clock of this computer was wrong then" : "or the witness has no right clock"}.`
      : "It stands in the log where its time says it should. " + views.map((view) => tellView(view, said)).join(" ");
    return { passed: !wrong, says };
  });
}

function tellView({ who, size, time }: View, said: Said): string {
  return said.index < size ? `By ${formatTime(time)} ${who} had seen it.` : `At ${formatTime(time)} ${who} had not seen it yet.`;
}

/** Everything that others can say of a signed checkpoint; what they saw of it, with its time. */
export async function checkOutside(steps: Steps, checkpoint: Checkpoint, trusted: readonly Trusted[], log: Log | undefined, by: Trusted): Promise<View[]> {
  const views = checkWitnesses(steps, checkpoint, trusted);
  const memory = await checkMemory(steps, checkpoint, log);
  await checkChain(steps, checkpoint, log, by.key.text);
  return [...views, ...memory];
}
