/**
 * What kubelet sets for the whole machine unless it finds it. It finds these, as files of the cluster's own mounts over
 * the real ones, and so leaves the machine alone.
 */
export const kubeletSysctls: Readonly<Record<string, string>> = {
  "vm/overcommit_memory": "1",
  "vm/panic_on_oom": "0",
  "kernel/panic": "10",
  "kernel/panic_on_oops": "1",
  "kernel/keys/root_maxkeys": "1000000",
  "kernel/keys/root_maxbytes": "25000000",
};
