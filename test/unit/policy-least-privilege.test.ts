import { describe, expect, test } from "vitest";
import { instance, containerPrivileges as of, privilege, privileges, said } from "../policy/privileges.ts";
import { built, unknownText } from "../policy/props.ts";

const fleet = ["pulumi:pulumi:Stack", "clawforce:fleet:Fleet"];
const controlPlane = [...fleet, "clawforce:fleet:ControlPlane", "clawforce:fleet:Workload"];
const ingress = [...fleet, "clawforce:fleet:Ingress"];

describe("our own containers", () => {
  const gateway = {
    image: "ghcr.io/acme/openclaw:1.2.3",
    networkMode: "bridge",
    networksAdvanced: [{ name: "fleet" }],
    labels: [{ label: "clawforce.stack", value: "prod" }],
    ports: [{ internal: 18789, external: 18801, ip: "127.0.0.1", protocol: "tcp" }],
    volumes: [
      { volumeName: "support-1-state", containerPath: "/home/node/.openclaw" },
      { hostPath: "/root/.openclaw", containerPath: "/home/node/.openclaw" },
      { hostPath: "/srv/openclaw/1", containerPath: "/backups", readOnly: true },
    ],
  };

  test("pass: a gateway on 127.0.0.1, the ingress in public, the control plane with the socket", () => {
    expect(of(gateway)).toEqual([]);
    expect(of({ ports: [{ internal: 8080, external: 80, ip: "0.0.0.0" }] }, ingress)).toEqual([]);
    const volumes = [{ hostPath: "/var/run/docker.sock", containerPath: "/var/run/docker.sock" }];
    expect(
      of({ ...gateway, volumes, envs: ["DOCKER_HOST=unix:///var/run/docker.sock"] }, controlPlane),
    ).toEqual([]);
  });

  test("have no more for it: an ingress without the socket, a control plane that nobody reaches and without its folder", () => {
    const volumes = [{ hostPath: "/var/run/docker.sock", containerPath: "/var/run/docker.sock" }];
    expect(of({ volumes }, ingress)).toEqual([said.socket("volumes[0].hostPath", "/var/run/docker.sock")]);
    expect(of({ volumes: [{ hostPath: "/var/run", containerPath: "/var/run" }] }, controlPlane)).toEqual([
      said.socket("volumes[0].hostPath", "/var/run", "holds"),
    ]);
    expect(of({ ports: [{ internal: 8000 }], privileged: true }, controlPlane)).toEqual([
      said.open("ports[0]", ""),
      said.privileged("privileged"),
    ]);
  });

  test("are known by the components that they are in, not by a name that looks like one", () => {
    const volumes = [{ hostPath: "/var/run/docker.sock", containerPath: "/var/run/docker.sock" }];
    for (const parents of [
      [],
      instance,
      [...controlPlane, "clawforce:fleet:Workload"],
      ["clawforce:fleet:ControlPlane"],
      [...fleet, "acme:clawforce:fleet:ControlPlane", "clawforce:fleet:Workload"],
    ])
      expect(of({ volumes }, parents), parents.join()).toEqual([
        said.socket("volumes[0].hostPath", "/var/run/docker.sock"),
      ]);
  });
});

describe("what keeps a container from its host", () => {
  const shared = (path: string, what: string, name = "other") =>
    privilege("otherContainer", path, `the container has the ${what} of the container "${name}"`);

  test.each<[props: object, said: string[]]>([
    [{ privileged: true }, [said.privileged("privileged")]],
    [{ privileged: "true" }, [said.privileged("privileged")]],
    [{ privileged: false, publishAllPorts: "false" }, []],
    [{ networkMode: "host" }, [said.namespace("networkMode", "network")]],
    [
      { networksAdvanced: [{ name: "fleet" }, { name: "host" }] },
      [said.namespace("networksAdvanced[1].name", "network")],
    ],
    [{ pidMode: "host" }, [said.namespace("pidMode", "processes")]],
    [{ ipcMode: "host" }, [said.namespace("ipcMode", "shared memory")]],
    [{ usernsMode: "host" }, [said.namespace("usernsMode", "users")]],
    [{ cgroupnsMode: "host" }, [said.namespace("cgroupnsMode", "control groups")]],
    [{ networkMode: "none", ipcMode: "private", pidMode: "", cgroupnsMode: "private" }, []],
    [{ networkMode: "container:other" }, [shared("networkMode", "network")]],
    [{ pidMode: "container:other" }, [shared("pidMode", "processes")]],
    [{ volumes: [{ fromContainer: "other" }] }, [shared("volumes[0].fromContainer", "volumes")]],
    [{ volumes: [{ fromContainer: "", hostPath: "", volumeName: "data" }] }, []],
    [
      { capabilities: { adds: ["CHOWN", "CAP_SYS_ADMIN", "net_admin", "ALL"], drops: ["ALL"] } },
      ["CAP_SYS_ADMIN", "net_admin", "ALL"].map((name, index) =>
        privilege(
          "capability",
          `capabilities.adds[${index + 1}]`,
          `the container has the capability "${name}" added`,
        ),
      ),
    ],
    [
      { devices: [{ hostPath: "/dev/kvm" }], deviceCgroupRules: ["c 1:3 mr"] },
      [
        privilege("device", "deviceCgroupRules[0]", 'the container has the device "c 1:3 mr" of its host'),
        privilege("device", "devices[0].hostPath", 'the container has the device "/dev/kvm" of its host'),
      ],
    ],
    ...[
      "seccomp=unconfined",
      "seccomp:unconfined",
      "AppArmor=unconfined",
      "label=disable",
      "label:type:spc_t",
      "systempaths=unconfined",
      "no-new-privileges=false",
    ].map((option): [object, string[]] => [
      { securityOpts: [option] },
      [said.unconfined("securityOpts[0]", option)],
    ]),
    [
      {
        securityOpts: [
          "no-new-privileges",
          "no-new-privileges=true",
          "label=level:s0",
          "apparmor=docker-default",
          "x=unconfined",
        ],
      },
      [],
    ],
  ])("%j", (props, said) => {
    expect(of(props)).toEqual(said);
  });

  test("holds for the services of a swarm too", () => {
    const service = (containerSpec: object, more: object = {}, task: object = {}) =>
      privileges({
        type: "docker:index/service:Service",
        props: { taskSpec: { containerSpec: { image: "x", ...containerSpec }, ...task }, ...more },
      });
    expect(service({ capAdds: ["SYS_ADMIN"], privileges: { seLinuxContext: { disable: true } } })).toEqual([
      privilege(
        "capability",
        "taskSpec.containerSpec.capAdds[0]",
        'the container has the capability "SYS_ADMIN" added',
      ),
      said.unconfined("taskSpec.containerSpec.privileges.seLinuxContext.disable", "label=disable"),
    ]);
    expect(service({ mounts: [{ type: "bind", source: "/var/run/docker.sock", target: "/x" }] })).toEqual([
      said.socket("taskSpec.containerSpec.mounts[0].source", "/var/run/docker.sock"),
    ]);
    expect(service({}, {}, { networksAdvanceds: [{ name: "host" }] })).toEqual([
      said.namespace("taskSpec.networksAdvanceds[0].name", "network"),
    ]);
    expect(service({}, { endpointSpec: { ports: [{ targetPort: 80 }] } })).toEqual([
      privilege(
        "publicBind",
        "endpointSpec.ports[0]",
        "the port is published on every node",
        "no published port; the ingress reaches the service by its network",
      ),
    ]);
    const labels = [{ label: "managed-by", value: "claworc" }];
    const _managed = (path: string) =>
      privilege("managedContainer", path, 'the label says that the control plane "claworc" manages it');
    expect(service({ labels }, { labels })).toEqual([
      said.managed("labels[0].value"),
      said.managed("taskSpec.containerSpec.labels[0].value"),
    ]);
    expect(service({ mounts: [{ type: "volume", source: "data", target: "/x" }] })).toEqual([]);
  });

  test("holds for what a plugin is granted", () => {
    const plugin = (props: object) => privileges({ type: "docker:index/plugin:Plugin", props });
    const why = "a later version of it may ask for the whole host";
    expect(plugin({ grantAllPermissions: true })).toEqual([
      `[least-privilege] web grantAllPermissions: the plugin is granted whatever it asks for. Why: ${why}. Write: grantPermissions with what this version needs.`,
    ]);
    expect(plugin({ grantAllPermissions: false })).toEqual([]);
  });
});

describe("ports", () => {
  test.each([undefined, "", "0.0.0.0", "::", "[::]", "0", "0:0:0:0:0:0:0:0", "::ffff:0.0.0.0"])(
    "on all addresses are refused: %j",
    (ip) => {
      const port = ip === undefined ? { internal: 80 } : { internal: 80, ip };
      expect(of({ ports: [port] })).toEqual([
        said.open(ip === undefined ? "ports[0]" : "ports[0].ip", ip ?? ""),
      ]);
    },
  );

  test.each(["127.0.0.1", "127.1.2.3", "::1", "[::1]"])("on the loopback pass: %s", (ip) => {
    expect(of({ ports: [{ internal: 80, ip }] })).toEqual([]);
  });

  test.each(["10.0.0.5", "192.168.1.1", "fe80::1", "1270.0.0.1"])(
    "on one other address are said: %s",
    (ip) => {
      expect(of({ ports: [{ internal: 80, ip }] })).toEqual([
        privilege("openBind", "ports[0].ip", `the port is published on the address ${JSON.stringify(ip)}`),
      ]);
    },
  );

  test("of the whole image are refused", () => {
    expect(of({ publishAllPorts: true })).toEqual([
      privilege(
        "publicBind",
        "publishAllPorts",
        "all ports of the image are published on all addresses of the host",
        "ports with the ip 127.0.0.1, or none behind the ingress",
      ),
    ]);
  });
});

describe("a container that a control plane manages", () => {
  test("is told by its label, and is not ours", () => {
    for (const value of ["clawforce", "claworc", "Claworc"])
      expect(
        of({
          labels: [
            { label: "instance", value: "bot-a" },
            { label: "managed-by", value },
          ],
        }),
      ).toEqual([
        privilege(
          "managedContainer",
          "labels[1].value",
          `the label says that the control plane "${value}" manages it`,
        ),
      ]);
    for (const label of ["managed-by", "app.kubernetes.io/managed-by"])
      expect(of({ labels: [{ label, value: "helm" }] })).toEqual([]);
  });
});

describe("what can't be read", () => {
  const isOn = "true or false";
  test.each([
    ["privileged", isOn],
    ["publishAllPorts", isOn],
    ["networkMode", "text"],
    ["pidMode", "text"],
    ["ipcMode", "text"],
    ["usernsMode", "text"],
    ["cgroupnsMode", "text"],
    ["capabilities.adds[]", "text"],
    ["devices[].hostPath", "text"],
    ["deviceCgroupRules[]", "text"],
    ["securityOpts[]", "text"],
    ["networksAdvanced[].name", "text"],
    ["volumes[].hostPath", "text"],
    ["volumes[].volumeName", "text"],
    ["volumes[].containerPath", "text"],
    ["volumes[].readOnly", isOn],
    ["volumes[].fromContainer", "text"],
    ["mounts[].source", "text"],
    ["mounts[].target", "text"],
    ["mounts[].readOnly", isOn],
    ["ports[].ip", "text"],
    ["labels[].label", "text"],
  ])("is refused, beside all the rest: unknown or malformed at %s", (path, shape) => {
    const parts = path.split(".");
    for (let length = parts.length; length > 0; length--) {
      const way = parts.slice(0, length).join(".");
      for (const each of new Set([way, way.replace(/\[\]$/, "")])) {
        const at = each.replaceAll("[]", "[0]");
        const rest = path === "privileged" ? { pidMode: "host" } : { privileged: true };
        const found = of({ ...built(each, unknownText), ...rest });
        expect(found, each).toContain(privilege("unknown", at));
        expect(found, each).toContain(of(rest)[0]);
        const isItem = ["volumes[]", "mounts[]", "ports[]", "labels[]"].includes(each);
        const wanted = each === path ? shape : isItem ? "object" : "list or object";
        expect(of({ ...built(each, 5), ...rest }), each).toContain(said.malformed(at, wanted));
      }
    }
  });

  test("of the environment is a warning when it is unknown, and a refusal when it is malformed", () => {
    expect(of({ envs: unknownText })).toEqual([privilege("unknownEntry", "envs")]);
    expect(of({ envs: ["A=1", unknownText, "NONE"] })).toEqual([privilege("unknownEntry", "envs[1]")]);
    expect(of({ envs: { A: "1" } })).toEqual([said.malformed("envs", "list")]);
    expect(of({ envs: [5] })).toEqual([said.malformed("envs[0]", "text")]);
    const task = (env: unknown) =>
      privileges({
        type: "docker:index/service:Service",
        props: { taskSpec: { containerSpec: { image: "x", env } } },
      });
    expect(task(unknownText)).toEqual([privilege("unknownEntry", "taskSpec.containerSpec.env")]);
    expect(task(["A=1"])).toEqual([said.malformed("taskSpec.containerSpec.env", "object")]);
  });

  test("of the label that names a manager is refused", () => {
    expect(of({ labels: [{ label: "managed-by", value: unknownText }] })).toEqual([
      privilege("unknown", "labels[0].value"),
    ]);
    expect(of({ labels: [{ label: "other", value: unknownText }] })).toEqual([]);
  });
});

describe("the configuration of least-privilege", () => {
  const props = {
    privileged: true,
    envs: [unknownText],
    networkMode: unknownText,
    capabilities: { adds: ["SYS_NICE", "CHOWN"] },
  };
  const nice = privilege(
    "capability",
    "capabilities.adds[0]",
    'the container has the capability "SYS_NICE" added',
  );
  const isPrivileged = said.privileged("privileged");
  const unknowns = [privilege("unknownEntry", "envs[0]"), privilege("unknown", "networkMode")];
  const given = (config: object) => privileges({ type: "docker:index/container:Container", props }, config);

  test("names the capabilities that may be added", () => {
    expect(given({})).toEqual([nice, ...unknowns, isPrivileged]);
    expect(given({ capabilities: ["cap_sys_nice", "CHOWN"] })).toEqual([...unknowns, isPrivileged]);
    expect(given({ capabilities: [] })).toContain(
      privilege("capability", "capabilities.adds[1]", 'the container has the capability "CHOWN" added'),
    );
  });

  test("exempts a resource from all but what nobody can know, until a day", () => {
    const exemptions = [{ resource: "web", reason: "CHG-1207", expires: "2999-12-31" }];
    expect(given({ exemptions })).toEqual(unknowns);
    const ended = [{ resource: "web", reason: "CHG-1207", expires: "2020-12-31" }];
    expect(given({ exemptions: ended })).toContain(
      `${isPrivileged} Its exemption ("CHG-1207") ended on 2020-12-31.`,
    );
    expect(given({ exemptions: [{ resource: "we", reason: "x", expires: "2999-12-31" }] })).toContain(
      isPrivileged,
    );
  });

  test("leaves resources of other providers alone", () => {
    expect(privileges({ type: "gcp:compute/instance:Instance", props })).toEqual([]);
    expect(privileges({ type: "docker:index/network:Network", props })).toEqual([]);
  });
});
