import { describe, expect, test } from "vitest";
import { keepSecretMarks } from "../../policies/secret-marks.ts";
import { privilege, privileges, received, said, secret } from "../policy/privileges.ts";
import { built, unknownText } from "../policy/props.ts";

keepSecretMarks();

const of = (type: string, props: object) => privileges({ type: `kubernetes:${type}`, props });
const { plain } = said;

describe("values without a map", () => {
  const opaque = [
    "advisory: A container has no more than its work takes\n[least-privilege] web chart: nobody can see here what the chart makes of its values. Why: a policy sees the values of a release, not its chart and files. Write: nothing, if you have read what the chart makes; helm template shows it.",
  ];
  const release = (values: unknown) => {
    const said = privileges({
      type: "kubernetes:helm.sh/v3:Release",
      props: received({ chart: "x", values }),
    });
    expect(said).toContain(opaque[0]);
    return said.filter((each) => each !== opaque[0]);
  };
  const inSecret =
    "a reference to a Secret of the cluster, or a value that is a secret of the stack's configuration";

  test.each<[values: unknown, said: string[]]>([
    [
      { agent: { securityContext: { privileged: true } } },
      [said.privileged("values.agent.securityContext.privileged")],
    ],
    [{ privileged: "true", other: { privileged: false } }, [said.privileged("values.privileged")]],
    [{ win: { hostProcess: true } }, [said.privileged("values.win.hostProcess")]],
    [
      { hostNetwork: true, a: [{ hostPID: true }] },
      [said.namespace("values.a[0].hostPID", "processes"), said.namespace("values.hostNetwork", "network")],
    ],
    [{ hostIPC: true }, [said.namespace("values.hostIPC", "shared memory")]],
    [
      { allowPrivilegeEscalation: true },
      [
        privilege(
          "escalation",
          "values.allowPrivilegeEscalation",
          "a process may get more rights than its parent",
        ),
      ],
    ],
    [
      { volumes: [{ hostPath: { path: "/var/run" } }] },
      [said.socket("values.volumes[0].hostPath.path", "/var/run", "holds")],
    ],
    [{ volumes: [{ hostPath: "/etc" }] }, [said.folder("hostFolder", "values.volumes[0].hostPath", "/etc")]],
    [
      { docker: { sock: "/var/run/docker.sock" } },
      [said.socket("values.docker.sock", "/var/run/docker.sock")],
    ],
    [
      { capabilities: { add: ["SYS_ADMIN", "CHOWN"] } },
      [
        privilege(
          "capability",
          "values.capabilities.add[0]",
          'the container has the capability "SYS_ADMIN" added',
        ),
      ],
    ],
    [
      { hostPort: 80 },
      [privilege("publicBind", "values.hostPort", 'the port is published on all addresses of the host ("")')],
    ],
    ...["values.service.type", "values.serviceType", "values.webService.type"].map(
      (path): [unknown, string[]] => [
        (built(path, "LoadBalancer") as { values: unknown }).values,
        [
          privilege(
            "publicBind",
            path,
            'the service is open outside of the cluster ("LoadBalancer")',
            "type: ClusterIP, and an Ingress in front",
          ),
        ],
      ],
    ),
    [
      { seccompProfile: { type: "Unconfined" } },
      [said.unconfined("values.seccompProfile.type", "seccompProfile: Unconfined")],
    ],
    [{ auth: { adminPassword: "hunter2" } }, [plain("values.auth.adminPassword", "adminPassword", inSecret)]],
    [{ env: [{ name: "A_TOKEN", value: "hunter2" }] }, [plain("values.env[0].value", "A_TOKEN", inSecret)]],
    [
      { auth: secret({ adminPassword: "hunter2" }), env: [{ name: "A_TOKEN", value: secret("hunter2") }] },
      [],
    ],
    [{ auth: { existingSecret: "a", secretKey: "b", passwordKey: "c", credentials: "d", password: "" } }, []],
    [
      {
        service: { type: "ClusterIP" },
        other: { type: "LoadBalancer" },
        hostPort: 0,
        hostPath: "/srv/x",
        path: "/etc",
      },
      [],
    ],
    [{ privileged: unknownText }, [privilege("unknown", "values.privileged")]],
    [{ a: unknownText }, [privilege("unknownEntry", "values.a")]],
    [unknownText, [privilege("unknownEntry", "values")]],
  ])("of a Helm release are searched by name: %j", (values, said) => {
    expect(release(values)).toEqual(said);
  });

  test("of a custom resource, and of a type that nobody has mapped, are searched too", () => {
    const props = { spec: { template: { spec: { hostNetwork: true } } }, status: { hostNetwork: true } };
    for (const type of [
      "kubernetes:argoproj.io/v1alpha1:Rollout",
      "kubernetes:apps/v9:Deployment",
      "docker:index/pod:Pod",
    ])
      expect(privileges({ type, props: { spec: props.spec } }), type).toEqual([
        said.namespace("spec.template.spec.hostNetwork", "network"),
      ]);
    expect(of("argoproj.io/v1alpha1:Rollout", props)).toEqual([
      said.namespace("spec.template.spec.hostNetwork", "network"),
    ]);
    expect(of("argoproj.io/v1alpha1:Rollout", { spec: unknownText })).toEqual([
      privilege("unknownEntry", "spec"),
    ]);
    for (const type of [
      "helm.sh/v3:Chart",
      "helm.sh/v4:Chart",
      "yaml/v2:ConfigGroup",
      "yaml:ConfigFile",
      "kustomize/v2:Directory",
      "apiextensions.k8s.io/v1:CustomResourceDefinition",
    ])
      expect(of(type, props), type).toEqual([]);
  });

  test("hide nothing below the depth that is searched", () => {
    let nested: object = { hostNetwork: true };
    for (let depth = 0; depth < 100; depth++) nested = { below: nested };
    expect(release(nested)).toEqual([privilege("unknownEntry", `values${".below".repeat(65)}`)]);
  });
});
