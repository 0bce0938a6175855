/** That it is the holder who asks: the present password, or a message signed by the account's own wallet. */
import type { Schemas } from "../../lib/api";
import { signOwn } from "./wallet";

type Account = Schemas["AccountShape"];
/** An account that has neither may set a first one without. */
export type Way = "password" | "wallet" | "nothing";

export function listWays(account: Account): Way[] {
  const ways: Way[] = [];
  if (account.has_password) ways.push("password");
  if (account.wallet) ways.push("wallet");
  return ways.length ? ways : ["nothing"];
}

export class Proof {
  password = $state("");
  wanted = $state<Way>("password");

  way(account: Account): Way {
    const ways = listWays(account);
    return ways.includes(this.wanted) ? this.wanted : ways[0]!;
  }

  /** What is sent along. Throws Problem where the wallet is missing or declines. */
  async give(account: Account, purpose: "confirm" | "delete"): Promise<Schemas["Confirmation"]> {
    const way = this.way(account);
    if (way === "wallet") return { wallet: await signOwn(purpose) };
    return way === "password" ? { password: this.password } : {};
  }
}
