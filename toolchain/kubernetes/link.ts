import { answerOf } from "../processes.ts";
import { type Addresses, freeAddresses, takenNetworks } from "./addresses.ts";

/**
 * Makes the link between this machine and the network namespace of a process, with free addresses. The link's name is
 * what two clusters that start at once contend for: the kernel gives it to one of them.
 */
export async function makeLink(pid: number): Promise<Addresses> {
  const routes = await answerOf(["ip", "-json", "-4", "route", "show", "table", "all"]);
  const links = await answerOf(["ip", "-json", "-4", "address"]);
  if (routes === undefined || links === undefined) {
    throw new Error("`ip -json -4 route` fails on this machine: install iproute2");
  }
  for (const addresses of freeAddresses(takenNetworks(JSON.parse(routes), JSON.parse(links)))) {
    const { name, host, prefix } = addresses;
    const peer = ["peer", "name", "eth0", "netns", String(pid)];
    if ((await answerOf(["ip", "link", "add", name, "type", "veth", ...peer])) === undefined) continue;
    await answerOf(["ip", "address", "add", `${host}/${prefix}`, "dev", name]);
    await answerOf(["ip", "link", "set", name, "up"]);
    return addresses;
  }
  throw new Error(
    "this machine has no free network for the node, or no links of the type veth: look at `ip route`",
  );
}
