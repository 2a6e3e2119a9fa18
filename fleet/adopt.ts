import { port } from "../config/fields.ts";
import { readStackFile } from "../config/stack-file.ts";
import { type AdoptionSource, NotAdoptable, usual, type WantedUnits } from "../platforms/adoption.ts";
import { adoptionsIn } from "../platforms/of-stack.ts";
import { adoptControlPlane } from "./adopt-control-plane.ts";
import { type AdoptionNames, adoptionEdits } from "./adoption-lines.ts";
import { adoptionText } from "./adoption-text.ts";
import { writeAdoption } from "./adoption-writing.ts";
import { type Command, CommandFailure } from "./command.ts";
import { configOf, type NamedStack, stackFileOf } from "./stack.ts";

export const adopt: Command = {
  name: "adopt",
  summary: "the lines of the stack file for gateways that run already",
  help: `
Reads containers that somebody else has started, and prints what the stack file needs for them: image with digest, state,
variables, mounts, ports, networks, limits. It says which variables it takes for secrets, and what a new container would not
have. It changes nothing: neither the containers nor the stack file.

  fleet adopt --stack prod --container gateway-1,gateway-2
  fleet adopt --stack prod --compose openclaw --group support

With --control-plane it reads a control plane in the same way, and lists the instances that it manages. They are never touched.

  fleet adopt --stack prod --control-plane clawforce

On the platform kubernetes these are the names of StatefulSets and Deployments of the stack's namespace, those of a Helm release too.

With --write it writes the lines into the stack file, and sets the secrets with \`pulumi config set --secret\`. It writes
nothing where the stack file would have a problem then. No container is touched.

Exit code 0: printed or written. 1: at least one container can't be adopted; the reason is printed.`,
  flags: {
    container: { type: "string", value: "NAME[,NAME…]", does: "the containers" },
    compose: { type: "string", value: "PROJECT", does: "all containers of a Compose project" },
    "control-plane": { type: "string", value: "NAME", does: "the container of a control plane" },
    group: { type: "string", value: "NAME", does: "the instance group to write; default: gateways" },
    "agent-image": { type: "string", value: "NAME", does: "the agent image to write; default: openclaw" },
    "state-directory": {
      type: "string",
      value: "PATH",
      does: `where their state is inside; default: ${usual.stateDirectory}; of a control plane: what its variables say`,
    },
    port: {
      type: "string",
      value: "N",
      does: `their port inside; default: ${usual.port}; of a control plane: 8000`,
    },
    write: { type: "boolean", does: "write the stack file and set the secrets" },
  },
  async run({ stack, configFile, flags, out, err }) {
    const named = { stack, configFile };
    const inside = flags.port === undefined ? undefined : port.safeParse(Number(flags.port)).data;
    if (flags.port !== undefined && inside === undefined) {
      throw new CommandFailure(`${JSON.stringify(flags.port)} is no port. Write --port ${usual.port}.`);
    }
    const file = stackFileOf(named);
    const settings = readStackFile(file);
    const source = sourceOf(named, settings);
    const taken = Object.keys((settings.secrets ?? {}) as object);
    const stateDirectory = flags["state-directory"];
    const plane = flags["control-plane"];
    if (typeof plane === "string") {
      if (flags.container !== undefined || flags.compose !== undefined) {
        throw new CommandFailure(
          "A control plane is adopted by itself. Leave --container and --compose out.",
        );
      }
      const known = {
        ...(typeof stateDirectory === "string" && stateDirectory !== "" && { stateDirectory }),
        ...(inside !== undefined && { port: inside }),
      };
      const adoption = await source.controlPlane(plane, known, taken).catch((error: unknown) => {
        throw error instanceof NotAdoptable ? new CommandFailure(error.message) : error;
      });
      return adoptControlPlane(adoption, { named, file, settings, source, write: flags.write === true, out });
    }
    const wanted = wantedOf(flags.container, flags.compose);
    const asked = {
      stateDirectory: textOf(stateDirectory, usual.stateDirectory),
      port: inside ?? usual.port,
    };
    const { adoptions, refusals } = await source.units(wanted, asked, taken).catch((error: unknown) => {
      throw error instanceof NotAdoptable ? new CommandFailure(error.message) : error;
    });
    for (const refusal of refusals) err.write(`${refusal}\n`);
    // Not every service of a Compose project is a gateway.
    const isWhole = refusals.length === 0 || "composeProject" in wanted;
    const isDone = isWhole && adoptions.length > 0 && adoptions.every(({ image }) => image !== undefined);
    const names: AdoptionNames = {
      ...{ stack, settings },
      group: textOf(flags.group, "gateways"),
      agentImage: textOf(flags["agent-image"], "openclaw"),
    };
    const written = flags.write === true && isDone;
    if (written)
      await writeAdoption({ named, file, source, out }, adoptions, adoptionEdits(adoptions, names));
    if (adoptions.length > 0) out.write(`${adoptionText(adoptions, names, { written })}\n`);
    if (flags.write === true && !written) err.write("Nothing was written: see above.\n");
    return isDone ? 0 : 1;
  },
};

/** All else of the stack file may still be missing: this is how one begins. */
function sourceOf(named: NamedStack, { platform }: Record<string, unknown>): AdoptionSource {
  const found = adoptionsIn(platform);
  if (found !== undefined) return found;
  // Said as everywhere else, with all that is wrong.
  const { kind } = configOf(named).platform;
  throw new CommandFailure(`\`fleet adopt\` can't read what runs on the platform ${kind}.`);
}

function wantedOf(
  container: string | boolean | undefined,
  compose: string | boolean | undefined,
): WantedUnits {
  if (typeof container === "string" && compose === undefined) {
    return { containers: container.split(",").filter((name) => name !== "") };
  }
  if (typeof compose === "string" && container === undefined) return { composeProject: compose };
  throw new CommandFailure(
    "Which containers? Write --container with their names, --compose with the name of a Compose project, or --control-plane.",
  );
}

function textOf(flag: string | boolean | undefined, usual: string): string {
  return typeof flag === "string" && flag !== "" ? flag : usual;
}
