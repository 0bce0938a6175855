/** What a refusal held against single members of what was sent, for the fields that gave them. */
import { Problem } from "./api";

/** Against a member or what lies within it: "targets.0.day" is of "targets". */
export function listFaults(problem: Problem | undefined, name: string): string[] {
  return (problem?.faults ?? []).filter((fault) => fault.parameter.split(".").includes(name)).map((fault) => fault.message);
}

/** The refusal as far as no field shows it. */
export function besides(problem: Problem | undefined, names: readonly string[]): Problem | undefined {
  if (!problem || problem.faults.length === 0) return problem;
  const isShown = (path: string) => path.split(".").some((part) => names.includes(part));
  return problem.faults.every((fault) => isShown(fault.parameter)) ? undefined : problem;
}

/** What the page itself holds against a field, before anything is sent. */
export function refuseField(parameter: string, message: string): Problem {
  return new Problem(0, "bad-input", message, "", [{ parameter, message }]);
}
