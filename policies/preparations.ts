import type { PolicyResource } from "@pulumi/policy";
import { isForward, isImage } from "./cut-overs.ts";
import { adopts, changesSettings, commandType, type JudgedWorkload } from "./fleet-facts.ts";
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

/**
 * Why a new version is not tried on a copy of the state before it takes over, in a production stack; undefined: it is, or
 * will be in this update.
 */
export function rehearsalMissing({ props }: PolicyResource, workload: JudgedWorkload): string | undefined {
  if (workload.managed || !isForward(workload)) return undefined;
  const task = jsonObject(read(props, "stdin"));
  const told = task && read(task, "workload");
  // So a program is told that its stack is not production: runs may be stopped at a step there.
  if (!isObject(told) || read(told, "rehearsal") === true) return undefined;
  const rehearse = read(told, "rehearse");
  const isOff = isObject(rehearse) && read(rehearse, "enabled") === false;
  const result = jsonObject(read(props, "stdout"));
  const wasOff = result !== undefined && read(result, "rehearsal") === "off";
  return isOff || wasOff ? "its rehearsal is turned off" : undefined;
}

function isText(value: unknown): boolean {
  return typeof value === "string" && value !== "";
}
