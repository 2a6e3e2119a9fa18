import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { EvidenceRecord, RehearsalEntry } from "../../lifecycle/evidence/records.ts";
import { dockerCommand } from "../support/docker-command.ts";
import { partsOfThisRun, World } from "../support/world.ts";

const doctor = [{ command: ["fixture", "doctor", "--fix"], deadline: "60s", perGigabyte: "60s" }];
const [megabytes, file] = [2048, "/home/node/.openclaw/workspace/recording"];

/** Random bytes: nothing of it can be compressed, or stored once for several parts. */
const fill =
  "const {mkdirSync,openSync,writeSync,closeSync}=require('node:fs');const {randomBytes}=require('node:crypto');" +
  "const [file,count]=process.argv.slice(1);mkdirSync(require('node:path').dirname(file),{recursive:true});" +
  "const to=openSync(file,'w');for(let k=0;k<Number(count);k++)writeSync(to,randomBytes(1048576));closeSync(to)";

describe("a state of two gigabytes", () => {
  let world: World;
  let name: string;

  beforeAll(async () => {
    const { images } = await partsOfThisRun();
    world = await World.create(
      { stable: images.fixture[2] },
      {
        ...{ instances: 1, patience: true },
        snapshots: { drill: { deadline: "10m", memory: "200 MB" } },
        settings: () => ({ rehearsal: { deadline: "10m" }, maintenance: { length: "2h" } }),
      },
    );
    name = world.instances[0] as string;
    const first = await world.up();
    expect(first.code, first.output).toBe(0);
    await dockerCommand("exec", name, "node", "-e", fill, file, String(megabytes));
    await world.setSwitch(name, "needs-doctor", "only 3");
  });
  afterAll(() => world?.destroy());

  it("gets a forecast, a deadline and a wait by its size, and is there after the update and the way back", async () => {
    const { fixture } = world.parts.images;
    const sum = await checksum();
    await world.configure({ images: { stable: fixture[2], candidate: fixture[3], migrate: doctor } });
    const update = await world.up();
    expect(update.code, update.output).toBe(0);
    // A minute, and one for each of 2.1 GB.
    expect(update.output).toMatch(/fixture doctor --fix \(3m [0-9]+s at most\)/);
    const { forecast, changes } = last("rehearsal", await world.records(name)) as RehearsalEntry;
    expect(changes?.bytes.before).toBeGreaterThan(megabytes * 2 ** 20);
    expect(forecast?.copy).toBeGreaterThan(0);
    expect(await checksum()).toBe(sum);

    await world.configure({ images: { stable: fixture[2] } });
    const back = await world.up();
    expect(back.code, back.output).toBe(0);
    expect((await world.inspect(name)).Config.Image).toBe(fixture[2]);
    expect(last("restore", await world.records(name))).toMatchObject({ reason: "state moved" });
    expect(await checksum()).toBe(sum);
  });

  function checksum(): Promise<string> {
    return dockerCommand("exec", name, "sha256sum", file);
  }

  function last(
    kind: EvidenceRecord["kind"],
    records: readonly EvidenceRecord[],
  ): EvidenceRecord | undefined {
    return records.findLast((each) => each.kind === kind);
  }
});
