/** A signed token (JWS, ES256) as it is written; says nothing about its signature. Pure. */
import { fromBase64Url, Malformed, toBytes, toText } from "./bytes";
import { parse, type Node } from "./json";

export interface Token {
  header: ReadonlyMap<string, Node>;
  claims: ReadonlyMap<string, Node>;
  signed: Uint8Array;
  signature: Uint8Array;
}

/** Read it. Throws Malformed. */
export function openToken(text: string, type: string) {
  const parts = text.split(".");
  const [head, body, signature] = parts;
  if (!head || !body || !signature || parts.length !== 3) throw new Malformed("It is no signed token of three parts.");
  const read = (part: string) => parse(toText(fromBase64Url(part))).members ?? new Map<string, Node>();
  const token: Token = { header: read(head), claims: read(body), signed: toBytes(`${head}.${body}`), signature: fromBase64Url(signature) };
  const [typ, alg] = ["typ", "alg"].map((name) => token.header.get(name)?.value);
  const passed = typ === type && alg === "ES256" && !token.header.has("crit") && !token.header.has("b64");
  const says = passed ? `A ${type}, signed with ES256.` : `It is no ${type} signed with ES256, but ${String(typ)} with ${String(alg)}.`;
  const values = ["iss", "publication", "origin"].map((name): [string, string] => [name, String(token.claims.get(name)?.value ?? "–")]);
  return { passed, says, values, ...token };
}
