/** What the token page shows, read from the API. A day is YYYY-MM-DD, "" the newest there is. */
import { api, Problem, take, type Schemas } from "../../lib/api";
import { readExplanation, type Explanation } from "./explaining";

export type Kind = "trader" | "investor";
export type Origin = NonNullable<Schemas["Page_Grade_"]["origin"]>;

export interface Known {
  token: Schemas["TokenDetail"];
  /** The newest complete day of the data. */
  newest: string;
}

/** A grade with where it stands; without one the reason in words. */
export interface Said {
  grade: Schemas["Grade"] | undefined;
  asOf: string;
  publication: string;
  origin: Origin | undefined;
  reason: string;
}

/** Who bore the symbol on that day, else who bears it now: names wander from coin to coin. */
export async function loadToken(symbol: string, day: string): Promise<Known> {
  let name = symbol;
  if (day) {
    try {
      const then = await take(api.GET("/v1/tokens/{symbol}", { params: { path: { symbol }, query: { as_of: day } } }));
      name = String(then.data.token_id);
    } catch (error) {
      if (!(error instanceof Problem) || error.status === 0 || error.status >= 500) throw error;
    }
  }
  const found = await take(api.GET("/v1/tokens/{symbol}", { params: { path: { symbol: name } } }));
  return { token: found.data, newest: found.as_of ?? "" };
}

export async function loadGrade(kind: Kind, id: number, day: string): Promise<Said> {
  const query = { symbol: String(id), ...(day && { as_of: day }) };
  const found = await take(api.GET("/v1/grades/{kind}", { params: { path: { kind }, query } }));
  return {
    grade: found.data[0],
    asOf: found.as_of ?? "",
    publication: found.publication ?? "",
    origin: found.origin ?? undefined,
    reason: found.reason ?? "",
  };
}

/** The daily close of the day, or the last one before it. */
export async function loadClose(id: number, day: string): Promise<Schemas["Candle"] | undefined> {
  const query = { limit: 1, ...(day && { to: day }) };
  const found = await take(api.GET("/v1/candles/{symbol}", { params: { path: { symbol: String(id) }, query } }));
  return found.data[0];
}

export async function loadExplanation(kind: Kind, id: number, day: string): Promise<Explanation> {
  const params = { path: { kind, symbol: String(id) }, query: { ...(day && { as_of: day }) } };
  const found = await take(api.GET("/v1/grades/{kind}/{symbol}/explanation", { params }));
  return readExplanation(found.data);
}
