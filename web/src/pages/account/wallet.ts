/** Wallets of the browser (EIP-1193): what they sign is an EIP-4361 message that the server wrote. */
import { api, Problem, take, type Schemas } from "../../lib/api";

interface Wallet {
  request(asked: { method: string; params?: unknown[] }): Promise<unknown>;
}

declare global {
  interface Window {
    ethereum?: Wallet;
  }
}

type Signed = Schemas["SignedMessage"];

/** EIP-1193: the reader said no. */
const REJECTED = 4001;

export function hasWallet(): boolean {
  return window.ethereum !== undefined;
}

/** Sign to be let in. */
export function signIn(): Promise<Signed> {
  return sign(async (body) => (await take(api.POST("/v1/session/wallet/nonce", { body }))).data.message);
}

/** Sign something about the account that is signed in. */
export function signOwn(purpose: Schemas["OwnWalletRequest"]["purpose"]): Promise<Signed> {
  return sign(async (who) => {
    const body = { ...who, purpose };
    return (await take(api.POST("/v1/account/wallet/nonce", { body }))).data.message;
  });
}

/** Ask the wallet for its address, the server for a message with a nonce, the wallet for its signature. */
async function sign(write: (who: Schemas["WalletRequest"]) => Promise<string>): Promise<Signed> {
  const [address] = (await ask("eth_requestAccounts")) as string[];
  if (!address) throw new Problem(0, "no-address", "The wallet names no address.", "Unlock it and try again.");
  const message = await write({ address, chain_id: Number(await ask("eth_chainId")) });
  const signature = (await ask("personal_sign", [writeHex(message), address])) as string;
  return { message, signature };
}

async function ask(method: string, params: unknown[] = []): Promise<unknown> {
  if (!window.ethereum) throw new Problem(0, "no-wallet", "This browser has no wallet.", "Open this page where your wallet is.");
  try {
    return await window.ethereum.request({ method, params });
  } catch (error) {
    const { code, message } = error as { code?: number; message?: string };
    if (code === REJECTED) throw new Problem(0, "rejected", "You declined in the wallet.", "Nothing was signed.");
    throw new Problem(0, "wallet", `The wallet refused: ${message ?? "it does not say why"}`, "");
  }
}

function writeHex(text: string): string {
  return "0x" + [...new TextEncoder().encode(text)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
