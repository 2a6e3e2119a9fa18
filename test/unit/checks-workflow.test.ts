import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { runWorkflow, workflowEnvironment } from "../../lifecycle/checks/workflow.ts";
import { scratchFolder } from "../support/scratch.ts";

const workload = {
  name: "support-1",
  image: "agent:1@sha256:0",
  container: "support-1",
  dockerHost: "unix:///var/run/docker.sock",
};

describe("an operator's program", () => {
  let folder: string;
  beforeEach(() => {
    folder = scratchFolder();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("knows the workload and none of the deployer's secrets", async () => {
    const environment = workflowEnvironment(workload, {
      PATH: process.env.PATH,
      PULUMI_CONFIG_PASSPHRASE: "secret",
      CLAWFORCE_GATEWAY_TOKEN: "secret",
    });
    const script = "console.log(JSON.stringify(process.env))";
    const { stdout, exitCode } = await runWorkflow([process.execPath, "-e", script], environment, 3600);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      PATH: process.env.PATH,
      DOCKER_HOST: "unix:///var/run/docker.sock",
      CLAWFORCE_WORKLOAD: "support-1",
      CLAWFORCE_IMAGE: "agent:1@sha256:0",
      CLAWFORCE_CONTAINER: "support-1",
    });
  });

  it("reaches the same engine, with its certificates", () => {
    const far = { ...workload, dockerHost: "tcp://a:2376", dockerAccess: { tls: { certPath: "/etc/a" } } };
    expect(workflowEnvironment(far, {})).toMatchObject({
      DOCKER_HOST: "tcp://a:2376",
      DOCKER_CERT_PATH: "/etc/a",
      DOCKER_TLS_VERIFY: "1",
    });
  });

  it("is given its arguments as they are, and its exit code and both outputs come back", async () => {
    const script = "console.log(process.argv[1]); console.error('why'); process.exitCode = 3";
    const argv = [process.execPath, "-e", script, "$HOME; `x`"];
    expect(await runWorkflow(argv, {}, 3600)).toEqual({
      exitCode: 3,
      stdout: "$HOME; `x`\n",
      stderr: "why\n",
    });
  });

  it("is ended at its deadline with what it has started", async () => {
    const file = join(folder, "pid");
    const child = "setInterval(() => {}, 1000)";
    const script =
      `const { pid } = require("node:child_process").spawn(process.execPath, ["-e", ${JSON.stringify(child)}], { stdio: "inherit" });` +
      `require("node:fs").writeFileSync(${JSON.stringify(file)}, String(pid)); setInterval(() => {}, 1000)`;
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const ended = expect(runWorkflow([process.execPath, "-e", script], {}, 2)).rejects.toThrow(
      /did not end within 2 s\.$/,
    );
    const started = () => Number(existsSync(file) && readFileSync(file, "utf8"));
    await expect.poll(() => isRunning(started())).toBe(true);
    vi.advanceTimersByTime(1999);
    expect(isRunning(started())).toBe(true);
    vi.advanceTimersByTime(1);
    await ended;
    await expect.poll(() => isRunning(started())).toBe(false);
  });

  it("says so when it can't be started", async () => {
    await expect(runWorkflow([join(folder, "missing")], {}, 3600)).rejects.toThrow(
      /missing can't be started on this machine \(ENOENT\)\. Write its whole path/,
    );
  });
});

/** A process that has ended and waits for its parent is none. */
function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}
