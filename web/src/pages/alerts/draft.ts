/** What words cannot say of a rule, as a form holds it. Pure. */
import type { Schemas } from "../../lib/api";
import type { Spec } from "./rules";

export interface Draft {
  name: string;
  note: string;
  severity: Schemas["Severity"];
  once: boolean;
  /** Silence after it fired, in units of so many seconds. */
  cooldown: number;
  cooldownUnit: number;
  isQuiet: boolean;
  quietStart: string;
  quietEnd: string;
  quietThen: Schemas["QuietThen"];
  zone: string;
  digest: Schemas["Digest"];
  /** A minute in UTC as date fields have it: 2026-05-01T12:00; "" is never. */
  expires: string;
  channels: string[];
}

/** Members that have a field, those first that are folded away. */
export const FOLDED = ["cooldown_s", "quiet_hours", "time_zone", "digest", "expires_at", "note"];
export const FIELDS = [...FOLDED, "name", "severity", "channels"];

export const UNITS = [
  [86_400, "days"],
  [3_600, "hours"],
  [60, "minutes"],
  [1, "seconds"],
] as const;

/** The form of a rule; what the rule leaves out has the API's defaults. */
export function readDraft(spec: Partial<Spec>): Draft {
  const seconds = spec.cooldown_s ?? 0;
  const unit = seconds ? UNITS.find(([length]) => seconds % length === 0)![0] : 3_600;
  const quiet = spec.quiet_hours;
  return {
    name: spec.name ?? "",
    note: spec.note ?? "",
    severity: spec.severity ?? "info",
    once: spec.repeat === false,
    cooldown: seconds / unit,
    cooldownUnit: unit,
    isQuiet: Boolean(quiet),
    quietStart: quiet?.start.slice(0, 5) ?? "22:00",
    quietEnd: quiet?.end.slice(0, 5) ?? "07:00",
    quietThen: quiet?.then ?? "digest",
    zone: spec.time_zone ?? "UTC",
    digest: spec.digest ?? "none",
    expires: spec.expires_at ? new Date(spec.expires_at).toISOString().slice(0, 16) : "",
    channels: [...(spec.channels ?? [])],
  };
}

/** Elsewhere a time zone says nothing. */
export function usesZone(draft: Draft): boolean {
  return draft.isQuiet || draft.digest === "daily";
}

export function writeSpec(when: Spec["when"], draft: Draft): Spec {
  return { ...writeRest(draft), when };
}

/** All of the rule but its condition. */
export function writeRest(draft: Draft): Omit<Spec, "when"> {
  return {
    version: 1,
    name: draft.name.trim(),
    note: draft.note.trim(),
    severity: draft.severity,
    repeat: !draft.once,
    cooldown_s: Math.round((draft.cooldown || 0) * draft.cooldownUnit),
    quiet_hours: draft.isQuiet ? { start: draft.quietStart, end: draft.quietEnd, then: draft.quietThen } : null,
    time_zone: (usesZone(draft) && draft.zone.trim()) || "UTC",
    digest: draft.digest,
    expires_at: draft.expires ? `${draft.expires}:00Z` : null,
    channels: draft.channels,
  };
}
