import { type CommandResult, jsonOf, oneLine } from "./cli-output.ts";

import { type Attempt, failed, fieldOf } from "./judge.ts";

/**
 * Prints, of the state folder that is its argument, the configured model of each agent and what its sessions have of a model
 * of their own. Runs in the container by its Node.js; reads only, and nothing of what was said.
 */
const script = `
const { readFileSync, readdirSync } = require("node:fs");
const { join } = require("node:path");
const root = process.argv[1];
const json = (file) => { try { return JSON.parse(readFileSync(file, "utf8")); } catch { return undefined; } };
const names = (folder) => { try { return readdirSync(folder); } catch { return []; } };
const configuration = json(join(root, "openclaw.json"));
const modelOf = (model) => (typeof model === "string" ? model : model && model.primary);
const agents = configuration && configuration.agents || {};
const primary = modelOf(agents.defaults && agents.defaults.model);
const sessions = [];
const unreadable = configuration === undefined ? ["openclaw.json"] : [];
for (const agent of names(join(root, "agents"))) {
  const folder = join(root, "agents", agent, "sessions");
  if (!names(folder).includes("sessions.json")) continue;
  const index = json(join(folder, "sessions.json"));
  if (index === undefined) { unreadable.push(join("agents", agent, "sessions/sessions.json")); continue; }
  const own = (agents.list || []).find((each) => each && each.id === agent);
  for (const [key, entry] of Object.entries(index)) {
    const { providerOverride, modelOverride, modelOverrideSource, provider, model, sessionId } = entry || {};
    const pinned = modelOverride !== undefined ? { provider: providerOverride, model: modelOverride }
      : provider !== undefined && model !== undefined ? { provider, model } : undefined;
    if (pinned === undefined) continue;
    sessions.push({ agent, key, ...pinned, source: modelOverrideSource, sessionId, primary: modelOf(own && own.model) || primary });
  }
}
console.log(JSON.stringify({ sessions, unreadable }));
`;

/** argv of the look into the state folder `mount` of the container. */
export function pinsArgv(mount: string): string[] {
  return ["node", "-e", script, mount];
}

/** Sessions that a failover or somebody has left on another model: they stay there when the configured one is well again. */
export function judgePins(result: CommandResult, mount: string): Attempt {
  const found = jsonOf(result.stdout);
  const sessions = fieldOf(found, "sessions");
  const unreadable = fieldOf(found, "unreadable");
  if (result.exitCode !== 0 || !Array.isArray(sessions) || !Array.isArray(unreadable)) {
    return failed(`the sessions can't be read: ${oneLine(result.stderr || result.stdout)}`);
  }
  if (unreadable.length > 0) {
    return failed(`no JSON: ${unreadable.map((file) => `${mount}/${file}`).join(", ")}`);
  }
  const pins = sessions.flatMap((session) => pinOf(session, mount));
  return pins.length > 0
    ? failed(pins.join("; "))
    : { passed: true, detail: "no session is pinned to another model" };
}

function pinOf(session: unknown, mount: string): string[] {
  const text = (field: string): string | undefined => {
    const value = fieldOf(session, field);
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const primary = text("primary");
  const model = text("model") ?? "unknown";
  const provider = text("provider") ?? (model.includes("/") ? undefined : primary?.split("/")[0]);
  const pinned = provider === undefined ? model : `${provider}/${model}`;
  if (pinned === primary) return [];
  const folder = `${mount}/agents/${text("agent")}/sessions`;
  const transcript = text("sessionId");
  const by = text("source") === "user" ? ", chosen by its user" : "";
  return [
    `${text("key")} is pinned to ${pinned} instead of ${primary ?? "the gateway's own default"}${by}. To undo it: ` +
      (transcript === undefined ? "" : `move ${folder}/${transcript}.jsonl aside, `) +
      `take the entry out of ${folder}/sessions.json (keep a copy), restart the gateway, send a message`,
  ];
}
