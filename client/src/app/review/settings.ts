/** Settings as lines to read: `no_face.enter_seconds` 1. Pure. */

export function settingsOf(settings: Record<string, unknown>, above = ""): [string, string][] {
  return Object.entries(settings).flatMap(([name, value]) => {
    const path = above ? `${above}.${name}` : name;
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return settingsOf(value as Record<string, unknown>, path);
    return [[path, worded(value)] as [string, string]];
  });
}

function worded(value: unknown): string {
  if (value === null) return "none";
  if (typeof value === "boolean") return value ? "yes" : "no";
  return Array.isArray(value) ? value.map(worded).join(", ") : String(value);
}
