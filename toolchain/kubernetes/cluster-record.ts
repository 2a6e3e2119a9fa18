import type { OwnProcess } from "../processes.ts";
import type { ClusterPrograms } from "./programs.ts";

/** What a disposable cluster is started with. */
export interface KeeperOrder {
  readonly state: string;
  readonly programs: ClusterPrograms;
  /** The registry of this machine that the node pulls from: `127.0.0.1:5077`. Default: none. */
  readonly registry?: string;
  /** The cluster ends with this process. Default: it stays until it is stopped. */
  readonly owner?: OwnProcess;
}

/** A disposable cluster that runs, as its state folder knows it. */
export interface ClusterRecord {
  readonly keeper: OwnProcess;
  /** Of its link and its control group on this machine. */
  readonly name: string;
  /** `https://10.231.0.2:6443` */
  readonly server: string;
  readonly state: string;
  /** The folder with kubectl. */
  readonly programs: string;
}
