import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dockerCommand } from "./docker-command.ts";
import { partsOfThisRun, World } from "./world.ts";

/**
 * A gateway with so many small files in its workspace: what becomes of its update.
 *
 * @param short - a hold in which they can't be copied; `enough` one in which they can, on a busy machine too.
 */
export function describeManyFiles(files: number, { short, enough }: { short: string; enough: string }): void {
  describe(`a state with ${files} small files`, () => {
    let world: World;
    let name: string;
    let hold = enough;
    const folder = "workspace/downloads";

    beforeAll(async () => {
      const { fixture, tools } = (await partsOfThisRun()).images;
      world = await World.create(
        { stable: fixture[1] },
        {
          ...{ instances: 1, patience: true, ingress: { drain: "1s" } },
          settings: ({ ingress, parts }) => ({
            ingress: { name: ingress, image: parts.images.proxy, drain: "1s", hold },
            rehearsal: { deadline: "10m" },
          }),
        },
      );
      name = world.instances[0] as string;
      const first = await world.up();
      expect(first.code, first.output).toBe(0);
      // A file each of 100 bytes, a thousand in a folder.
      const script = `for folder in $(seq ${files / 1000}); do
          mkdir -p /state/${folder}/$folder; cd /state/${folder}/$folder
          head -c 100000 /dev/urandom | split -b 100 -a 3 -d -
        done; chown -R 1000:1000 /state/workspace`;
      await dockerCommand("run", "--rm", "-v", `${name}-state:/state`, tools, "bash", "-c", script);
      await world.configure({ images: { stable: fixture[1], candidate: fixture[2] } });
    });
    afterAll(() => world.destroy());

    it("is refused before anything is stopped where its requests would not wait that long", async () => {
      hold = short;
      await world.configure();
      const before = await world.identity(name);
      const { code, output } = await world.up();
      expect(code, output).not.toBe(0);
      expect(output).toMatch(
        new RegExp(
          `hot snapshot failed: its requests would wait for ${short} at most and then be answered with 503\\. The forecast is a pause of about .*: .*copy .*\\. ` +
            `Most of it is the copy of \\d+ entries, .*\\. The largest folders are ${folder} \\(\\d+ entries, `,
        ),
      );
      const [, entries] = /The largest folders are \S+ \((\d+) entries/.exec(output) ?? [];
      // The files, and the folders that they are in.
      expect(Number(entries)).toBe(files + files / 1000);
      expect(await world.identity(name)).toEqual(before);
      const kinds = (await world.records(name)).slice(-1).map(({ kind }) => kind);
      expect(kinds).toEqual(["snapshot"]);
      expect(await copies()).toBe("");
    });

    it("goes through where they would, and no request is answered with 503", async () => {
      hold = enough;
      await world.configure();
      const { code, output } = await world.up();
      expect(code, output).toBe(0);
      expect((await world.inspect(name)).Config.Image).toBe(world.parts.images.fixture[2]);
      const opened = (await world.records(name)).findLast(
        (record) => record.kind === "ingress" && record.did === "opened",
      );
      expect(opened).not.toHaveProperty("overdue");
      const report = await world.fleet("report");
      const pause = /^- pause: .*; forecast .*$/m.exec(report.output);
      expect(pause, report.output).not.toBeNull();
      console.log(`${files} files: ${pause?.[0]}`);
    });

    const copies = () =>
      dockerCommand("ps", "-aq", "--filter", `name=clawforce-drill-${world.stack}-`).then((ids) =>
        ids.trim(),
      );
  });
}
