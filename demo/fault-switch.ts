import type Docker from "dockerode";
import { execInContainer } from "../operations/docker/exec.ts";
import { OperationFailure } from "../operations/failure.ts";

/** The name of the check that fails while the switch is on: whoever reads the report sees that the demo made it fail. */
export const faultSwitchCheck = "demo fault switch is off";

const file = "/home/node/.openclaw/demo-fault-switch";

/**
 * Fails while the state has the switch and the gateway's version is the one that stands in it: the old version must pass,
 * as after a real update that went wrong.
 */
export const faultSwitch = {
  kind: "command",
  name: faultSwitchCheck,
  argv: [
    "sh",
    "-c",
    'if [ -e "$0" ] && openclaw --version | grep -qF "$(cat "$0")"; then echo "the demo has switched this version\'s fault on" >&2; exit 1; fi',
    file,
  ],
  // One attempt: a switch does not change by waiting.
  deadline: "20s",
  interval: "20s",
};

/** Switches the fault on for one version of one gateway: a file in its state. */
export function switchFaultOn(docker: Docker, container: string, version: string): Promise<void> {
  return inState(docker, container, ["sh", "-c", 'printf %s "$1" > "$0"', file, version]);
}

export function switchFaultOff(docker: Docker, container: string): Promise<void> {
  return inState(docker, container, ["rm", "-f", file]);
}

async function inState(docker: Docker, container: string, argv: string[]): Promise<void> {
  const { exitCode, stderr } = await execInContainer(docker, container, argv, { deadline: 15 });
  if (exitCode !== 0) {
    throw new OperationFailure(`The demo's fault switch could not be set in ${container}: ${stderr.trim()}`);
  }
}
