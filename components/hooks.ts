import { fileURLToPath } from "node:url";
import * as pulumi from "@pulumi/pulumi";
import {
  inputText,
  type OperationName,
  type OwnedTask,
  ownerOf,
  programPath,
  workloadVariable,
} from "../config/contract.ts";
import { type OperationSecrets, secretVariables } from "./operation.ts";

/** What the hooks of one container need. */
export interface HookTask {
  workload: OwnedTask["workload"];
  /** What this run does to it, as the preview said; a program without one finds out by itself. */
  move: object | undefined;
  /** Why nothing may be done to it in this run. */
  untouched: string | undefined;
  /** It takes over from a container of somebody else's, which comes back where that fails. */
  adopts: boolean;
  /** In this run, and the unit of somebody else's is changed in its place. */
  adoptsInPlace: boolean;
  /** It goes back by code alone: where it does not come up so, its state goes back as well, and it is made once more. */
  fallsBack: boolean;
  /** What an operator does when the new container does not come up. */
  wayBack: string | undefined;
  /** Seconds after which a program that still runs is stuck. */
  deadline: number;
  secrets: OperationSecrets;
}

/** Runs a program to its end. Those that it has started end with it, at its deadline (seconds) too. */
export type RunProcess = (
  argv: readonly string[],
  options: {
    env: NodeJS.ProcessEnv;
    input: string;
    deadline: number;
    grace: number;
    group: boolean;
    /** Gets each line of standard error. */
    onLine: (line: string) => unknown;
  },
) => Promise<{ code: number | null; stdout: string; stderr: string; late: boolean }>;

const usualWayBack = "go back to the configuration before.";
const noWayBack =
  "the version of before does not come up on the state of its own snapshot either. Look at its log first. `fleet report` lists older snapshots.";

/** Seconds between SIGTERM and SIGKILL. */
const killGrace = 10;

export interface WorkloadHooks {
  cutOver: pulumi.ResourceHook;
  /** The cut-over of a unit that the provider changes in its place, and nothing where that starts nothing anew. */
  replace: pulumi.ResourceHook;
  /** Says what to do where the provider was refused such a change after the stop. */
  changeRefused: pulumi.ErrorHook;
  restore: pulumi.ResourceHook;
  /** Says the way back when the new container does not come up, or takes the part of it that is left. */
  wayBack: pulumi.ErrorHook;
}

/**
 * The hooks of all containers: one of each, because state refers to a hook by name, and a container whose workload left
 * the configuration still needs its cut-over. `taskOf` finds the task by the name of the container's resource.
 */
export function workloadHooks(
  taskOf: (name: string) => Promise<HookTask>,
  runProcess: RunProcess,
  /** Tells whoever watches what a workload's part of the update has failed with. */
  tellFailure: (workload: string, text: string) => void,
): WorkloadHooks {
  const run = async (program: OperationName, name: string, wanted?: unknown) => {
    const task = await taskOf(name);
    if (task.untouched !== undefined) throw new Error(task.untouched);
    await runProgram(program, name, task, runProcess, wanted);
  };
  return {
    cutOver: new pulumi.ResourceHook("cut-over", (args) => run("cut-over", args.name)),
    replace: new pulumi.ResourceHook("replace", (args) => run("replace", args.name, args.newInputs)),
    changeRefused: new pulumi.ErrorHook("change-refused", async ({ name }) => {
      const task = await taskOf(name);
      if (task.adoptsInPlace) {
        tellFailure(name, `${name}: it could not be taken over.`);
        await runProgram("give-up-adoption", name, task, runProcess);
        return false;
      }
      const text =
        `${name}: this change did not get through. If it was stopped for it, it stays stopped: \`fleet status\` shows that. ` +
        "Once the cause is gone, run `pulumi up` again. Or set the stack file back and run `pulumi up`: the old version starts on its state.";
      tellFailure(name, text);
      await pulumi.log.error(text);
      return false;
    }),
    restore: new pulumi.ResourceHook("restore", (args) => run("restore", args.name)),
    wayBack: new pulumi.ErrorHook("way-back", async (args) => {
      const task = await taskOf(args.name);
      const isFirst = args.errors.length === 1;
      if (task.fallsBack && isFirst && (await fellBack(args.name, task, runProcess))) return true;
      const end = await endOf(args.name, task, runProcess);
      const next = isFirst || !task.fallsBack ? (task.wayBack ?? usualWayBack) : noWayBack;
      const text = `${args.name}: ${end}${next}`;
      tellFailure(args.name, text);
      await pulumi.log.error(text);
      if (task.adopts) await runProgram("give-up-adoption", args.name, task, runProcess);
      return false;
    }),
  };
}

/** @returns whether its state is that of before now. Why not is said, and is no failure of its own: it has failed already. */
async function fellBack(name: string, task: HookTask, runProcess: RunProcess): Promise<boolean> {
  try {
    await runProgram("fall-back", name, task, runProcess);
    return true;
  } catch (error) {
    await pulumi.log.info(error instanceof Error ? error.message : String(error));
    return false;
  }
}

/** What became of a container that was made and does not come up, with a line break; empty where nobody can say. */
async function endOf(name: string, task: HookTask, runProcess: RunProcess): Promise<string> {
  try {
    const { end } = JSON.parse(await runProgram("tell-end", name, task, runProcess)) as { end?: string };
    return end === undefined ? "" : `${end}\n`;
  } catch (error) {
    await pulumi.log.info(error instanceof Error ? error.message : String(error));
    return "";
  }
}

/** Before an image is made known to the provider: the Docker host has it then. */
export function pullHook(pull: (reference: string) => Promise<unknown>): pulumi.ResourceHook {
  return new pulumi.ResourceHook("pull", async ({ newInputs }) => {
    await pull(String((newInputs as { name?: unknown }).name));
  });
}

/** @returns the document that it prints. */
async function runProgram(
  program: OperationName,
  name: string,
  task: HookTask,
  runProcess: RunProcess,
  /** What the provider is about to make of the unit. */
  wanted?: unknown,
): Promise<string> {
  const path = fileURLToPath(new URL(`../${programPath(program)}`, import.meta.url));
  const input = { workload: task.workload, move: task.move, ...(wanted !== undefined && { wanted }) };
  const secrets = await Promise.all(
    Object.entries(secretVariables(task.secrets)).map(async ([name, value]) => [
      name,
      await plainValue(value),
    ]),
  );
  const { code, stdout, stderr, late } = await runProcess([process.execPath, path], {
    env: { ...process.env, [workloadVariable]: ownerOf(input), ...Object.fromEntries(secrets) },
    input: inputText(input),
    deadline: task.deadline,
    grace: killGrace,
    group: true,
    onLine: (line) => pulumi.log.info(line),
  });
  if (late) {
    throw new Error(
      `${name}: the ${program} did not end within ${task.deadline} s and was ended. ${name} may be stopped: run \`fleet recover\`.`,
    );
  }
  if (code !== 0) {
    throw new Error(stderr.replace(/\n$/, "").split("\n").slice(-12).join("\n"));
  }
  return stdout;
}

/** The value of an output inside a hook, where it is always known. */
function plainValue(value: pulumi.Input<string>): Promise<string> {
  return new Promise((resolve) => {
    pulumi.output(value).apply(resolve);
  });
}
