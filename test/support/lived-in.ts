import { join } from "node:path";
import { expect } from "vitest";
import { modelSettings, turnArgv } from "../../demo/model-server.ts";
import { startContainer, stopContainer } from "../../platforms/docker/lifecycle.ts";
import { modelServerOf } from "./model-server.ts";
import { type Belongings, belongings, stateFolder, turnFailure } from "./openclaw-copy.ts";
import { runProgram, World } from "./world.ts";

/** Seconds for a gateway to get ready: nothing in here may fail because the machine is busy. */
const patience = 900;

interface RealWorld {
  /** Whether its updates are tried on a copy first. Default: yes. */
  rehearses?: boolean;
  /** More checks for its verification, asked at each `configure`. */
  checks?: () => readonly object[];
}

/** A world with one real gateway. */
export function openClawWorld(
  stable: string,
  { rehearses = true, checks = () => [] }: RealWorld = {},
): Promise<World> {
  const ready = { kind: "http", path: "/readyz", body: { ready: true } };
  return World.create(
    { stable },
    {
      ...{ instances: 1, openclaw: true },
      group: {
        stopGrace: "60s",
        gate: [{ ...ready, deadline: "15s" }],
        get verification() {
          // Each command of an old version keeps its gateway busy for as long as a machine that others use makes it.
          const long = { deadline: "5m" };
          const unchanged = { kind: "unchanged", what: ["sessions", "configuration"], ...long };
          return [{ kind: "version", ...long }, unchanged, { ...ready, ...long }, ...checks()];
        },
      },
      snapshots: { drill: { deadline: "15m", memory: "1500 MB", cpus: 2 } },
      settings: () => ({ rehearsal: rehearses ? { deadline: "15m" } : { enabled: false } }),
    },
  );
}

/** Its first start, then a turn of the stand-in of a model and a job. Returns what it has by its own word. */
export async function livedIn(
  world: World,
  { channels, stamped = false }: { channels?: Record<string, unknown>; stamped?: boolean } = {},
): Promise<Belongings> {
  const name = world.instances[0] as string;
  const first = await world.up();
  expect(first.code, first.output).toBe(0);
  const server = await modelServerOf(world);
  const settings = { ...modelSettings(server), ...(channels && { channels }) };
  const write = "require('node:fs').writeFileSync(process.argv[1], process.argv[2])";
  await mustExec(world, "node", "-e", write, join(stateFolder, "openclaw.json"), JSON.stringify(settings));
  await stopContainer(world.docker, name, 60);
  await startContainer(world.docker, name, patience);
  const turn = await inGateway(world, ...turnArgv("one"));
  expect(turnFailure(turn), turn.output).toBeUndefined();
  await mustExec(
    world,
    ...["openclaw", "cron", "add", "--name", "monthly", "--cron", "0 3 1 * *"],
    ...["--session", "isolated", "--message", "hello"],
  );
  if (stamped) await mustExec(world, "openclaw", "config", "set", "logging.level", "info");
  return belongings((...argv) => inGateway(world, ...argv));
}

/** Runs a command in the world's gateway. */
export function inGateway(world: World, ...argv: string[]) {
  return runProgram("docker", ["exec", world.instances[0] as string, ...argv], world.environment());
}

async function mustExec(world: World, ...argv: string[]): Promise<void> {
  const { code, output } = await inGateway(world, ...argv);
  expect(code, `${argv.slice(0, 3).join(" ")}: ${output}`).toBe(0);
}
