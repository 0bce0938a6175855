/** Wallets of the browser (EIP-1193): what they sign is the EIP-4361 message that the server wrote. */
import { api, Problem, take, type Schemas } from "../../lib/api";

interface Wallet {
  request(asked: { method: string; params?: unknown[] }): Promise<unknown>;
}

declare global {
  interface Window {
    ethereum?: Wallet;
  }
}

/** EIP-1193: the reader said no. */
const REJECTED = 4001;

export function hasWallet(): boolean {
  return window.ethereum !== undefined;
}

/** Ask the wallet for its address, the server for a message with a nonce, the wallet for its signature. */
export async function signIn(): Promise<Schemas["SignedMessage"]> {
  const [address] = (await ask("eth_requestAccounts")) as string[];
  if (!address) throw new Problem(0, "no-address", "The wallet names no address.", "Unlock it and try again.");
  const chain = Number(await ask("eth_chainId"));
  const body = { address, chain_id: chain };
  const { message } = (await take(api.POST("/v1/session/wallet/nonce", { body }))).data;
  const signature = (await ask("personal_sign", [writeHex(message), address])) as string;
  return { message, signature };
}

async function ask(method: string, params: unknown[] = []): Promise<unknown> {
  try {
    return await window.ethereum!.request({ method, params });
  } catch (error) {
    const { code, message } = error as { code?: number; message?: string };
    if (code === REJECTED) throw new Problem(0, "rejected", "You declined in the wallet.", "Nothing was signed.");
    throw new Problem(0, "wallet", `The wallet refused: ${message ?? "it does not say why"}`, "");
  }
}

function writeHex(text: string): string {
  return "0x" + [...new TextEncoder().encode(text)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
