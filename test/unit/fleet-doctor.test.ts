import { beforeEach, describe, expect, it } from "vitest";
import { logs, sharedNetworks } from "../../fleet/doctor/containers.ts";
import { controlPlaneHost } from "../../fleet/doctor/control-plane.ts";
import { examine } from "../../fleet/doctor/doctor.ts";
import type { Examination, Subject } from "../../fleet/doctor/examination.ts";
import { images, place, rights, snapshotRoom } from "../../fleet/doctor/host.ts";
import {
  backend,
  envFiles,
  evidencePlaces,
  nodeVersion,
  passphrase,
  pulumiVersion,
} from "../../fleet/doctor/machine.ts";
import { parseStackConfig } from "../../lifecycle/stack-config.ts";
import type { EndedProcess } from "../../platforms/child-process.ts";
import { OperationFailure } from "../../platforms/failure.ts";
import { MemoryPlatform } from "../../platforms/memory/platform.ts";
import { PlaceMissing } from "../../platforms/platform.ts";
import { rawConfig } from "./config-fixture.ts";

const config = parseStackConfig(rawConfig({ "evidence.signingKey": "/etc/clawforce/key" }));
const said = (stdout: string, code = 0, stderr = ""): EndedProcess => ({
  ...{ code, stdout, stderr, signal: null, late: false },
});

let platform: MemoryPlatform;
/** What Pulumi answers, by its first words. */
let answers: Record<string, EndedProcess>;

beforeEach(() => {
  platform = new MemoryPlatform();
  platform.jobs.set("look at the room for snapshots", [{ stdout: "    Avail\n50000000000\n" }]);
  for (const image of [config.snapshots.image, config.agentImages.chromium?.stable ?? ""]) {
    platform.images.set(image, { size: 1 });
  }
  answers = {
    version: said("v3.259.0\n"),
    "whoami --json": said('{"user":"op","url":"file:///srv/state"}'),
    "stack ls": said('[{"name":"organization/clawforce/pilot"}]'),
    "config get": said("the password\n"),
  };
});

function subject(change: Partial<Subject> = {}): Subject {
  return {
    ...{ stack: "pilot", file: "/p/Pulumi.pilot.yaml", config, platform },
    env: { PULUMI_CONFIG_PASSPHRASE_FILE: "/etc/clawforce/passphrase" },
    pulumi: async (...argv) => {
      const found = answers[argv.slice(0, 2).join(" ")] ?? answers[argv[0] ?? ""];
      if (found === undefined) throw new Error("There is no program `pulumi` on PATH.");
      return found;
    },
    modeOf: () => 0o600,
    isWritable: () => true,
    missingInRegistry: async () => undefined,
    ...change,
  };
}

async function examined(examination: Examination, change: Partial<Subject> = {}) {
  let text = "";
  const out = { write: (part: string) => (text += part) };
  const code = await examine([examination], subject(change), out);
  return { code, lines: text.trimEnd().split("\n").slice(0, -1), last: text.trimEnd().split("\n").at(-1) };
}

const all = [
  ...[nodeVersion, pulumiVersion("3.259.0"), backend, passphrase, evidencePlaces],
  ...[place, images, snapshotRoom],
];

describe("fleet doctor", () => {
  it("says of a machine that has all of it what it found, and what comes next", async () => {
    let text = "";
    expect(await examine(all, subject(), { write: (part) => (text += part) })).toBe(0);
    expect(text).not.toContain("✗");
    expect(text).toContain("✓ backend: file:///srv/state\n✓ backend: it has the stack pilot\n");
    expect(text).toContain("are free in ");
    expect(text).toMatch(/Nothing is missing\. Next: `pulumi preview --stack pilot`\.\n$/);
    expect(text).not.toContain("the password");
  });

  it.each<[string, Examination, () => Partial<Subject>, string]>([
    [
      "Pulumi is not there",
      pulumiVersion("3.259.0"),
      () => {
        answers = {};
        return {};
      },
      "✗ Pulumi: There is no program `pulumi` on PATH.",
    ],
    [
      "Pulumi is of another time",
      pulumiVersion("3.259.0"),
      () => {
        answers.version = said("v2.25.2\n");
        return {};
      },
      "✗ Pulumi: pulumi is version 2.25.2, and the program is written for 3.259.0.",
    ],
    [
      "nobody is logged in",
      backend,
      () => {
        answers["whoami --json"] = said("", 255, "error: PULUMI_ACCESS_TOKEN must be set for login\n");
        return {};
      },
      "✗ backend: PULUMI_ACCESS_TOKEN must be set for login",
    ],
    [
      "the stack is not there",
      backend,
      () => {
        answers["stack ls"] = said("[]");
        return {};
      },
      "✗ backend: There is no stack pilot.",
    ],
    [
      "the passphrase is another one",
      passphrase,
      () => {
        answers["config get"] = said("", 255, "error: incorrect passphrase\n");
        return {};
      },
      "✗ passphrase: incorrect passphrase",
    ],
    [
      "the passphrase lies open",
      passphrase,
      () => ({ modeOf: () => 0o644 }),
      "✗ passphrase: /etc/clawforce/passphrase can be read by others.",
    ],
    [
      "records can't be written",
      evidencePlaces,
      () => ({ isWritable: () => false }),
      "✗ evidence: Records can't be written to",
    ],
    [
      "there is no key",
      evidencePlaces,
      () => ({ modeOf: () => undefined }),
      "✗ evidence: There is no signing key /etc/clawforce/key.",
    ],
    [
      "the key lies open",
      evidencePlaces,
      () => ({ modeOf: () => 0o640 }),
      "✗ evidence: The signing key /etc/clawforce/key can be read by others.",
    ],
    [
      "the host does not answer",
      place,
      () => {
        platform.unreachable = new OperationFailure("the Docker host does not answer");
        return {};
      },
      "✗ platform: the Docker host does not answer",
    ],
    [
      "the clocks differ",
      place,
      () => {
        platform.clockIsFast = -90;
        return {};
      },
      "✗ platform: Its clock is 90 s slow, seen from here.",
    ],
    [
      "a registry refuses",
      images,
      () => {
        platform.images.clear();
        return {
          missingInRegistry: async () => "registry.test wants a login: `docker login registry.test`.",
        };
      },
      "✗ images: registry.test wants a login: `docker login registry.test`.",
    ],
    [
      "the disk is full",
      snapshotRoom,
      () => {
        platform.jobs.set("look at the room for snapshots", [{ stdout: "Avail\n1000\n" }]);
        return {};
      },
      "✗ snapshots: 1 kB are free in",
    ],
    [
      "there is no folder for snapshots",
      snapshotRoom,
      () => {
        platform.fail("look at the room for snapshots of pilot", new PlaceMissing("no such folder"));
        return {};
      },
      "✗ snapshots: There is no folder",
    ],
  ])("says what is missing when %s, and what to do", async (_, examination, change, line) => {
    const { code, lines, last } = await examined(examination, change());
    expect(code).toBe(1);
    const at = lines.findIndex((each) => each.startsWith(line));
    expect(at, lines.join("\n")).toBeGreaterThanOrEqual(0);
    expect(lines[at + 1]).toMatch(/^ {4}\S/);
    expect(last).toMatch(/missing\.$/);
  });

  it("names the rights that the deployer lacks, where a platform has any", async () => {
    expect((await examined(rights)).lines).toEqual([]);
    const asked = Object.assign(new MemoryPlatform(), { missingRights: async () => missing });
    let missing: string[] = [];
    expect((await examined(rights, { platform: asked })).lines).toEqual([
      "✓ rights: the deployer may do all that an update does on this memory",
    ]);
    missing = ["patch statefulsets.apps/scale", "create pods/exec"];
    const { code, lines } = await examined(rights, { platform: asked });
    expect([code, lines]).toEqual([
      1,
      [
        "✗ rights: The deployer may not: patch statefulsets.apps/scale, create pods/exec.",
        "    Give it the role of docs/kubernetes-deployer.yaml, in the namespace of the stack",
      ],
    ]);
  });

  it("asks nothing of what the stack file does not say yet", async () => {
    const change = { config: undefined, platform: undefined };
    for (const each of [evidencePlaces, place, images, snapshotRoom]) {
      expect((await examined(each, change)).lines).toEqual([]);
    }
  });
});

describe("fleet doctor, of what runs already", () => {
  const withContainer = (container: object) =>
    parseStackConfig(
      rawConfig({
        "instanceGroups.support.container": container,
        "instanceGroups.support.instances": ["canary", "support-1"],
        "instanceGroups.support.waves": [1, "100%"],
      }),
    );

  it("misses a file with secrets that is this user's alone", async () => {
    const group = config.instanceGroups.support;
    if (group === undefined) throw new Error("there is no group");
    const container = { ...group.container, envFile: "/srv/gateway.env" };
    const written = { config: { ...config, instanceGroups: { support: { ...group, container } } } };
    expect(await examined(envFiles, written)).toMatchObject({
      ...{ code: 0, lines: ["✓ variables: /srv/gateway.env is this user's alone"] },
    });
    expect(await examined(envFiles, { ...written, modeOf: () => 0o644 })).toMatchObject({
      code: 1,
      lines: ["✗ variables: /srv/gateway.env can be read by others.", "    chmod 600 /srv/gateway.env"],
    });
  });

  it("names the logs that grow without an end, and misses nothing for that", async () => {
    platform.run("canary", "a:1", { endlessLog: true });
    platform.run("support-1", "a:1");
    const found = await examined(logs);
    expect(found.code).toBe(0);
    expect(found.lines).toEqual([
      "! logs: The log of canary grows without rotation until the disk of this memory is full.",
      '    Write `logging: {options: {max-size: 50m, max-file: "3"}}` under `container`. It goes to the canary first.',
    ]);
  });

  it("says nothing of a log that the next update gives an end", async () => {
    platform.run("canary", "a:1", { endlessLog: true });
    const written = { config: withContainer({ logging: { options: { "max-size": "10m" } } }) };
    expect((await examined(logs, written)).lines).toEqual([]);
  });

  it("says who else has the network of a workload, and misses the container that it is to be of", async () => {
    const instances = { "instanceGroups.support.instances": ["canary"], "instanceGroups.support.waves": [1] };
    const container = { "instanceGroups.support.container": { networkMode: "container:vpn" } };
    const shared = { config: parseStackConfig(rawConfig({ ...instances, ...container })) };
    expect(await examined(sharedNetworks, shared)).toMatchObject({
      code: 1,
      lines: [
        "✗ network: canary is to have the network of vpn, which does not run.",
        "    docker start vpn, on the Docker host",
      ],
    });
    platform.run("vpn", "vpn:1");
    for (const unit of ["canary", "web"]) platform.networkOf.set(unit, "vpn");
    expect((await examined(sharedNetworks, shared)).lines).toEqual([
      "✓ network: canary has the network of vpn, web",
    ]);
  });
});

describe("the host of a control plane", () => {
  const planeOf = (image: string, container: object = {}) =>
    parseStackConfig(
      rawConfig({ controlPlane: { image: `${image}:1.4.2@sha256:${"e".repeat(64)}`, container } }),
    );
  const clawforce = planeOf("clawforceone/clawforce");

  it("is not looked at in a stack without one", async () => {
    platform.runsOn = { version: "20.10.24", api: "1.41" };
    expect((await examined(controlPlaneHost)).lines).toEqual([]);
  });

  it.each([
    ["28.0.0", "1.48", false],
    ["25.0.0", "1.44", false],
    ["24.0.9", "1.43", true],
    ["20.10.24", "1.41", true],
  ])("with engine %s and API %s: too old for new instances is %s", async (version, api, isOld) => {
    platform.runsOn = { version, api };
    const { code, lines } = await examined(controlPlaneHost, { config: clawforce });
    expect(code).toBe(0);
    expect(lines).toHaveLength(isOld ? 2 : 0);
    if (isOld) expect(lines[0]).toContain(`The engine ${version} speaks API ${api}.`);
  });

  it("has claworc in the network where it looks for its instances", async () => {
    const { lines } = await examined(controlPlaneHost, { config: planeOf("registry.test/claworc/claworc") });
    expect(lines[1]).toContain("Write `network: claworc` under `controlPlane.container`");
    const networks = [{ name: "claworc", existing: true }];
    for (const container of [{ network: "claworc" }, { networks }]) {
      const config = planeOf("registry.test/claworc/claworc", container);
      expect((await examined(controlPlaneHost, { config })).lines).toEqual([]);
    }
  });
});
