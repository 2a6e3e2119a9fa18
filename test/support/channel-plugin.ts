import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type Docker from "dockerode";
import { startContainer, stopContainer } from "../../platforms/docker/lifecycle.ts";
import { runOneShot } from "../../platforms/docker/one-shot.ts";
import { OperationFailure } from "../../platforms/failure.ts";

/** As `openclaw channels status` and the check `channels` name it. */
export const loopbackChannel = "clawforce-loopback/default";

const files = join(import.meta.dirname, "channel-plugin");

/**
 * Puts the channel into the state of a gateway that runs, and starts it again with it.
 *
 * The plugin stands in a folder that belongs to root, as after an installation by root for a service's user, and finds the
 * package `openclaw`, its peer, by a link above it. 2026.4.15 loads it where it stands. 2026.4.22 copies a built plugin that
 * it can't write to into a stage folder below `plugin-runtime-deps` in the state, where no link leads to the package: the
 * gateway gets ready, and the channel ends with `Cannot find package 'openclaw'`. 2026.4.23 puts a package `openclaw` into
 * the stage folder: it works again. docs/channel-down.md has what was run and what it printed.
 */
export async function installLoopbackChannel(docker: Docker, container: string): Promise<void> {
  const { Mounts, Image } = await docker.getContainer(container).inspect();
  const state = Mounts.find(({ Destination }) => Destination === "/home/node/.openclaw");
  if (state === undefined) {
    throw new OperationFailure(
      `${container} has no state at /home/node/.openclaw: it is no OpenClaw gateway.`,
    );
  }
  await stopContainer(docker, container, 30);
  const { exitCode, stderr } = await runOneShot(docker, {
    workload: container,
    purpose: "installation of the loopback channel",
    image: Image,
    argv: ["node", "-e", install],
    binds: [`${state.Name ?? state.Source}:/home/node/.openclaw`],
    stdin: JSON.stringify(
      Object.fromEntries(readdirSync(files).map((name) => [name, readFileSync(join(files, name), "utf8")])),
    ),
    deadline: 60,
  });
  if (exitCode !== 0) {
    throw new OperationFailure(`The loopback channel could not be put into ${container}: ${stderr.trim()}`);
  }
  await startContainer(docker, container, 180);
}

/** Runs as root on the state of a stopped gateway, in its own image. Safe to run twice. */
const install = `
const { chownSync, existsSync, lstatSync, mkdirSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } = require("node:fs");
const { dirname, join } = require("node:path");
const state = "/home/node/.openclaw";
const root = join(state, "local-plugins");
const plugin = join(root, "dist/extensions/clawforce-loopback");
const host = dirname(realpathSync("/usr/local/bin/openclaw"));
rmSync(root, { recursive: true, force: true });
mkdirSync(plugin, { recursive: true });
for (const [name, text] of Object.entries(JSON.parse(readFileSync(0, "utf8")))) writeFileSync(join(plugin, name), text);
writeFileSync(join(root, "package.json"), JSON.stringify({ name: "clawforce-local-plugins", version: "1.0.0", private: true }));
mkdirSync(join(root, "node_modules"));
symlinkSync(host, join(root, "node_modules/openclaw"));
symlinkSync(join(host, "dist/plugin-sdk"), join(root, "dist/plugin-sdk"));
const file = join(state, "openclaw.json");
const was = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {};
const paths = (was.plugins?.load?.paths ?? []).filter((path) => path !== plugin);
const configuration = {
  ...was,
  gateway: { mode: "local", ...was.gateway },
  plugins: {
    ...was.plugins,
    load: { ...was.plugins?.load, paths: [...paths, plugin] },
    entries: { ...was.plugins?.entries, "clawforce-loopback": { enabled: true } },
  },
  channels: { ...was.channels, "clawforce-loopback": { enabled: true, address: "127.0.0.1" } },
};
writeFileSync(file, JSON.stringify(configuration, undefined, 2), { mode: 0o600 });
const { uid, gid } = lstatSync(state);
chownSync(file, uid, gid);
`;
