import type { PolicyResource } from "@pulumi/policy";
import { callsIn, namesEngineSocket } from "./command-tools.ts";
import { FleetNames, type Named } from "./fleet-names.ts";
import { isObject, itemsOf, notKnown, propertiesOf, type Reached, read } from "./guarded-read.ts";
import type { Finding } from "./rule.ts";
import type { StackGraph } from "./stack-graph.ts";
import { quoted } from "./verdict.ts";

/** What commands and code of a program can do to a fleet. */
export const commandKinds = ["memberCommand", "engineCommand", "unseenCommand"] as const;
type CommandFinding = Finding<(typeof commandKinds)[number]>;

const commandTypes = ["command:local:Command", "command:remote:Command"];
/** They put a file on a machine, and take another one's place there. */
const copyTypes = ["command:remote:CopyFile", "command:remote:CopyToRemote"];
const dynamicTypes = /^pulumi-(nodejs|python):dynamic[/:]/;

/** Where a command has its words. */
const scripts = ["create", "update", "delete", "stdin"];

/**
 * Commands and dynamic resources that are no part of the fleet's own programs, and what they may do to it.
 *
 * @param judgedElsewhere - commands of which it is said anyway that they are not the program that they should be.
 */
export function foreignCommands(
  graph: StackGraph,
  judgedElsewhere: ReadonlySet<PolicyResource>,
): CommandFinding[] {
  const names = new FleetNames(graph);
  return [
    ...graph
      .ofType(...commandTypes)
      .filter((command) => !isOwnProgram(command) && !judgedElsewhere.has(command))
      .flatMap((command) => commandFindings(command, names)),
    ...graph.ofType(...copyTypes).flatMap((copy) => copyFindings(copy, names)),
    ...(names.isEmpty
      ? []
      : graph.resources.filter(({ type }) => dynamicTypes.test(type)).map(dynamicFinding)),
  ];
}

/** One of the files of `operations/`, run by node alone: what it is told is data to it, and other findings judge it. */
function isOwnProgram({ props }: PolicyResource): boolean {
  const isProgram = (key: string) => /^(operations\/[a-z-]+\.ts)?$/.test(textOf(read(props, key)));
  const interpreter = read(props, "interpreter");
  const isNode = Array.isArray(interpreter) && interpreter.length === 1 && read(interpreter, 0) === "node";
  return isNode && ["create", "update"].every(isProgram) && textOf(read(props, "delete")) === "";
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : value === undefined || value === null ? "" : "(not a text)";
}

interface Text {
  path: string;
  text: string;
}

function commandFindings(command: PolicyResource, names: FleetNames): CommandFinding[] {
  const { props } = command;
  const said = scripts.map((key): Reached => ({ path: key, value: read(props, key) }));
  const interpreter = read(props, "interpreter");
  const before = Array.isArray(interpreter) ? itemsOf(interpreter, "interpreter") : [];
  const environment = read(props, "environment");
  const variables = isObject(environment) ? propertiesOf(environment, "environment") : [];
  const runBy = texts(before)
    .map(({ text }) => text)
    .join(" ");
  // What interprets a text stands before its first word.
  const lines = texts(said).map(({ path, text }) => ({
    path,
    text: path === "stdin" ? text : `${runBy} ${text}`,
  }));
  const found = wordsFindings(command, lines, texts(variables), names);
  if (found !== undefined) return [found];
  const unknown = [...said, ...before, { path: "interpreter", value: interpreter }].find(
    ({ value }) => value === notKnown,
  );
  return unknown === undefined ? [] : [unseen(command, unknown.path)];
}

function texts(reached: readonly Reached[]): Text[] {
  return reached.flatMap(({ path, value }) =>
    typeof value === "string" && value !== "" ? [{ path, text: value }] : [],
  );
}

function wordsFindings(
  command: PolicyResource,
  lines: readonly Text[],
  variables: readonly Text[],
  names: FleetNames,
): CommandFinding | undefined {
  const all = [...lines, ...variables];
  const calls = all.map(({ path, text }) => ({ path, ...callsIn(text) }));
  const caller = calls.find(({ changes }) => changes.length > 0);
  const socket = lines.find(({ text }) => namesEngineSocket(text));
  const change =
    caller !== undefined
      ? { path: caller.path, by: caller.changes.map(quoted).join(" and ") }
      : socket && { path: socket.path, by: "the socket of a container engine" };
  const writesFiles = calls.some((each) => each.writesFiles);
  const named = namedBy(all, names, (each) => change !== undefined || (writesFiles && each.isState));
  if (named !== undefined) {
    const by = change?.by ?? "a tool that writes files";
    return memberFinding(command, named.path, `${by} is told of ${named.named.what}`);
  }
  return change && engineFinding(command, change.path, change.by);
}

function namedBy(
  all: readonly Text[],
  names: FleetNames,
  counts: (named: Named) => boolean,
): { path: string; named: Named } | undefined {
  for (const { path, text } of all) {
    const named = names.namedIn(text);
    if (named !== undefined && counts(named)) return { path, named };
  }
  return undefined;
}

function copyFindings(copy: PolicyResource, names: FleetNames): CommandFinding[] {
  const path = "remotePath";
  const value = read(copy.props, path);
  if (value === notKnown) return names.isEmpty ? [] : [unseen(copy, path)];
  const named = typeof value === "string" ? names.namedIn(value) : undefined;
  return named?.isState === true ? [memberFinding(copy, path, `it copies into ${named.what}`)] : [];
}

function memberFinding({ name, urn }: PolicyResource, path: string, what: string): CommandFinding {
  return {
    ...{ kind: "memberCommand", resource: name, urn, path, what },
    why: "nothing copies its state before, and neither a canary nor a gate stands around it",
    write: "no such command: change its image or settings in the stack's configuration",
  };
}

function engineFinding({ name, urn }: PolicyResource, path: string, by: string): CommandFinding {
  return {
    ...{ kind: "engineCommand", resource: name, urn, path },
    what: `it calls ${by}`,
    why: "a policy sees the words of a command and not what it does: it may stop or replace what a fleet runs",
    write:
      "a resource of a provider instead; nothing, if you have read that it leaves the fleet and its images alone",
  };
}

function unseen({ name, urn }: PolicyResource, path: string): CommandFinding {
  return {
    ...{ kind: "unseenCommand", resource: name, urn, path },
    what: "what it runs is not known at preview",
    why: "nobody can see whether it stops or changes what a fleet runs",
    write: "the command as literal text, and its values as environment variables",
  };
}

function dynamicFinding({ name, urn }: PolicyResource): CommandFinding {
  return {
    ...{ kind: "unseenCommand", resource: name, urn, path: "as a whole" },
    what: "it is a dynamic resource: a policy sees its properties and not its code",
    why: "its code may start, stop or replace what the fleet runs, or change its state",
    write: "a resource of a provider instead; nothing, if you have read its code",
  };
}
