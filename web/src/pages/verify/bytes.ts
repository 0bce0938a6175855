/** Bytes and how they are written. Pure; what is not written strictly is refused. */
import { sha256 } from "@noble/hashes/sha2.js";

/** Something is not written as it should be. */
export class Malformed extends Error {}

export function toBytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function toText(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Malformed("These bytes are no text in UTF-8.");
  }
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Strict base64, of `length` bytes where that is told. */
export function fromBase64(text: string, length?: number): Uint8Array {
  let raw: string;
  try {
    raw = atob(text);
  } catch {
    raw = "";
  }
  if (btoa(raw) !== text || (length !== undefined && raw.length !== length)) {
    throw new Malformed(`“${shorten(text)}” is not the base64 form of ${length ?? "some"} bytes.`);
  }
  return Uint8Array.from(raw, (letter) => letter.charCodeAt(0));
}

export function fromBase64Url(text: string): Uint8Array {
  if (/[^\w-]/.test(text)) throw new Malformed(`“${shorten(text)}” is not base64url.`);
  const plain = text.replaceAll("-", "+").replaceAll("_", "/");
  return fromBase64(plain.padEnd(Math.ceil(plain.length / 4) * 4, "="));
}

export function toBase64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

export function toBase64Url(bytes: Uint8Array): string {
  return toBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

export function join(...parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

export function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

export function hash(...parts: readonly Uint8Array[]): Uint8Array {
  return sha256(join(...parts));
}

export function shorten(text: string, length = 40): string {
  return text.length > length ? `${text.slice(0, length)}…` : text;
}
