/** The three networks of one cluster, cut from one block. */
export interface Addresses {
  /** The link's name on the machine, and that of the cluster's control group. No two clusters share one. */
  readonly name: string;
  /** The machine's end of the link. */
  readonly host: string;
  /** The node's end: where the API answers. */
  readonly node: string;
  /** Bits of the network that holds both. */
  readonly prefix: number;
  readonly pods: string;
  readonly services: string;
}

/** An IPv4 network as a span of numbers. */
interface Span {
  readonly first: number;
  readonly last: number;
}

/** Enough for all clusters that one machine can carry. */
const blocks = 64;
/** Of 1024 addresses each. */
const firstBlock = "10.231.0.0";
const blockSize = 1024;

/** All blocks in a fixed order, without those that touch a network the machine knows. */
export function freeAddresses(taken: readonly string[]): Addresses[] {
  const spans = taken.map(spanOf);
  return Array.from({ length: blocks }, (_, index) => index)
    .filter((index) => {
      const block = { first: startOf(index), last: startOf(index) + blockSize - 1 };
      return !spans.some(({ first, last }) => first <= block.last && last >= block.first);
    })
    .map(addressesOf);
}

function addressesOf(index: number): Addresses {
  const start = startOf(index);
  return {
    name: `clawforce-k${index}`,
    host: textOf(start + 1),
    node: textOf(start + 2),
    prefix: 30,
    pods: `${textOf(start + 256)}/24`,
    services: `${textOf(start + 512)}/24`,
  };
}

/** The first address of a network in the form `10.0.0.0/24`: the one the API takes among the services. */
export function firstAddressOf(network: string): string {
  return textOf(spanOf(network).first + 1);
}

/**
 * The networks in what `ip -json route show table all` and `ip -json address` print. The default route leads
 * everywhere and takes nothing.
 */
export function takenNetworks(routes: unknown, links: unknown): string[] {
  const destinations = listOf(routes).map(({ dst }) => dst);
  const addresses = listOf(links).flatMap(({ addr_info: list }) =>
    listOf(list).map(({ local, prefixlen }) => `${local}/${prefixlen}`),
  );
  return [...destinations, ...addresses].filter(
    (network): network is string => typeof network === "string" && isNetwork(network),
  );
}

function listOf(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value : [];
}

function isNetwork(text: string): boolean {
  return /^\d+\.\d+\.\d+\.\d+(\/\d+)?$/.test(text);
}

function startOf(index: number): number {
  return spanOf(firstBlock).first + index * blockSize;
}

function spanOf(network: string): Span {
  const [address = "", bits = "32"] = network.split("/");
  const size = 2 ** (32 - Number(bits));
  const number = address.split(".").reduce((total, part) => total * 256 + Number(part), 0);
  const first = Math.floor(number / size) * size;
  return { first, last: first + size - 1 };
}

function textOf(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join(".");
}
