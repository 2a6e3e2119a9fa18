import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { fleet } from "../../fleet/command-line.ts";
import { EvidenceLog } from "../../lifecycle/evidence/log.ts";
import { scratchFolder } from "../support/scratch.ts";
import { rawConfig, stable } from "./config-fixture.ts";

describe("fleet report", () => {
  let folder: string;
  let file: string;

  beforeEach(async () => {
    folder = scratchFolder();
    file = join(folder, "Pulumi.s.yaml");
    const settings = Object.entries(
      rawConfig({
        evidence: { directory: join(folder, "evidence") },
        platform: { kind: "docker", host: "unix:///no/such.sock" },
      }),
    );
    writeFileSync(
      file,
      stringify({ config: Object.fromEntries(settings.map(([key, value]) => [`clawforce:${key}`, value])) }),
    );
    const log = new EvidenceLog(join(folder, "evidence"), "s", "support-1");
    const judged = {
      image: stable,
      container: "abc",
      outcome: "passed" as const,
      checks: [],
      checksHash: "0",
    };
    await log.append({ kind: "gate", ...judged, markers: { databases: {} } });
    await log.append({ kind: "verification", ...judged, seconds: 1 });
  });

  async function report(...argv: string[]) {
    let [out, err] = ["", ""];
    const all = ["report", "--stack", "s", "--config-file", file, ...argv];
    const code = await fleet(all, { write: (text) => (out += text) }, { write: (text) => (err += text) });
    return { code, out, err };
  }

  test("tells from the stack file and the records, and says so when the Docker host does not answer", async () => {
    const { code, out } = await report();
    expect(out).toContain("# Updates of s\n");
    expect(out).toContain("- 4 workloads, 1 move: 1 passed\n");
    expect(out).toContain(
      "### First start on agent-chromium:1.4.2-openclaw-2026.4.15@aaaaaaaaaaaa: passed\n",
    );
    expect(out).toContain(
      "## Which digest runs now\n\nNot known: The Docker host unix:///no/such.sock does not answer (ENOENT)",
    );
    expect(code).toBe(0);
  });

  test("leaves out what ended before --since", async () => {
    expect((await report("--since", "2999-01-01")).out).toMatch(
      /^# Updates of s\n\nNothing is on record\.\n\n## Which/,
    );
  });

  test("says whose records are damaged, and prints the rest", async () => {
    const damaged = new EvidenceLog(join(folder, "evidence"), "s", "support-2");
    await damaged.append({ kind: "serving", trigger: "first", did: "serves" });
    writeFileSync(damaged.file, "{}\n");
    const { code, out } = await report();
    expect(out).toContain("- 4 workloads, 1 move: 1 passed\n");
    expect(out).toContain(
      `## The records themselves\n\n- support-2: its records are damaged: ${damaged.file}:1: the line is no record\n`,
    );
    expect(code).toBe(0);
  });

  test("refuses a --since that is no time", async () => {
    expect(await report("--since", "yesterday")).toEqual({
      code: 1,
      out: "",
      err: '--since "yesterday" is no time. Write 2026-11-21 or 2026-11-21T12:00Z.\n',
    });
  });
});
