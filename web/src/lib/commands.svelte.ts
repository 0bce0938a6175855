/** What the command palette can do: go to a page or a token, or do something here. */
import { api, take, takeAll } from "./api";
import { navigation } from "./pages";
import { place } from "./router.svelte";
import { session } from "./session.svelte";
import { themed } from "./theme.svelte";

export interface Command {
  kind: "page" | "token" | "action";
  title: string;
  /** The full name of a token, or what an action does. */
  detail: string;
  run: () => void;
}

const MOST_SHOWN = 12;
const PAGE_OF_TOKENS = 1_000;

const pages: readonly Command[] = navigation.map(({ title, path }) => ({
  kind: "page",
  title,
  detail: path,
  run: () => place.go(path),
}));

const actions: readonly Command[] = [
  { kind: "action", title: "Change the theme", detail: "light, dark, or as the system has it", run: () => themed.next() },
  { kind: "action", title: "API reference", detail: "/docs", run: () => location.assign("/docs") },
];

class Commands {
  #tokens = $state.raw<readonly Command[]>([]);
  #asked = false;

  /** Load the tokens, once; without them pages and actions are still found. */
  async prepare(): Promise<void> {
    if (this.#asked || !session.mayAsk) return;
    this.#asked = true;
    try {
      this.#tokens = await loadTokens();
    } catch {
      this.#asked = false;
    }
  }

  /** Best matches first; without a text the pages and actions. */
  find(text: string): readonly Command[] {
    const wanted = text.trim().toLowerCase();
    if (!wanted) return [...pages, ...actions];
    return [...this.#tokens, ...pages, ...actions]
      .map((command) => ({ command, rank: rankMatch(command, wanted) }))
      .filter(({ rank }) => rank < NO_MATCH)
      .sort((a, b) => a.rank - b.rank)
      .slice(0, MOST_SHOWN)
      .map(({ command }) => command);
  }
}

const NO_MATCH = 5;

/** 0 for the whole title, then its beginning, the beginning of the detail, of a word, any place in either. */
function rankMatch({ title, detail }: Pick<Command, "title" | "detail">, wanted: string): number {
  const [name, more] = [title.toLowerCase(), detail.toLowerCase()];
  if (name === wanted) return 0;
  if (name.startsWith(wanted)) return 1;
  if (more.startsWith(wanted)) return 2;
  const text = `${name} ${more}`;
  if (text.includes(` ${wanted}`)) return 3;
  return text.includes(wanted) ? 4 : NO_MATCH;
}

async function loadTokens(): Promise<Command[]> {
  const tokens = await takeAll((cursor) => {
    const query = { limit: PAGE_OF_TOKENS, ...(cursor && { cursor }) };
    return take(api.GET("/v1/tokens", { params: { query } }));
  });
  return tokens.map(({ symbol, name }) => {
    const path = `/tokens/${encodeURIComponent(symbol)}`;
    return { kind: "token", title: symbol, detail: name, run: () => place.go(path) };
  });
}

export const commands = new Commands();
