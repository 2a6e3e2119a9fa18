import type { PolicyResource } from "@pulumi/policy";
import { isForward } from "./cut-overs.ts";
import { adopts, changesSettings, commandType, isImage, type JudgedWorkload } from "./fleet-facts.ts";
import { isObject, notKnown, read } from "./guarded-read.ts";
import { jsonObject } from "./json.ts";
import type { StackGraph } from "./stack-graph.ts";

/** The program that a workload's preparation has to be. */
export function preparationProgram({ managed }: Pick<JudgedWorkload, "managed">): string {
  return managed ? "operations/prepare-managed.ts" : "operations/prepare.ts";
}

/** The preparations of a workload, by their name: there is to be one. */
export function preparationsOf(graph: StackGraph, { name }: Pick<JudgedWorkload, "name">): PolicyResource[] {
  return graph.ofType(commandType).filter((command) => command.name === `${name}-preparation`);
}

/**
 * What is missing of what a preparation has proved for another image, other settings or an adoption; undefined when it has all, or when it runs in
 * this update: its result is not known then, and nothing is stopped before it has passed.
 */
export function missingOf({ props }: PolicyResource, workload: JudgedWorkload): string | undefined {
  const stdout = read(props, "stdout");
  if (stdout === notKnown || !(isForward(workload) || changesSettings(workload) || adopts(workload)))
    return undefined;
  const result = jsonObject(stdout);
  if (result === undefined) return "it has left no result";
  const said = (key: string) => read(result, key);
  if (said("workload") !== workload.name) return "its result is that of another workload";
  if (!isImage(said("to"), workload.image)) return "its result is for another image";
  if (!isImage(said("from"), workload.from)) return "its result is of another image than the one that runs";
  if (workload.managed) return isText(said("backup")) ? undefined : "it has made no backup";
  if (!isText(said("snapshot"))) return "it has made no snapshot";
  return said("drill") === "passed" ? undefined : "its snapshot has not been started";
}

/** Whether a preparation runs in this update and tries a new version on a copy of the state, before anything is stopped. */
export function rehearsesNow({ props }: PolicyResource): boolean {
  const task = jsonObject(read(props, "stdin"));
  const told = task && read(task, "workload");
  return read(props, "stdout") === notKnown && isObject(told) && !isRehearsalOff(told);
}

/** Whether the result of a preparation says that it has tried this very version. */
export function hasRehearsed({ props }: PolicyResource, { name, from, image }: JudgedWorkload): boolean {
  const result = jsonObject(read(props, "stdout"));
  if (result === undefined) return false;
  const said = (key: string) => read(result, key);
  const isOfThis = said("workload") === name && isImage(said("from"), from) && isImage(said("to"), image);
  return isOfThis && said("rehearsal") === "passed";
}

/** Whether a production stack has no new version tried on a copy of the state before it takes over. */
export function isUnrehearsed({ props }: PolicyResource, workload: JudgedWorkload): boolean {
  if (workload.managed || !isForward(workload)) return false;
  const task = jsonObject(read(props, "stdin"));
  const told = task && read(task, "workload");
  // So a program is told that its stack is not production: runs may be stopped at a step there.
  if (!isObject(told) || read(told, "rehearsal") === true) return false;
  const result = jsonObject(read(props, "stdout"));
  return isRehearsalOff(told) || (result !== undefined && read(result, "rehearsal") === "off");
}

function isRehearsalOff(told: object): boolean {
  const rehearse = read(told, "rehearse");
  return isObject(rehearse) && read(rehearse, "enabled") !== true;
}

function isText(value: unknown): boolean {
  return typeof value === "string" && value !== "";
}
