import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { beforeEach, describe, expect, test } from "vitest";
import { settingsOf } from "../../config/container-settings.ts";
import { parseStackConfig } from "../../config/parse.ts";
import { inputText, ownerOf, workloadVariable } from "../../config/program-input.ts";
import { workloadsOf } from "../../config/rollout.ts";
import { operationProcesses } from "../../fleet/operations-under-way.ts";
import { EvidenceLog } from "../../lifecycle/evidence/log.ts";
import { madeOf } from "../../lifecycle/evidence/settings.ts";
import { workloadInput } from "../../lifecycle/update/situation.ts";
import { scratchFolder } from "../support/scratch.ts";
import { rawConfig } from "./config-fixture.ts";

const project = fileURLToPath(new URL("../..", import.meta.url));

/** The real program, as a command or a hook starts it. */
function start(program: string, environment: Record<string, string> = {}): ChildProcess {
  const env = { ...(process.env as Record<string, string>), ...environment };
  return spawn(process.execPath, [`operations/${program}.ts`], {
    ...{ cwd: project, env, stdio: ["pipe", "pipe", "pipe"] },
  });
}

async function ended(child: ChildProcess): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const said = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name]?.setEncoding("utf8").on("data", (text: string) => {
      said[name] += text;
    });
  }
  const code = await new Promise<number | null>((done) => child.once("close", done));
  return { code, ...said };
}

function run(program: string, input: string, environment: Record<string, string> = {}) {
  const child = start(program, environment);
  child.stdin?.end(input);
  return ended(child);
}

let directory: string;
beforeEach(() => {
  directory = scratchFolder();
});

/** The task of a workload, with what its container is made with. */
function taskOf(environment: Record<string, string>) {
  const config = parseStackConfig(
    rawConfig({
      "evidence.directory": directory,
      "instanceGroups.support.container.environment": environment,
    }),
  );
  const [canary] = workloadsOf(config);
  if (canary === undefined) throw new Error("there is no workload");
  const made = madeOf({ image: canary.image, restore: "", ...settingsOf(canary) }, undefined, canary.track);
  return { workload: { ...workloadInput(config, "prod", canary), made } };
}

const records = () => new EvidenceLog(directory, "prod", "canary").read();

describe("a program's input", () => {
  test("may be longer than a variable or an argument of a process", async () => {
    const task = { ...taskOf({ LONG: "x".repeat(200_000) }), serving: "first" };
    expect(inputText(task).length).toBeGreaterThan(200_000);
    const kept = await run("keep-result", inputText(task), { PULUMI_COMMAND_STDOUT: "the result of before" });
    expect(kept).toEqual({ code: 0, stdout: "the result of before", stderr: "" });
    expect(await records()).toMatchObject([{ kind: "settings", found: true, ...task.workload.made }]);
  });

  test.each([
    ["nothing", ""],
    ["what was cut off", JSON.stringify({ workload: { stack: "prod", name: "canary" } }).slice(0, -9)],
    ["a list", "[]"],
    ["no workload", "{}"],
  ])("that is %s begins nothing", async (_, input) => {
    const { code, stdout, stderr } = await run("prepare", input);
    expect({ code, stdout, stderr }).toEqual({
      ...{ code: 1, stdout: "" },
      stderr:
        "What was handed to this program by standard input is no task: operations are started by `pulumi up` or by `fleet`, not by hand. Nothing was touched.\n",
    });
  });
});

describe("a command that is only noted", () => {
  test("writes down once what the container of a stack from before was made with", async () => {
    const noted = { ...taskOf({ ONE: "1" }), serving: "first" };
    await run("keep-result", inputText(noted));
    await run("keep-result", inputText(noted));
    expect(await records()).toHaveLength(1);
  });

  test("writes nothing down in front of the container", async () => {
    expect(await run("keep-result", inputText(taskOf({ ONE: "1" })))).toMatchObject({ code: 0 });
    expect(await records()).toEqual([]);
  });
});

test("whose program a process is can be seen while it runs", async () => {
  const task = taskOf({});
  const child = start("gate", { [workloadVariable]: ownerOf(task) });
  const ending = ended(child);
  try {
    await expect
      .poll(() => operationProcesses("prod"), { timeout: 20_000 })
      .toEqual([{ workload: "canary", pid: child.pid, purpose: "gate" }]);
    expect(await operationProcesses("pro")).toEqual([]);
  } finally {
    child.stdin?.end();
    await ending;
  }
});
