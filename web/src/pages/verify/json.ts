/**
 * JSON as it is sealed: UTF-8, sorted names, no spaces, numbers only as integers. The browser's own reader would
 * take a name that stands twice and round a long number, so it is read here. Pure.
 */
import { Malformed, shorten, toBytes } from "./bytes";

export interface Node {
  /** Its canonical text. */
  text: string;
  value: unknown;
  /** The elements of a list. */
  items?: readonly Node[];
  /** The members of an object. */
  members?: ReadonlyMap<string, Node>;
}

const DEEPEST = 100;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?![0-9.eE])/y;
const WORD = /true|false|null/y;
const SPACE = /[ \t\n\r]*/y;

/** Read one JSON text. Throws Malformed. */
export function parse(text: string): Node {
  const reader = new Reader(text);
  const node = reader.read(0);
  reader.end();
  return node;
}

/** The order of names: by their bytes, as Python sorts them, not by UTF-16. */
function compare(a: string, b: string): number {
  const [x, y] = [toBytes(a), toBytes(b)];
  const at = x.findIndex((byte, i) => byte !== y[i]);
  return at < 0 ? x.length - y.length : x[at]! - (y[at] ?? -1);
}

class Reader {
  #at = 0;

  constructor(readonly text: string) {}

  read(depth: number): Node {
    if (depth > DEEPEST) throw new Malformed("It is nested too deeply.");
    this.#take(SPACE);
    const sign = this.text[this.#at];
    if (sign === "{") return this.#readObject(depth);
    if (sign === "[") return this.#readList(depth);
    if (sign === '"') return this.#readString();
    const word = this.#take(WORD);
    if (word) return { text: word, value: JSON.parse(word) };
    const number = this.#take(NUMBER);
    if (number) return { text: number, value: Number(number) };
    throw this.#refuse();
  }

  end(): void {
    this.#take(SPACE);
    if (this.#at < this.text.length) throw this.#refuse();
  }

  #readObject(depth: number): Node {
    const members = new Map<string, Node>();
    this.#list("}", () => {
      this.#take(SPACE);
      const name = this.#readString().value as string;
      if (members.has(name)) throw new Malformed(`The name “${shorten(name)}” stands twice in an object.`);
      this.#take(SPACE);
      if (this.text[this.#at++] !== ":") throw this.#refuse();
      members.set(name, this.read(depth + 1));
    });
    const sorted = [...members].sort(([a], [b]) => compare(a, b));
    return {
      text: `{${sorted.map(([name, node]) => `${JSON.stringify(name)}:${node.text}`).join(",")}}`,
      value: Object.fromEntries(sorted.map(([name, node]) => [name, node.value])),
      members,
    };
  }

  #readList(depth: number): Node {
    const items: Node[] = [];
    this.#list("]", () => items.push(this.read(depth + 1)));
    return { text: `[${items.map((item) => item.text).join(",")}]`, value: items.map((item) => item.value), items };
  }

  #list(end: string, readOne: () => void): void {
    this.#at++;
    this.#take(SPACE);
    if (this.text[this.#at] === end) {
      this.#at++;
      return;
    }
    for (;;) {
      readOne();
      this.#take(SPACE);
      const sign = this.text[this.#at++];
      if (sign === end) return;
      if (sign !== ",") throw this.#refuse();
    }
  }

  #readString(): Node {
    const raw = this.#take(STRING);
    if (!raw) throw this.#refuse();
    const value = JSON.parse(raw) as string;
    return { text: JSON.stringify(value), value };
  }

  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.text)?.[0] ?? "";
    this.#at += found.length;
    return found;
  }

  #refuse(): Malformed {
    const near = shorten(this.text.slice(Math.max(0, this.#at - 1)), 20);
    return new Malformed(`It is no JSON of integers, texts, lists and objects, near “${near}”.`);
  }
}
