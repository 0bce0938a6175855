/** Where the app is: the path and the query of the address bar, and how to go elsewhere. */

/** A part of a path as it was meant; one that is no encoding stays as it stands. */
function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

class Place {
  path = $state(location.pathname);
  query = $state.raw(new URLSearchParams(location.search));

  constructor() {
    addEventListener("popstate", () => this.#read());
  }

  /** The parts of the path: ["tokens", "BTC"]. */
  get parts(): string[] {
    return this.path.split("/").filter(Boolean).map(decode);
  }

  /** Go to an address of the app. */
  go(address: string): void {
    history.pushState(null, "", address);
    this.#read();
    scrollTo(0, 0);
  }

  /** Say what is looked at in the query without a new place in the history; "" removes a name. */
  note(changes: Record<string, string>): void {
    const query = new URLSearchParams(this.query);
    for (const [name, value] of Object.entries(changes)) {
      if (value) query.set(name, value);
      else query.delete(name);
    }
    const text = query.toString();
    history.replaceState(null, "", this.path + (text && `?${text}`));
    this.query = query;
  }

  #read(): void {
    this.path = location.pathname;
    this.query = new URLSearchParams(location.search);
  }
}

export const place = new Place();

/** Follow a link within the app without loading it anew; anything else is the browser's. */
export function follow(event: MouseEvent, segments: ReadonlySet<string>): void {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
  const link = (event.target as Element).closest("a");
  if (!link || link.target || link.origin !== location.origin || link.hasAttribute("download")) return;
  if (link.hash && link.pathname === location.pathname && link.search === location.search) return;
  const [, first = ""] = link.pathname.split("/");
  if (!segments.has(first)) return;
  event.preventDefault();
  place.go(link.pathname + link.search + link.hash);
}
