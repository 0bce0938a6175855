/** ECDSA on P-256, which credentials are signed with: the browser's own, where a page may use it. */
import { Malformed, toBase64Url } from "./bytes";

const ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const P = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn;
const B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;

/** A browser lends its cryptography only to pages that came over HTTPS or from the same machine. */
export const canCheck = globalThis.crypto?.subtle !== undefined;

/** The key that a `did:key` is. Throws Malformed. */
export function readDidKey(did: string): JsonWebKey {
  const text = did.replace(/^did:key:z/, "");
  let number = 0n;
  for (const letter of text.slice(0, 60)) {
    const digit = ALPHABET.indexOf(letter);
    if (digit < 0) throw new Malformed("The issuer's did:key is no base58.");
    number = number * 58n + BigInt(digit);
  }
  const hex = number.toString(16).padStart(70, "0");
  // 0x1200 as a varint is P-256; then a compressed point.
  const [, sign, x] = /^8024(0[23])([0-9a-f]{64})$/.exec(hex) ?? [];
  if (!sign || !x || text.length > 60) throw new Malformed("The issuer's did:key is no key on P-256.");
  const at = BigInt(`0x${x}`);
  const square = (((at * at * at - 3n * at + B) % P) + P) % P;
  let y = power(square, (P + 1n) / 4n);
  if (at >= P || (y * y) % P !== square) throw new Malformed("The issuer's did:key is no point of P-256.");
  if (y % 2n !== BigInt(sign) % 2n) y = P - y;
  return { kty: "EC", crv: "P-256", x: coordinate(at), y: coordinate(y) };
}

function power(base: bigint, exponent: bigint): bigint {
  let [found, square] = [1n, base];
  for (let left = exponent; left > 0n; left >>= 1n) {
    if (left & 1n) found = (found * square) % P;
    square = (square * square) % P;
  }
  return found;
}

function coordinate(value: bigint): string {
  const hex = value.toString(16).padStart(64, "0");
  return toBase64Url(Uint8Array.from(hex.match(/../g)!, (pair) => parseInt(pair, 16)));
}

/** Whether a signature (r and s, 32 bytes each) of these bytes holds. */
export async function isSigned(jwk: JsonWebKey, signature: Uint8Array, bytes: Uint8Array): Promise<boolean> {
  const { kty = "", crv = "", x = "", y = "" } = jwk;
  try {
    const algorithm = { name: "ECDSA", namedCurve: "P-256" };
    const key = await crypto.subtle.importKey("jwk", { kty, crv, x, y }, algorithm, false, ["verify"]);
    return await crypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, key, signature.slice(), bytes.slice());
  } catch {
    return false;
  }
}
