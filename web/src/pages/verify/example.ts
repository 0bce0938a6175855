/** What failing looks like: a true row with its true proof, one figure of it changed. */
import { api, take } from "../../lib/api";
import { Malformed } from "./bytes";
import { fetchGiven } from "./fetching";

export interface Forged {
  statement: string;
  proof: string;
  /** What was changed, in words. */
  what: string;
}

/** A decimal, as rows write them; of a grade rather than of anything else. */
const FIGURES = [/"(grade)":"(\d)(\d*\.\d+)"/, /"([a-z_0-9]+)":"(\d)(\d*\.\d+)"/];

/** The first row of the newest Trader Grades, or of what was published last. Throws Problem, and Malformed where nothing can be changed. */
export async function forge(): Promise<Forged> {
  const id = (await findNewest("grades.trader")) ?? (await findNewest());
  if (!id) throw new Malformed("Nothing has been published yet.");
  const { text, proof } = await fetchGiven(id, 0);
  const [whole, name, first, rest] = FIGURES.map((figure) => figure.exec(text)).find(Boolean) ?? [];
  if (!whole || !name || !first || !rest) throw new Malformed("The newest publication has no figure that could be changed.");
  const changed = String((Number(first) % 9) + 1) + rest;
  const statement = text.replace(whole, `"${name}":"${changed}"`);
  return { statement, proof, what: `In row 0 of ${id}, “${name}” was ${first}${rest}; here it says ${changed}. Nothing else was touched.` };
}

/** The id of the newest publication, of a kind where one is named. Throws Problem. */
export async function findNewest(kind?: "grades.trader"): Promise<string | undefined> {
  const query = { limit: 1, ...(kind && { kind }) };
  return (await take(api.GET("/v1/publications", { params: { query } }))).data[0]?.publication;
}
