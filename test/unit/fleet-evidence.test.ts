import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { fleet } from "../../fleet/command-line.ts";
import { EvidenceLog } from "../../lifecycle/evidence/log.ts";
import { scratchFolder } from "../support/scratch.ts";
import { type Changes, rawConfig, stable } from "./config-fixture.ts";

describe("fleet evidence", () => {
  let folder: string;
  let file: string;
  let log: EvidenceLog;

  beforeEach(async () => {
    folder = scratchFolder();
    file = join(folder, "Pulumi.s.yaml");
    await configure();
    log = new EvidenceLog(join(folder, "evidence"), "s", "support-1");
    for (let index = 0; index < 4; index += 1) {
      await log.append({ kind: "drill", snapshot: `0123456${index}`, image: stable, seconds: 1 });
    }
    await mkdir(join(folder, "evidence", "s", "reports"));
  });

  async function configure(changes: Changes = {}): Promise<void> {
    const settings = Object.entries(
      rawConfig({
        evidence: { directory: join(folder, "evidence") },
        platform: { kind: "docker", host: "unix:///no/such.sock" },
        ...changes,
      }),
    );
    await writeFile(
      file,
      stringify({ config: Object.fromEntries(settings.map(([key, value]) => [`clawforce:${key}`, value])) }),
    );
  }

  async function run(...argv: string[]) {
    let [out, err] = ["", ""];
    const all = ["evidence", "--stack", "s", "--config-file", file, ...argv];
    const code = await fleet(all, { write: (text) => (out += text) }, { write: (text) => (err += text) });
    return { code, out, err };
  }

  async function damage(): Promise<void> {
    const lines = (await readFile(log.file, "utf8")).split("\n");
    await writeFile(log.file, lines.toSpliced(2, 1).join("\n"));
  }

  test("check says what is whole, of workloads that have left the configuration too", async () => {
    await new EvidenceLog(join(folder, "evidence"), "s", "gone").append({
      ...{ kind: "serving", trigger: "first", did: "serves" },
    });
    const { code, out } = await run("check");
    expect(out).toMatch(/^support-1 +4 +0 +0 +whole$/m);
    expect(out).toMatch(/^gone +1 +0 +0 +whole$/m);
    expect(out).not.toContain("reports");
    expect(out).toContain(
      "It is not known whether a container runs without records: The Docker host unix:///no/such.sock does not answer (ENOENT)",
    );
    expect(out).toContain("s: the records of 5 workloads are whole.\n");
    expect(code).toBe(0);
  });

  test("check says where a log breaks and ends with 1", async () => {
    await damage();
    const { code, out } = await run("check", "--workload", "support-1");
    expect(out).toMatch(/^support-1 +2 +0 +0 +damaged$/m);
    expect(out).toContain(
      `  support-1: ${log.file}: line 3 does not follow the one before it: it was changed, or one was taken out. 2 records before it are whole, ` +
        "1 lines from there on prove nothing. Put the file back from a copy. If there is none: `fleet evidence repair --stack s --workload support-1`.\n",
    );
    expect(code).toBe(1);
  });

  test("repair touches nothing without --yes, and says what nothing would prove", async () => {
    await damage();
    const before = await readFile(log.file, "utf8");
    const { code, out } = await run("repair", "--workload", "support-1");
    expect(out).toContain("From then on nothing proves:\n  that the snapshot 01234563 starts\n");
    expect(out).toContain("Nothing was touched.");
    expect(code).toBe(0);
    expect(await readFile(log.file, "utf8")).toBe(before);
    expect((await run("repair", "--workload", "support-1", "--yes")).code).toBe(0);
    expect((await log.read()).map(({ kind }) => kind)).toEqual(["drill", "drill", "repaired"]);
  });

  test("repair leaves no restore order in the stack file that the records would no longer know as carried out", async () => {
    const instance = { name: "support-1", restore: { snapshot: "01234567", order: "INC-1" } };
    await configure({ "instanceGroups.support.instances": ["canary", instance, "support-2", "support-3"] });
    const restored = { kind: "restore", snapshot: "01234567", image: stable, order: "INC-1" } as const;
    await log.append({ ...restored, reason: "requested", seconds: 1 });
    const whole = await readFile(log.file, "utf8");
    await damage();
    const { code, err } = await run("repair", "--workload", "support-1", "--yes");
    expect(err).toContain("Take its `restore` out of the stack file, then run the same again.");
    expect(code).toBe(1);
    // The damage comes after the record of it: the order is known as carried out.
    await writeFile(log.file, `${whole}${whole.split("\n")[0]}\n`);
    expect((await run("repair", "--workload", "support-1", "--yes")).code).toBe(0);
  });

  test.each<[string, string[], string]>([
    ["whole records", ["repair", "--workload", "support-1", "--yes"], "The records of support-1 are whole"],
    ["no workload", ["repair"], "Whose records? Name the workload with --workload"],
    ["a workload that is none", ["check", "--workload", "../s"], 'No workload is called "../s".'],
    ["nothing to do", [], "Write `fleet evidence check`, `fleet evidence repair` or `fleet evidence begin`."],
    [
      "something else",
      ["mend"],
      "Write `fleet evidence check`, `fleet evidence repair` or `fleet evidence begin`.",
    ],
    ["no Docker host to ask", ["begin", "--workload", "support-1"], "does not answer (ENOENT)"],
  ])("refuses %s", async (_, argv, said) => {
    const before = await readFile(log.file, "utf8");
    const { code, err } = await run(...argv);
    expect(err).toContain(said);
    expect(code).toBe(1);
    expect(await readFile(log.file, "utf8")).toBe(before);
  });
});
