/**
 * What an ingress does with the requests for a workload. `held`: they wait. `refusing`: the hold has ended at its deadline,
 * they are answered 503. `absent`: the ingress does not know the workload and answers 404.
 */
export type IngressState = "serving" | "held" | "refusing" | "absent";

/** What the ingress does with a workload's requests now, or why that can't be said. */
export type IngressLook = { state: IngressState } | { unknown: string };

export interface IngressService {
  state: IngressState;
  hosts: string[];
  /** `NAME:PORT` of the unit that requests go to. */
  target: string;
}

/** Where requests of a service go, and how the proxy sees that it can take them. */
export interface Target {
  /** `NAME:PORT` */
  address: string;
  hosts: readonly string[];
  healthPath: string;
  /** Seconds for requests under way to the target before. */
  drain: number;
}

/** What became of the requests for a workload, by the status that the ingress answered. */
export interface RequestCount {
  /** Below 500, but for those that the client gave up. */
  served: number;
  /** 502, 503, 504, or no status at all: the gateway did not answer. */
  failed: number;
  /** Any other status of 500 or more: the gateway's own answer, which one bad request is enough for. */
  errors: number;
}

/** A request that the ingress has answered. */
export interface ProxyRequest {
  time: Date;
  service: string;
  as: keyof RequestCount;
}

/** A request that the proxy itself sends to a target, past its own services. */
export interface Question {
  /** `NAME:PORT` */
  address: string;
  path: string;
  host: string;
  /** With the headers that it adds to requests of others. */
  forwarded: boolean;
}

/** Requests that the ingress cut: WebSockets at once, requests after the drain. */
export interface Cut {
  webSockets: number;
  requests: number;
}

/** The proxy in front of workloads: it can hold requests. Everything that it is asked may be asked twice. */
export interface IngressProxy {
  services(): Promise<Map<string, IngressService>>;
  /** Makes a service known, or sends its requests to another target; held stays held. `wait`: only once the target answers. */
  deploy(service: string, target: Target, options: { wait: boolean }): Promise<void>;
  /** Holds new requests, `longest` seconds each at most, and waits `drain` seconds for those under way. */
  pause(service: string, drain: number, longest: number): Promise<void>;
  resume(service: string): Promise<void>;
  remove(service: string): Promise<void>;
  /** From now on the proxy itself ends the hold after so many seconds. */
  setDeadline(service: string, seconds: number): Promise<void>;
  /** Takes the deadline back. When the proxy is just about to act on it, waits until it has. */
  clearDeadline(service: string): Promise<void>;
  /** Requests of a service that are under way or held; undefined when the proxy does not count them. */
  inFlight(service: string): Promise<number | undefined>;
  /** What a target answers to the proxy. Bodies are cut after some thousand characters. */
  ask(question: Question): Promise<{ status: number; body: string }>;
  /** Its own log, each request once. Seconds for all of it. */
  requests(options: { since: Date; deadline: number }): AsyncIterable<ProxyRequest>;
  requestsReachBack(time: Date, deadline: number): Promise<boolean>;
  /** What it cut of a service while it held it. */
  cut(
    service: string,
    address: string,
    options: { since: Date; until: Date; deadline: number },
  ): Promise<Cut>;
}
