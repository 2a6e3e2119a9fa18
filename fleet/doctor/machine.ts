import { envFilePath } from "../../config/env-file.ts";
import { messageOf } from "../../platforms/failure.ts";
import { reasonOf } from "../engine-access.ts";
import type { Examination, Finding, Subject } from "./examination.ts";
import { notAsked } from "./examination.ts";

/** The first version of Node.js that runs the program without a build. */
const node = 24;

export const nodeVersion: Examination = {
  name: "Node.js",
  look: async () => {
    const version = process.versions.node;
    return Number.parseInt(version, 10) >= node
      ? [{ well: version }]
      : [
          {
            problem: `${version} can't run the program when Pulumi starts it.`,
            remedy: 'export PATH="$PWD/node_modules/.bin:$PATH"',
          },
        ];
  },
};

/** `wanted`: the version of the SDK, as package.json pins it. */
export function pulumiVersion(wanted: string): Examination {
  return {
    name: "Pulumi",
    look: async ({ pulumi }) => {
      const remedy = `Install Pulumi ${wanted}: https://www.pulumi.com/docs/install/`;
      const ended = await pulumi("version").catch((error: unknown) => messageOf(error));
      if (typeof ended === "string") return [{ problem: ended, remedy }];
      const version = /\d+\.\d+\.\d+/.exec(ended.stdout)?.[0];
      if (ended.code !== 0 || version === undefined) return [{ problem: reasonOf(ended.stderr), remedy }];
      const isOther = version.split(".")[0] !== wanted.split(".")[0];
      return isOther
        ? [{ problem: `pulumi is version ${version}, and the program is written for ${wanted}.`, remedy }]
        : [{ well: version }];
    },
  };
}

export const backend: Examination = {
  name: "backend",
  look: async ({ pulumi, stack }) => {
    const who = await pulumi("whoami", "--json", "--non-interactive").catch(() => undefined);
    if (who === undefined) return notAsked;
    if (who.code !== 0) {
      return [
        {
          problem: reasonOf(who.stderr),
          remedy: "export PULUMI_BACKEND_URL=file:///var/lib/clawforce/state",
        },
      ];
    }
    const { url = "" } = JSON.parse(who.stdout) as { url?: string };
    const list = await pulumi("stack", "ls", "--json", "--non-interactive");
    const names = list.code === 0 ? (JSON.parse(list.stdout) as { name: string }[]) : [];
    const isThere = names.some(({ name }) => name === stack || name.endsWith(`/${stack}`));
    return [
      { well: url },
      isThere
        ? { well: `it has the stack ${stack}` }
        : { problem: `There is no stack ${stack}.`, remedy: `pulumi stack init ${stack} --no-select` },
    ];
  },
};

export const passphrase: Examination = {
  name: "passphrase",
  look: async ({ env, pulumi, stack, file, modeOf }) => {
    const { PULUMI_CONFIG_PASSPHRASE_FILE: from, PULUMI_CONFIG_PASSPHRASE: plain } = env;
    const mode = from === undefined || from === "" ? undefined : modeOf(from);
    const open: Finding[] =
      mode !== undefined && (mode & 0o077) !== 0
        ? [{ problem: `${from} can be read by others.`, remedy: `chmod 600 ${from}` }]
        : [];
    // It is asked for a secret, which goes no further than here.
    const key = "clawforce:snapshotPassword";
    const argv = ["config", "get", key, "--stack", stack, "--config-file", file, "--non-interactive"];
    const get = await pulumi(...argv).catch(() => undefined);
    if (get === undefined) return open;
    if (get.code === 0) return [...open, { well: "it opens the secrets of the stack file" }];
    if (/not found/.test(get.stderr)) return open;
    const isSet = (from ?? "") !== "" || plain !== undefined;
    return [
      ...open,
      {
        problem: reasonOf(get.stderr),
        remedy: isSet
          ? "Give it the passphrase that the stack file was made with. Without it no secret can be read."
          : "export PULUMI_CONFIG_PASSPHRASE_FILE=/etc/clawforce/passphrase",
      },
    ];
  },
};

/** The signing key is the stack file's; the folder of the records is this machine's. */
export const evidencePlaces: Examination = {
  name: "evidence",
  look: async ({ config, isWritable, modeOf }: Subject) => {
    if (config === undefined) return notAsked;
    const { directory, signingKey } = config.evidence;
    const mode = signingKey === undefined ? undefined : modeOf(signingKey);
    return [
      isWritable(directory)
        ? { well: `records go to ${directory}` }
        : {
            problem: `Records can't be written to ${directory}.`,
            remedy: `install -d -m 0700 -o "$(id -un)" ${directory}`,
          },
      ...(signingKey === undefined ? [] : [keyFinding(signingKey, mode)]),
    ];
  },
};

/** They hold secrets, and stand beside the stack file in plain text. */
export const envFiles: Examination = {
  name: "variables",
  look: async ({ config, modeOf }: Subject) => {
    const all = [config?.controlPlane, ...Object.values(config?.instanceGroups ?? {})];
    const files = new Set(all.flatMap((each) => each?.container.envFile ?? []));
    return [...files].map((written) => {
      const file = envFilePath(written);
      return ((modeOf(file) ?? 0) & 0o077) === 0
        ? { well: `${written} is this user's alone` }
        : { problem: `${written} can be read by others.`, remedy: `chmod 600 ${file}` };
    });
  },
};

function keyFinding(file: string, mode: number | undefined): Finding {
  if (mode === undefined) {
    return {
      problem: `There is no signing key ${file}.`,
      remedy: `(umask 077; openssl genpkey -algorithm ed25519 -out ${file})`,
    };
  }
  return (mode & 0o077) === 0
    ? { well: `they are signed with ${file}` }
    : { problem: `The signing key ${file} can be read by others.`, remedy: `chmod 600 ${file}` };
}
