/** Objects that come without types, read without trusting their form. */

export class Sheet {
  constructor(private readonly raw: unknown) {}

  #member(name: string): unknown {
    return typeof this.raw === "object" && this.raw !== null ? (this.raw as Record<string, unknown>)[name] : undefined;
  }

  in(name: string): Sheet {
    return new Sheet(this.#member(name));
  }

  list(name: string): Sheet[] {
    const found = this.#member(name);
    return Array.isArray(found) ? found.map((one) => new Sheet(one)) : [];
  }

  /** A number or words as text; "" where there is none. */
  text(name: string): string {
    const found = this.#member(name);
    return typeof found === "string" ? found : typeof found === "number" ? String(found) : "";
  }

  texts(name: string): string[] {
    const found = this.#member(name);
    return Array.isArray(found) ? found.filter((one): one is string => typeof one === "string") : [];
  }

  /** Numbers and nulls; anything else in it is null. */
  numbers(name: string): (number | null)[] {
    const found = this.#member(name);
    return Array.isArray(found) ? found.map((one) => (one === null || one === "" || !Number.isFinite(Number(one)) ? null : Number(one))) : [];
  }

  /** undefined where there is none. */
  number(name: string): number | undefined {
    const text = this.text(name);
    return text !== "" && Number.isFinite(Number(text)) ? Number(text) : undefined;
  }
}
