import * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { type HookTask, pullHook, type RunProcess, workloadHooks } from "../../components/hooks.ts";
import { registeredBy } from "../support/mock-engine.ts";

type Callback = (args: object) => Promise<unknown>;
type Started = { argv: readonly string[] } & Parameters<RunProcess>[1];

const task: HookTask = {
  workload: { stack: "test", name: "canary" },
  move: { kind: "forward" },
  untouched: undefined,
  adopts: false,
  adoptsInPlace: false,
  fallsBack: false,
  wayBack: "set it back.",
  deadline: 60,
  secrets: {
    snapshotPassword: pulumi.secret("password"),
    gatewayToken: pulumi.secret("token"),
    controlPlanePassword: "",
  },
};

let started: Started[];
let result: Awaited<ReturnType<RunProcess>>;
let asked: string[];
let told: [workload: string, text: string][];

const runProcess: RunProcess = async (argv, options) => {
  started.push({ argv, ...options });
  return result;
};

/** The hooks of a fleet whose workloads have this task. */
function hooksFor(change: Partial<HookTask> = {}) {
  const hooks = workloadHooks(
    async (name) => {
      asked.push(name);
      return { ...task, ...change };
    },
    runProcess,
    (...failure) => told.push(failure),
  );
  const call = (hook: pulumi.ResourceHook | pulumi.ErrorHook, errors: string[] = []) =>
    (hook.callback as unknown as Callback)({ name: "canary", errors, newInputs: { kind: "StatefulSet" } });
  return {
    cutOver: () => call(hooks.cutOver),
    replace: () => call(hooks.replace),
    restore: () => call(hooks.restore),
    changeRefused: () => call(hooks.changeRefused, ["you may not patch deployments"]),
    wayBack: (errors = ["it is unhealthy"]) => call(hooks.wayBack, errors),
  };
}

// A hook is registered with an engine when it is made.
beforeAll(async () => {
  await registeredBy(() => undefined);
});

const fresh = () => {
  [started, asked, told] = [[], [], []];
  result = { code: 0, stdout: "{}", stderr: "", late: false };
};

describe("the hook of a container", () => {
  test.each(["cut-over", "restore"] as const)(
    "runs the program %s with its task and its secrets",
    async (program) => {
      fresh();
      const hooks = hooksFor();
      await (program === "cut-over" ? hooks.cutOver() : hooks.restore());
      expect(asked).toEqual(["canary"]);
      const [{ argv, env, input, deadline, grace, group } = {} as Started, ...others] = started;
      expect(others).toEqual([]);
      expect(argv).toEqual([
        process.execPath,
        expect.stringMatching(new RegExp(`/operations/${program}\\.ts$`)),
      ]);
      expect({ input, deadline, grace, group }).toEqual({
        input: '{"workload":{"stack":"test","name":"canary"},"move":{"kind":"forward"}}',
        ...{ deadline: 60, grace: 10, group: true },
      });
      expect(env).toMatchObject({
        CLAWFORCE_WORKLOAD_OF: "test/canary",
        CLAWFORCE_SNAPSHOT_PASSWORD: "password",
        CLAWFORCE_GATEWAY_TOKEN: "token",
        CLAWFORCE_CONTROL_PLANE_PASSWORD: "",
        PATH: process.env.PATH,
      });
      expect(argv.join(" ")).not.toMatch(/password|token/);
    },
  );

  test("hands on what the provider is about to make of a unit that it changes in its place, and only there", async () => {
    fresh();
    const hooks = hooksFor();
    await hooks.replace();
    await hooks.cutOver();
    expect(started.map(({ argv }) => argv[1]?.split("/").at(-1))).toEqual(["replace.ts", "cut-over.ts"]);
    expect(started.map(({ input }) => (JSON.parse(input) as { wanted?: unknown }).wanted)).toEqual([
      { kind: "StatefulSet" },
      undefined,
    ]);
  });

  test("starts nothing for a workload that nothing may be done to", async () => {
    fresh();
    await expect(hooksFor({ untouched: "its records are damaged" }).cutOver()).rejects.toThrow(
      /^its records are damaged$/,
    );
    expect(started).toEqual([]);
  });

  test("fails with the last lines that the program has said", async () => {
    fresh();
    result = {
      code: 1,
      stdout: "",
      stderr: Array.from({ length: 20 }, (_, line) => `line ${line}\n`).join(""),
      late: false,
    };
    const last = Array.from({ length: 12 }, (_, line) => `line ${line + 8}`).join("\n");
    await expect(hooksFor().restore()).rejects.toThrow(new Error(last));
  });

  test("fails after its deadline, says that the workload may be stopped, and names the command", async () => {
    fresh();
    result = { code: null, stdout: "", stderr: "", late: true };
    await expect(hooksFor().cutOver()).rejects.toThrow(
      new Error(
        "canary: the cut-over did not end within 60 s and was ended. canary may be stopped: run `fleet recover`.",
      ),
    );
  });

  test("shows each line of the program when it comes", async () => {
    fresh();
    const info = vi.spyOn(pulumi.log, "info").mockResolvedValue();
    await hooksFor().cutOver();
    await started[0]?.onLine("stop: done");
    expect(info).toHaveBeenCalledWith("stop: done");
    info.mockRestore();
  });

  test.each([
    ["set it back.", "canary: set it back."],
    [undefined, "canary: go back to the configuration before."],
  ])("says the way back (%s) and tries no second time", async (wayBack, said) => {
    fresh();
    const error = vi.spyOn(pulumi.log, "error").mockResolvedValue();
    expect(await hooksFor({ wayBack }).wayBack()).toBe(false);
    expect(error.mock.calls).toEqual([[said]]);
    expect(told).toEqual([["canary", said]]);
    error.mockRestore();
  });

  test("says before the way back how the container ended, by the word of a program", async () => {
    fresh();
    result = { ...result, stdout: '{"end":"its container ended with exit code 78."}' };
    const error = vi.spyOn(pulumi.log, "error").mockResolvedValue();
    await hooksFor().wayBack();
    expect(started.map(({ argv }) => argv.at(-1))).toEqual([
      expect.stringMatching(/\/operations\/tell-end\.ts$/),
    ]);
    expect(told).toEqual([["canary", "canary: its container ended with exit code 78.\nset it back."]]);
    error.mockRestore();
  });

  test("says the way back all the same where that program fails", async () => {
    fresh();
    result = { code: 1, stdout: "", stderr: "canary: the engine does not answer\n", late: false };
    const [info, error] = [vi.spyOn(pulumi.log, "info"), vi.spyOn(pulumi.log, "error")];
    info.mockResolvedValue();
    error.mockResolvedValue();
    await hooksFor().wayBack();
    expect(info.mock.calls).toEqual([["canary: the engine does not answer"]]);
    expect(told).toEqual([["canary", "canary: set it back."]]);
    info.mockRestore();
    error.mockRestore();
  });
});

describe("a change in its place that is refused", () => {
  test("says what to do, and starts nothing", async () => {
    fresh();
    const error = vi.spyOn(pulumi.log, "error").mockResolvedValue();
    expect(await hooksFor({ adopts: true }).changeRefused()).toBe(false);
    expect(started).toEqual([]);
    expect(told).toEqual([["canary", expect.stringContaining("it stays stopped")]]);
    error.mockRestore();
  });

  test("brings back what it was to take over", async () => {
    fresh();
    expect(await hooksFor({ adopts: true, adoptsInPlace: true }).changeRefused()).toBe(false);
    expect(started.map(({ argv }) => argv.at(-1))).toEqual([
      expect.stringMatching(/\/operations\/give-up-adoption\.ts$/),
    ]);
  });
});

describe("an old version that does not come up on the state as it is", () => {
  test("is made once more with its own state, and no third time", async () => {
    fresh();
    const error = vi.spyOn(pulumi.log, "error").mockResolvedValue();
    const hooks = hooksFor({ fallsBack: true });
    expect(await hooks.wayBack()).toBe(true);
    expect(started.map(({ argv }) => argv.at(-1))).toEqual([
      expect.stringMatching(/\/operations\/fall-back\.ts$/),
    ]);
    expect(told).toEqual([]);
    expect(await hooks.wayBack(["again", "it is unhealthy"])).toBe(false);
    expect(started.filter(({ argv }) => argv.at(-1)?.endsWith("/fall-back.ts"))).toHaveLength(1);
    expect(told).toEqual([["canary", expect.stringContaining("on the state of its own snapshot either")]]);
    error.mockRestore();
  });

  test("stays as it is where its state is not what is wrong", async () => {
    fresh();
    result = {
      code: 1,
      stdout: "",
      stderr: "canary: its container was never started. Its state is left as it is.\n",
      late: false,
    };
    const [info, error] = [vi.spyOn(pulumi.log, "info"), vi.spyOn(pulumi.log, "error")];
    info.mockResolvedValue();
    error.mockResolvedValue();
    expect(await hooksFor({ fallsBack: true }).wayBack()).toBe(false);
    expect(info.mock.calls[0]).toEqual([
      "canary: its container was never started. Its state is left as it is.",
    ]);
    expect(told).toEqual([["canary", "canary: set it back."]]);
    info.mockRestore();
    error.mockRestore();
  });
});

test("an image is put on the host before the provider looks for it", async () => {
  const pulled: string[] = [];
  const hook = pullHook(async (reference) => pulled.push(reference));
  await (hook.callback as unknown as Callback)({ newInputs: { name: "agent:1" } });
  expect(pulled).toEqual(["agent:1"]);
});
