import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { healthCommand } from "../../config/health-command.ts";
import { networkOwner } from "../../config/network-mode.ts";
import { publishedAt } from "../../config/publish.ts";
import type { StateLocation } from "../../config/rollout.ts";
import type { UnitSecrets, UnitSpec } from "../resources.ts";
import { certificateFolder, type DockerHost, sshOptions } from "./access.ts";
import { labelArgs, optionArgs, optionInputs, portArgs } from "./container-options.ts";
import { socketInside } from "./control-plane-socket.ts";
import { megabytes } from "./megabytes.ts";

/** Tells what belongs to a stack from all else on a Docker host. Never changes. */
export function stackLabel(stack: string): { label: string; value: string } {
  return { label: "clawforce.stack", value: stack };
}

/** The provider goes the same way to the same host as our own client. */
export function providerArgs(platform: DockerHost): docker.ProviderArgs {
  const { host, ssh } = platform;
  const certPath = certificateFolder(host, platform, process.env);
  return {
    host,
    ...(host.startsWith("ssh://") && { sshOpts: sshOptions(ssh) }),
    ...(certPath !== undefined && { certPath }),
  };
}

/** Arguments of the container of a workload. No label or variable carries anything that differs from run to run. */
export function containerArgs(spec: UnitSpec, secrets: UnitSecrets): docker.ContainerArgs {
  const { container } = spec;
  const { health } = container;
  const ports = [...publishedPort(spec), ...portArgs(container)];
  const plain = Object.entries(container.environment).map(([key, value]) => `${key}=${value}`);
  return {
    // First, so that nothing of it takes the place of what this program needs.
    ...container.options,
    name: spec.containerName ?? spec.name,
    image: spec.image,
    // Who has the network of another container has its hostname too: Docker refuses both.
    ...(networkOwner(container.networkMode) === undefined && { hostname: spec.name }),
    init: true,
    restart: "unless-stopped",
    ...(container.command && { command: container.command }),
    ...(container.user && { user: container.user }),
    envs: [
      ...plain,
      ...tokenEntries(container.tokenVariable, secrets.token),
      ...secretEntries(container.secrets, secrets.named),
    ],
    labels: [
      stackLabel(spec.stack),
      { label: "clawforce.workload", value: spec.name },
      ...restoreLabel(spec.restoreEpoch),
      ...labelArgs(container),
    ],
    ...(container.networkMode === undefined && { networksAdvanced: [{ name: container.network }] }),
    volumes: [
      stateMount(spec.state, container.stateDirectory),
      ...(spec.backups === undefined ? [] : [stateMount(spec.backups, spec.backups.path)]),
      ...socketMount(container.dockerSocket),
    ],
    ...(ports.length > 0 && { ports }),
    // Without memorySwap the provider finds a difference for ever.
    ...(container.memory !== undefined && {
      memory: megabytes(container.memory),
      memorySwap: megabytes(container.memory) * 2,
    }),
    healthcheck: {
      tests: ["CMD", ...healthCommand(container)],
      interval: duration(health.interval),
      timeout: duration(health.timeout),
      retries: health.retries,
      startPeriod: duration(health.startPeriod),
    },
    wait: true,
    waitTimeout: Math.ceil(health.wait),
    // The default is an immediate kill.
    destroyGraceSeconds: Math.ceil(spec.stopGrace),
    stopTimeout: Math.ceil(spec.stopGrace),
    ...optionArgs(container),
  };
}

function publishedPort({ publish, container }: UnitSpec): docker.types.input.ContainerPort[] {
  if (publish === undefined) return [];
  const { address: ip, port: external } = publishedAt(publish);
  return [{ internal: container.port, external, ip }];
}

/**
 * The order that its state was set back by. A trigger is compared only where the last run has had one too, which it has
 * not for a workload that was left as it is: an order must replace the container all the same. Those of stacks from before
 * orders had names have no label.
 */
function restoreLabel(epoch: string): { label: string; value: string }[] {
  return epoch.includes("/") ? [{ label: "clawforce.restore", value: epoch }] : [];
}

/**
 * The inputs of a container that stays as it is. Its image is not among them: it is that of the container already, and an
 * image that the program does not say is one that no review sees.
 */
export function inputsBesidesImage(inputs: docker.ContainerArgs): string[] {
  // Those that not every workload has can stand in what is there.
  const seldom = ["command", "user", "ports", "memory", "memorySwap", "hostname", "networksAdvanced"];
  return [...new Set([...Object.keys(inputs), ...seldom, ...optionInputs])].filter(
    (input) => input !== "image",
  );
}

function tokenEntries(variable: string | undefined, token: pulumi.Input<string>): pulumi.Output<string>[] {
  return variable === undefined ? [] : [pulumi.output(token).apply((value) => `${variable}=${value}`)];
}

function secretEntries(
  variables: Readonly<Record<string, string>> = {},
  named: UnitSecrets["named"],
): pulumi.Output<string>[] {
  return Object.entries(variables).map(([variable, name]) =>
    pulumi.secret(named).apply((values) => `${variable}=${values[name] ?? ""}`),
  );
}

function stateMount(state: StateLocation, containerPath: string): docker.types.input.ContainerVolume {
  return "volume" in state
    ? { volumeName: state.volume, containerPath }
    : { hostPath: state.directory, containerPath };
}

function socketMount(path: string | undefined): docker.types.input.ContainerVolume[] {
  return path === undefined || path === "none" ? [] : [{ hostPath: path, containerPath: socketInside }];
}

/** As Docker prints it back ("2s", "1m30s"): another spelling would be a difference for ever. */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  const parts = [hours > 0 ? `${hours}h` : "", hours > 0 || minutes > 0 ? `${minutes}m` : "", `${rest}s`];
  return parts.join("");
}
