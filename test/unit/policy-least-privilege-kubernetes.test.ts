import { describe, expect, test } from "vitest";
import { knownTypes } from "../../policies/image-paths.ts";
import { podPathOf } from "../../policies/privilege-kubernetes.ts";
import { keepSecretMarks } from "../../policies/secret-marks.ts";
import { privilege, privileges, received, said, secret } from "../policy/privileges.ts";
import { built, unknownText } from "../policy/props.ts";

keepSecretMarks();

const podType = "kubernetes:core/v1:Pod";
const of = (type: string, props: object) => privileges({ type: `kubernetes:${type}`, props });
const pod = (spec: object) => privileges({ type: podType, props: { spec } });
const container = (more: object, list = "containers") => pod({ [list]: [{ image: "x", ...more }] });
const { plain } = said;

const podTypes = [...knownTypes.keys()].flatMap((type) => {
  const path = podPathOf(type);
  return path === undefined ? [] : [[type, path] as const];
});

describe("each kind with pods", () => {
  test("is one of 63, and no other type has pods", () => {
    expect(podTypes.length).toBe(63);
    expect(podPathOf("docker:index/container:Container")).toBeUndefined();
    expect(podPathOf("kubernetes:core/v1:Service")).toBeUndefined();
  });

  test.each(podTypes)("%s is looked into at %s", (type, path) => {
    const at = path.replaceAll("[]", "[0]");
    const props = built(path, { hostNetwork: true, containers: [{ securityContext: { privileged: true } }] });
    expect(privileges({ type, props })).toEqual([
      said.privileged(`${at}.containers[0].securityContext.privileged`),
      said.namespace(`${at}.hostNetwork`, "network"),
    ]);
    expect(privileges({ type, props: built(path, unknownText) })).toContain(privilege("unknown", at));
    const labels = built(path.replace(/spec$/, "metadata"), { labels: { "managed-by": "claworc" } });
    const metadata = at.replace(/spec$/, "metadata");
    expect(privileges({ type, props: labels })).toEqual([said.managed(`${metadata}.labels.managed-by`)]);
  });
});

describe("a pod", () => {
  test("passes with what most have", () => {
    expect(
      of("apps/v1:StatefulSet", {
        metadata: { name: "support-1", labels: { app: "x", "app.kubernetes.io/managed-by": "pulumi" } },
        spec: {
          template: {
            metadata: { labels: { app: "x" }, annotations: { note: "unconfined" } },
            spec: {
              hostNetwork: false,
              securityContext: { seccompProfile: { type: "RuntimeDefault" }, seLinuxOptions: { type: "x" } },
              containers: [
                {
                  image: "x",
                  env: [
                    { name: "A", value: "1" },
                    { name: "A_TOKEN", valueFrom: { secretKeyRef: { name: "a", key: "b" } } },
                    { name: "TOKEN_FILE", value: "/x" },
                  ],
                  ports: [{ containerPort: 80 }, { containerPort: 81, hostPort: 0 }],
                  securityContext: {
                    allowPrivilegeEscalation: false,
                    capabilities: { drop: ["ALL"], add: ["NET_BIND_SERVICE"] },
                    procMount: "Default",
                  },
                },
              ],
              volumes: [{ name: "data", persistentVolumeClaim: { claimName: "data" } }],
            },
          },
        },
      }),
    ).toEqual([]);
  });

  test.each(["containers", "initContainers", "ephemeralContainers"])("is judged by all of its %s", (list) => {
    const at = `spec.${list}[0]`;
    expect(
      container(
        {
          securityContext: {
            privileged: true,
            allowPrivilegeEscalation: true,
            capabilities: { add: ["SYS_PTRACE"] },
            procMount: "Unmasked",
            seccompProfile: { type: "Unconfined" },
            appArmorProfile: { type: "Unconfined" },
            seLinuxOptions: { type: "spc_t" },
            windowsOptions: { hostProcess: true },
          },
          volumeDevices: [{ devicePath: "/dev/sda" }],
          env: [{ name: "DOCKER_HOST", value: "tcp://x" }],
          ports: [{ containerPort: 80, hostPort: 80 }],
        },
        list,
      ),
    ).toEqual([
      privilege("engineAddress", `${at}.env[0].value`, 'the variable "DOCKER_HOST" names a container engine'),
      privilege(
        "publicBind",
        `${at}.ports[0].hostPort`,
        'the port is published on all addresses of the host ("")',
      ),
      privilege(
        "escalation",
        `${at}.securityContext.allowPrivilegeEscalation`,
        "a process may get more rights than its parent",
      ),
      said.unconfined(`${at}.securityContext.appArmorProfile.type`, "appArmorProfile: Unconfined"),
      privilege(
        "capability",
        `${at}.securityContext.capabilities.add[0]`,
        'the container has the capability "SYS_PTRACE" added',
      ),
      said.privileged(`${at}.securityContext.privileged`),
      said.unconfined(`${at}.securityContext.procMount`, "procMount: Unmasked"),
      said.unconfined(`${at}.securityContext.seLinuxOptions.type`, "seLinuxOptions: spc_t"),
      said.unconfined(`${at}.securityContext.seccompProfile.type`, "seccompProfile: Unconfined"),
      said.privileged(`${at}.securityContext.windowsOptions.hostProcess`),
      privilege(
        "device",
        `${at}.volumeDevices[0].devicePath`,
        'the container has the device "/dev/sda" of its host',
      ),
    ]);
  });

  test("is judged by what holds for all of its containers", () => {
    expect(
      pod({
        hostNetwork: true,
        hostPID: true,
        hostIPC: true,
        securityContext: { seccompProfile: { type: "Unconfined" }, windowsOptions: { hostProcess: true } },
      }),
    ).toEqual([
      said.namespace("spec.hostIPC", "shared memory"),
      said.namespace("spec.hostNetwork", "network"),
      said.namespace("spec.hostPID", "processes"),
      said.unconfined("spec.securityContext.seccompProfile.type", "seccompProfile: Unconfined"),
      said.privileged("spec.securityContext.windowsOptions.hostProcess"),
    ]);
    const annotations = {
      "container.apparmor.security.beta.kubernetes.io/a": "unconfined",
      "seccomp.security.alpha.kubernetes.io/pod": unknownText,
      "seccomp.security.alpha.kubernetes.io/b": "runtime/default",
      other: unknownText,
    };
    expect(privileges({ type: podType, props: { metadata: { annotations } } })).toEqual([
      said.unconfined(
        "metadata.annotations.container.apparmor.security.beta.kubernetes.io/a",
        "container.apparmor.security.beta.kubernetes.io/a: unconfined",
      ),
      privilege("unknown", "metadata.annotations.seccomp.security.alpha.kubernetes.io/pod"),
    ]);
  });

  test("has the host's folders by its volumes, which each mount may write unless it says otherwise", () => {
    const at = "spec.volumes[0].hostPath.path";
    const given = (path: string, mounts?: unknown) =>
      pod({
        containers: [{ image: "x", ...(mounts !== undefined && { volumeMounts: mounts }) }],
        volumes: [{ name: "a", hostPath: { path } }],
      });
    expect(given("/var/run/docker.sock")).toEqual([said.socket(at, "/var/run/docker.sock")]);
    expect(given("/srv/x", [{ name: "a", mountPath: "/run/docker.sock" }])).toEqual([
      said.socket(at, "/srv/x"),
    ]);
    expect(given("/srv/x", [{ name: "a", mountPath: "/x" }])).toEqual([]);
    expect(given("/srv/x", [{ name: "b", mountPath: "/run/docker.sock" }])).toEqual([]);
    expect(given("/etc")).toEqual([said.folder("hostFolder", at, "/etc")]);
    expect(given("/etc", [{ name: "a", readOnly: true }])).toEqual([
      said.folder("hostFolderRead", at, "/etc"),
    ]);
    for (const mounts of [
      [{ name: "a", readOnly: true }, { name: "a" }],
      [{ name: "a", readOnly: true }, { name: unknownText }],
      [{ name: "a", readOnly: true }, unknownText],
      [{ name: "a", readOnly: unknownText }],
      [{ name: "b", readOnly: true }],
      unknownText,
    ])
      expect(given("/etc", mounts), JSON.stringify(mounts)).toEqual([said.folder("hostFolder", at, "/etc")]);
    expect(given("/etc", [{ name: "a", readOnly: true }, { name: "b" }])).toEqual([
      said.folder("hostFolderRead", at, "/etc"),
    ]);
  });

  test("has ports of its node by hostPort, unless they are on the loopback", () => {
    const port = (more: object) => container({ ports: [{ containerPort: 80, hostPort: 80, ...more }] });
    expect(port({ hostIP: "127.0.0.1" })).toEqual([]);
    const at = "spec.containers[0].ports[0]";
    expect(port({ hostIP: "10.0.0.5" })).toEqual([
      privilege("openBind", `${at}.hostPort`, 'the port is published on the address "10.0.0.5"'),
    ]);
    expect(port({ hostIP: unknownText })).toEqual([privilege("unknown", `${at}.hostIP`)]);
    expect(port({ hostPort: unknownText })).toEqual([privilege("unknown", `${at}.hostPort`)]);
  });

  test("has its secrets by reference only: a mark of the engine's is lost in the cluster", () => {
    const given = (env: unknown) =>
      privileges({ type: podType, props: received({ spec: { containers: [{ image: "x", env }] } }) });
    const write = "valueFrom with a secretKeyRef";
    const at = "spec.containers[0].env";
    for (const value of ["hunter2", secret("hunter2"), unknownText])
      expect(given([{ name: "A_TOKEN", value }])).toEqual([plain(`${at}[0].value`, "A_TOKEN", write)]);
    expect(given([{ name: "A_URL", value: "redis://a:b@c" }])).toEqual([
      plain(`${at}[0].value`, "A_URL", write, "password in its URL"),
    ]);
    expect(given([{ name: "A_TOKEN", value: "$(B)" }, { name: "A_TOKEN" }])).toEqual([]);
    expect(given([{ name: "A", value: unknownText }])).toEqual([]);
    expect(given([unknownText, { name: unknownText }, 5, { value: "x" }])).toEqual([
      privilege("unknownEntry", `${at}[0]`),
      privilege("unknownEntry", `${at}[1].name`),
      said.malformed(`${at}[2]`, "object"),
      said.malformed(`${at}[3].name`, "text"),
    ]);
    expect(given([{ name: "DOCKER_HOST", valueFrom: { configMapKeyRef: { name: "a" } } }])).toEqual([
      privilege("engineAddress", `${at}[0].value`, 'the variable "DOCKER_HOST" names a container engine'),
    ]);
  });
});

describe("what stands beside pods", () => {
  const service = (path: string, what: string) =>
    privilege(
      "publicBind",
      path,
      `the service is open outside of the cluster ("${what}")`,
      "type: ClusterIP, and an Ingress in front",
    );

  test("services are open by their type or by addresses from outside", () => {
    for (const type of ["NodePort", "LoadBalancer"])
      expect(of("core/v1:Service", { spec: { type } })).toEqual([service("spec.type", type)]);
    expect(of("core/v1:ServiceList", { items: [{ spec: { type: "NodePort" } }] })).toEqual([
      service("items[0].spec.type", "NodePort"),
    ]);
    expect(of("core/v1:ServicePatch", { spec: { externalIPs: ["192.0.2.1"] } })).toEqual([
      service("spec.externalIPs[0]", "192.0.2.1"),
    ]);
    expect(of("core/v1:Service", { spec: { type: "ClusterIP", ports: [{ port: 80 }] } })).toEqual([]);
    expect(of("core/v1:Service", { spec: { type: unknownText } })).toEqual([
      privilege("unknown", "spec.type"),
    ]);
  });

  test("persistent volumes are folders of a node under another name", () => {
    expect(of("core/v1:PersistentVolume", { spec: { hostPath: { path: "/run" } } })).toEqual([
      said.socket("spec.hostPath.path", "/run", "holds"),
    ]);
    expect(of("core/v1:PersistentVolumeList", { items: [{ spec: { local: { path: "/etc" } } }] })).toEqual([
      said.folder("hostFolder", "items[0].spec.local.path", "/etc"),
    ]);
    expect(of("core/v1:PersistentVolume", { spec: { local: { path: "/mnt/disk1" } } })).toEqual([]);
  });

  test("roles and bindings give everything in a cluster or in a namespace", () => {
    const wide = (kind: "clusterAdmin" | "wideRole", path: string, what: string) =>
      privilege(
        kind,
        path,
        `it gives ${what} in the whole ${kind === "clusterAdmin" ? "cluster" : "namespace"}`,
      );
    const rbac = "rbac.authorization.k8s.io/v1";
    const admin = { roleRef: { kind: "ClusterRole", name: "cluster-admin" } };
    for (const version of ["", "beta1", "alpha1"])
      expect(of(`${rbac}${version}:ClusterRoleBinding`, admin)).toEqual([
        wide("clusterAdmin", "roleRef.name", "the role cluster-admin"),
      ]);
    expect(of(`${rbac}:ClusterRoleBindingList`, { items: [admin] })).toEqual([
      wide("clusterAdmin", "items[0].roleRef.name", "the role cluster-admin"),
    ]);
    expect(of(`${rbac}:RoleBinding`, admin)).toEqual([
      wide("wideRole", "roleRef.name", "the role cluster-admin"),
    ]);
    expect(of(`${rbac}:ClusterRoleBinding`, { roleRef: { name: "view" } })).toEqual([]);
    expect(of(`${rbac}:ClusterRoleBinding`, { roleRef: { name: unknownText } })).toEqual([
      privilege("unknown", "roleRef.name"),
    ]);
    const every = { apiGroups: ["*"], resources: ["pods", "*"], verbs: ["*"] };
    expect(of(`${rbac}:ClusterRole`, { rules: [{ ...every, verbs: ["get"] }, every] })).toEqual([
      wide("clusterAdmin", "rules[1]", "every right to everything"),
    ]);
    expect(of(`${rbac}:RolePatch`, { rules: [every] })).toEqual([
      wide("wideRole", "rules[0]", "every right to everything"),
    ]);
    for (const less of [{ apiGroups: ["apps"] }, { resources: ["pods"] }, { verbs: ["get"] }])
      expect(of(`${rbac}:ClusterRole`, { rules: [{ ...every, ...less }] })).toEqual([]);
    expect(of(`${rbac}:ClusterRole`, { rules: [{ ...every, apiGroups: [""], verbs: unknownText }] })).toEqual(
      [privilege("unknown", "rules[0].verbs")],
    );
  });

  test("a ConfigMap has no secrets, by its keys or in the lines of its files", () => {
    const write = "it into a Secret";
    const file =
      'export A_TOKEN=x\nname: b\n  password: \'y\'\n- apiKey: z\n"db_token": "w",\nsecret: name\nB_TOKEN=\n';
    const data = {
      DB_PASSWORD: "x",
      url: "redis://a:b@c",
      ".env": file,
      NOTE: "x",
      OTHER: unknownText,
      n: 5,
    };
    expect(of("core/v1:ConfigMap", { data })).toEqual([
      plain("data..env line 1", "A_TOKEN", write),
      plain("data..env line 3", "password", write),
      plain("data..env line 4", "apiKey", write),
      plain("data..env line 5", "db_token", write),
      plain("data.DB_PASSWORD", "DB_PASSWORD", write),
      privilege("unknownEntry", "data.OTHER"),
      plain("data.url", "url", write, "password in its URL"),
    ]);
    expect(
      privileges({
        type: "kubernetes:core/v1:ConfigMap",
        props: received({ data: secret({ A_TOKEN: "x" }) }),
      }),
    ).toEqual([plain("data.A_TOKEN", "A_TOKEN", write)]);
    expect(of("core/v1:ConfigMapList", { items: [{ data: { A_TOKEN: "x" } }] })).toEqual([
      plain("items[0].data.A_TOKEN", "A_TOKEN", write),
    ]);
    expect(of("core/v1:Secret", { stringData: { A_TOKEN: "x" } })).toEqual([]);
  });

  test("nothing that a control plane manages is ours", () => {
    const metadata = { labels: { "managed-by": "claworc" } };
    expect(of("core/v1:Service", { metadata })).toEqual([said.managed("metadata.labels.managed-by")]);
    expect(of("apps/v1:DeploymentList", { items: [{ metadata }] })).toEqual([
      said.managed("items[0].metadata.labels.managed-by"),
    ]);
    expect(
      of("core/v1:Service", { metadata: { labels: { "managed-by": unknownText, app: unknownText } } }),
    ).toEqual([privilege("unknown", "metadata.labels.managed-by")]);
  });
});
