import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import * as pulumi from "@pulumi/pulumi";
import { inputText, type OwnedTask, ownerOf, workloadVariable } from "../config/program-input.ts";
import { Expiry } from "./expiry.ts";
import { type OperationName, type OperationSecrets, programPath, secretVariables } from "./operation.ts";

/** What the hooks of one container need. */
export interface HookTask {
  workload: OwnedTask["workload"];
  /** What this run does to it, as the preview said; a program without one finds out by itself. */
  move: object | undefined;
  /** Why nothing may be done to it in this run. */
  untouched: string | undefined;
  /** What an operator does when the new container does not come up. */
  wayBack: string | undefined;
  /** Seconds after which a program that still runs is stuck. */
  deadline: number;
  secrets: OperationSecrets;
}

export interface WorkloadHooks {
  cutOver: pulumi.ResourceHook;
  restore: pulumi.ResourceHook;
  /** Says the way back when the new container does not come up; never retries. */
  wayBack: pulumi.ErrorHook;
}

/**
 * The hooks of all containers: one of each, because state refers to a hook by name, and a container whose workload left
 * the configuration still needs its cut-over. `taskOf` finds the task by the name of the container's resource.
 */
export function workloadHooks(taskOf: (name: string) => Promise<HookTask>): WorkloadHooks {
  const run = async (program: OperationName, name: string) => {
    const task = await taskOf(name);
    if (task.untouched !== undefined) throw new Error(task.untouched);
    await runProgram(program, name, task);
  };
  return {
    cutOver: new pulumi.ResourceHook("cut-over", (args) => run("cut-over", args.name)),
    restore: new pulumi.ResourceHook("restore", (args) => run("restore", args.name)),
    wayBack: new pulumi.ErrorHook("way-back", async (args) => {
      const { wayBack } = await taskOf(args.name);
      await pulumi.log.error(`${args.name}: ${wayBack ?? "go back to the configuration before."}`);
      return false;
    }),
  };
}

/** Before an image is made known to the provider: the Docker host has it then. */
export function pullHook(pull: (reference: string) => Promise<unknown>): pulumi.ResourceHook {
  return new pulumi.ResourceHook("pull", async ({ newInputs }) => {
    await pull(String((newInputs as { name?: unknown }).name));
  });
}

async function runProgram(program: OperationName, name: string, task: HookTask): Promise<void> {
  const input = { workload: task.workload, move: task.move };
  const secrets = await Promise.all(
    Object.entries(secretVariables(task.secrets)).map(async ([name, value]) => [
      name,
      await plainValue(value),
    ]),
  );
  const child = spawn(
    process.execPath,
    [fileURLToPath(new URL(`../${programPath(program)}`, import.meta.url))],
    {
      stdio: ["pipe", "pipe", "pipe"],
      // A process group of its own, which is ended with all that it has started.
      detached: true,
      env: { ...process.env, [workloadVariable]: ownerOf(input), ...Object.fromEntries(secrets) },
    },
  );
  // One that has ended before it read its input says why by itself.
  child.stdin.on("error", () => {});
  child.stdin.end(inputText(input));
  child.stdout.resume();
  const expiry = new Expiry(child.pid, task.deadline);
  const said = await lines(child.stderr, (line) => pulumi.log.info(line));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    if (child.exitCode !== null) {
      resolve(child.exitCode);
    }
    child.once("close", resolve);
  }).finally(() => expiry.clear());
  if (expiry.reached) {
    throw new Error(
      `${name}: the ${program} did not end within ${task.deadline} s and was ended. ${name} may be stopped: run \`fleet recover\`.`,
    );
  }
  if (code !== 0) {
    throw new Error(said.slice(-12).join("\n"));
  }
}

async function lines(stream: NodeJS.ReadableStream, each: (line: string) => unknown): Promise<string[]> {
  const all: string[] = [];
  let rest = "";
  for await (const chunk of stream) {
    const parts = `${rest}${chunk}`.split("\n");
    rest = parts.pop() ?? "";
    for (const line of parts) {
      all.push(line);
      await each(line);
    }
  }
  return rest === "" ? all : [...all, rest];
}

/** The value of an output inside a hook, where it is always known. */
function plainValue(value: pulumi.Input<string>): Promise<string> {
  return new Promise((resolve) => {
    pulumi.output(value).apply(resolve);
  });
}
