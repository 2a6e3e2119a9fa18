/** What the control plane had before an update, as far as it must have it afterwards. Plain JSON. */
export interface ControlPlaneBaseline {
  /** Its build identity; undefined for builds that have none. */
  build?: string;
  instances: { name: string; status: string }[];
  /** How many backups it lists. */
  backups: number;
  /** The newest completed one; `configuration` is what it names the configuration of its instance. */
  newestBackup?: { id: number; instance: string; paths: string[]; configuration?: string };
  /** What follows is only there when a check compares with it. */
  users?: { name: string; role: string }[];
  /** Of the hashes below: a value can be compared by them and not be read from them. See keyed-hash.ts. */
  salt?: string;
  /** Key -> hash of the value that the API shows. */
  settings?: Record<string, string>;
  secret?: SecretBaseline;
}

/** What proves that the control plane can still read what it has encrypted. */
export interface SecretBaseline {
  /** Hash of the key; missing where none is there. */
  key?: string;
  /** How many keys there are: with two, nobody knows which one the running version uses. */
  keys: number;
  /** Stored values that decrypt with it, and those that do not. */
  decrypt: number;
  broken: number;
  /** Settings that the API shows masked -> hash of what it shows: it had to decrypt them for that. */
  masked: Record<string, string>;
}
