import { z } from "zod";
import { checkBase, severity, within } from "../../../config/check-kind.ts";
import { fieldAt } from "../../../config/json.ts";
import { type CommandResult, jsonOf, oneLine } from "../cli-output.ts";
import { agentsOf, type Configuration, modelOf, readConfiguration } from "../configuration.ts";
import { type Attempt, failed, nothing, passed } from "../judge.ts";
import { checkKind } from "../kind.ts";

export const pins = checkKind({
  schema: z.strictObject({
    kind: z
      .literal("pins")
      .describe("Looks for sessions that are left on another model than the configured one."),
    ...checkBase,
    severity: severity("warning", "critical"),
    deadline: within(30),
  }),
  tracks: ["runtime"],
  section: `
Looks for sessions that are left on another model than the configured one. A failover does this, and the sessions stay there when the model
is well again. It is a \`warning\` unless you say otherwise. It reads \`sessions.json\`, and the databases of versions that keep sessions there.
It sends nothing, needs Node.js in the image, and makes one attempt only. **Fails** with each session, and with how to undo it.
*Inconclusive*: a store that can't be read or is in no known form, no Node.js. A state without any session passes. Undo it as the message
says, after the update.
`,
  once: true,
  async attempt({ context }, _, deadline) {
    const { platform, workload } = context;
    const look = await platform.exec(workload.container, pinsArgv(workload.mount), {
      deadline,
      name: "the look for pinned sessions",
    });
    return judgePins(look, workload.mount, await readConfiguration(context, deadline));
  },
});

/**
 * Prints, of the state folder that is its argument, which agents have a session store, how many sessions are in it, and
 * which of these have a model of their own. Runs in the container by its Node.js; reads only, and nothing of what was said.
 */
const script = `
const { existsSync, readFileSync, readdirSync } = require("node:fs");
const { join } = require("node:path");
const root = process.argv[1];
const names = (folder) => existsSync(folder) ? readdirSync(folder) : [];
const found = { agents: [], sessions: [], unreadable: [] };
readdirSync(root);
const take = (agent, file, key, entry) => {
  const { providerOverride, modelOverride, modelOverrideSource, provider, model, sessionId } = entry || {};
  const pinned = modelOverride !== undefined ? { provider: providerOverride, model: modelOverride }
    : provider !== undefined && model !== undefined ? { provider, model } : undefined;
  if (pinned !== undefined) found.sessions.push({ agent, file, key, ...pinned, source: modelOverrideSource, sessionId });
};
const readers = {
  "sessions/sessions.json": (file) => Object.entries(JSON.parse(readFileSync(file, "utf8"))),
  "agent/openclaw-agent.sqlite": (file) => {
    const { DatabaseSync } = require("node:sqlite");
    const database = new DatabaseSync(file, { readOnly: true });
    try {
      database.exec("PRAGMA busy_timeout = 5000");
      return database.prepare("SELECT session_key, entry_json FROM session_nodes").all()
        .map((row) => [row.session_key, JSON.parse(row.entry_json)]);
    } finally { database.close(); }
  },
};
for (const agent of names(join(root, "agents"))) {
  let count = 0;
  const stores = Object.keys(readers).filter((store) => existsSync(join(root, "agents", agent, store)));
  for (const store of stores) {
    const file = join("agents", agent, store);
    try {
      const entries = readers[store](join(root, file));
      count += entries.length;
      for (const [key, entry] of entries) take(agent, file, key, entry);
    } catch (error) { found.unreadable.push({ file, why: String(error && error.message) }); }
  }
  found.agents.push({ agent, stores: stores.length, sessions: count, files: names(join(root, "agents", agent, "sessions")).length });
}
console.log(JSON.stringify(found));
`;

/** argv of the look into the state folder `mount` of the container. Node warns that its SQLite is new: not here. */
export function pinsArgv(mount: string): string[] {
  return ["node", "--no-warnings", "-e", script, mount];
}

/**
 * Sessions that a failover or somebody has left on another model: they stay there when the configured one is well again.
 * Passes only on what was read: a store in a form that nobody knows here is no empty one.
 */
export function judgePins(result: CommandResult, mount: string, configuration: Configuration): Attempt {
  const look = jsonOf(result.stdout);
  const [agents, sessions, unreadable] = ["agents", "sessions", "unreadable"].map((field) =>
    fieldAt(look, field),
  );
  if (
    result.exitCode !== 0 ||
    !Array.isArray(agents) ||
    !Array.isArray(sessions) ||
    !Array.isArray(unreadable)
  ) {
    return nothing(`the sessions can't be read: ${oneLine(result.stderr || result.stdout)}`);
  }
  const pins = sessions.flatMap((session) => pinOf(session, mount, configuration.content));
  if (pins.length > 0) return failed(pins.join("; "));
  if (unreadable.length > 0) {
    const files = unreadable.map((each) => `${mount}/${fieldAt(each, "file")} (${fieldAt(each, "why")})`);
    return nothing(`can't be read: ${files.join(", ")}`);
  }
  const unknown = agents.filter(
    (each) => fieldAt(each, "stores") === 0 && Number(fieldAt(each, "files")) > 0,
  );
  if (unknown.length > 0) {
    const named = unknown.map((each) => `${mount}/agents/${fieldAt(each, "agent")}/sessions`);
    return nothing(`no list of sessions that is known here, though there are files in ${named.join(", ")}`);
  }
  const total = agents.reduce((sum, each) => sum + Number(fieldAt(each, "sessions")), 0);
  return total === 0
    ? passed(`no session in ${mount}/agents: nothing is pinned`)
    : passed(`none of ${total} sessions of ${agents.length} agents is pinned to another model`);
}

function pinOf(session: unknown, mount: string, configuration: object | undefined): string[] {
  const text = (field: string): string | undefined => {
    const value = fieldAt(session, field);
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const agent = text("agent");
  const primary =
    agentsOf(configuration).find(({ id }) => id === agent)?.model ??
    modelOf(fieldAt(configuration, "agents.defaults.model"));
  const model = text("model") ?? "unknown";
  const provider = text("provider") ?? (model.includes("/") ? undefined : primary?.split("/")[0]);
  const pinned = provider === undefined ? model : `${provider}/${model}`;
  if (pinned === primary) return [];
  const by = text("source") === "user" ? ", chosen by its user" : "";
  return [
    `${text("key")} is pinned to ${pinned} instead of ${primary ?? "the gateway's own default"}${by}. To undo it: ` +
      remedy(text("file") ?? "", text("sessionId"), mount),
  ];
}

function remedy(file: string, transcript: string | undefined, mount: string): string {
  if (file.endsWith(".sqlite")) {
    return "send `/model default` in that session, or start it anew with `/new`; leave its database as it is";
  }
  const folder = `${mount}/${file.slice(0, file.lastIndexOf("/"))}`;
  return (
    (transcript === undefined ? "" : `move ${folder}/${transcript}.jsonl aside, `) +
    `take the entry out of ${mount}/${file} (keep a copy), restart the gateway, send a message`
  );
}
