import { describe, expect, test } from "vitest";
import { containerPrivileges as of, privilege, privileges, said } from "../policy/privileges.ts";
import { unknownText } from "../policy/props.ts";

test("a folder is known by its whole path from the root, not by how it ends", () => {
  const read = (hostPath: string) => of({ volumes: [{ hostPath, containerPath: "/x", readOnly: true }] });
  for (const hostPath of [
    "/proc/1/root/etc/pki",
    "/proc/1/root/usr/share/zoneinfo",
    "/etc/backup/etc/ssl/certs",
  ]) {
    expect(read(hostPath)).toEqual([said.folder("hostFolderRead", "volumes[0].hostPath", hostPath)]);
  }
  for (const hostPath of [
    "/usr/share/zoneinfo",
    "/usr/share/ca-certificates",
    "/etc/pki",
    "/srv/run/docker",
    "/srv/run/user/1000",
    "/srv/run/systemd",
    "/srv/var/lib/docker",
    "/srv/var/spool/cron",
    "/srv/home",
    "/srv/root",
    "/srv/pipe/docker_engine",
  ]) {
    expect(read(hostPath)).toEqual([]);
  }
});

describe("the socket of an engine", () => {
  test.each([
    "/var/run/docker.sock",
    "/run/docker.sock",
    "//var//run/./docker.sock",
    "/srv/../var/run/docker.sock/",
    "/tmp/elsewhere/docker.sock",
    "/run/user/1000/podman/podman.sock",
    "/run/containerd/containerd.sock",
    "/run/crio/crio.sock",
    " /var/run/Docker.sock ",
    "\\\\.\\pipe\\docker_engine",
  ])("is seen at %s", (hostPath) => {
    expect(of({ volumes: [{ hostPath, containerPath: "/x" }] })).toEqual([
      said.socket("volumes[0].hostPath", hostPath),
    ]);
    expect(of({ volumes: [{ hostPath, containerPath: "/x", readOnly: true }] })).toEqual([
      said.socket("volumes[0].hostPath", hostPath),
    ]);
    expect(of({ mounts: [{ type: "bind", source: hostPath, target: "/x" }] })).toEqual([
      said.socket("mounts[0].source", hostPath),
    ]);
  });

  test.each([
    "/",
    "//",
    "/run",
    "/var/run/",
    "/run/docker",
    "/run/containerd/x",
    "/run/user",
    "/run/user/1000",
    "/run/user/1000/podman",
    " /run",
    "\\\\run",
    "/proc/..",
  ])("is seen in the folder %s, also when it can only be read", (hostPath) => {
    expect(of({ volumes: [{ hostPath, containerPath: "/x", readOnly: true }] })).toEqual([
      said.socket("volumes[0].hostPath", hostPath, "holds"),
    ]);
  });

  test("is seen under another name: by its place inside, as a volume's name, as a volume of the engine's", () => {
    expect(of({ volumes: [{ hostPath: "/srv/link", containerPath: "/var/run/docker.sock" }] })).toEqual([
      said.socket("volumes[0].hostPath", "/srv/link"),
    ]);
    expect(of({ volumes: [{ volumeName: "/var/run/docker.sock", containerPath: "/x" }] })).toEqual([
      said.socket("volumes[0].volumeName", "/var/run/docker.sock"),
    ]);
    const volume = (driverOpts: object) =>
      privileges({ type: "docker:index/volume:Volume", props: { driverOpts } });
    expect(volume({ type: "none", o: "bind", device: "/var/run" })).toEqual([
      said.socket("driverOpts.device", "/var/run", "holds"),
    ]);
    expect(volume({ type: "none", o: "bind,ro", device: "/etc" })).toEqual([
      said.folder("hostFolderRead", "driverOpts.device", "/etc"),
    ]);
    expect(volume({ type: "ext4", device: "/dev/sda1" })).toEqual([
      said.folder("hostFolder", "driverOpts.device", "/dev/sda1"),
    ]);
    expect(volume({ type: "nfs", o: "addr=10.0.0.1,rw", device: ":/export" })).toEqual([]);
  });

  test.each(["DOCKER_HOST", "CLAWFORCE_DOCKER_HOST", "CONTAINER_HOST", "CONTAINERD_ADDRESS"])(
    "is not named by the variable %s",
    (name) => {
      const found = (path: string) =>
        privilege("engineAddress", path, `the variable "${name}" names a container engine`);
      expect(of({ envs: ["A=1", `${name}=tcp://10.0.0.1:2375`] })).toEqual([found("envs[1]")]);
      expect(of({ envs: [`${name}=`, "MYDOCKER_HOST=1", "DOCKER_HOSTS=1", "DB_HOST=1"] })).toEqual([]);
      const props = { taskSpec: { containerSpec: { image: "x", env: { [name]: unknownText } } } };
      expect(privileges({ type: "docker:index/service:Service", props })).toEqual([
        found(`taskSpec.containerSpec.env.${name}`),
      ]);
    },
  );
});

describe("folders of the host", () => {
  const volumes = (hostPath: string, readOnly?: boolean) =>
    of({ volumes: [{ hostPath, containerPath: "/x", ...(readOnly !== undefined && { readOnly }) }] });

  test.each([
    "/etc",
    "/etc/cron.d",
    "/proc",
    "/sys/fs",
    "/dev/mem",
    "/root",
    "/home",
    "/home/ann",
    "/var",
    "/var/lib",
    "/var/lib/docker/volumes",
    "/usr/local/bin",
    "/var/docker",
    "/run/systemd",
    "/run/dbus/system_bus_socket",
    "/var/spool/cron",
    "/home/ann/.ssh",
    "/srv/x/../../etc",
  ])("that take a host over are refused to write and said to read: %s", (hostPath) => {
    expect(volumes(hostPath)).toEqual([said.folder("hostFolder", "volumes[0].hostPath", hostPath)]);
    expect(volumes(hostPath, false)).toEqual([said.folder("hostFolder", "volumes[0].hostPath", hostPath)]);
    expect(volumes(hostPath, true)).toEqual([said.folder("hostFolderRead", "volumes[0].hostPath", hostPath)]);
  });

  test("are read by others only where nothing stands to be learned: no file beside the time zone's", () => {
    const read = (hostPath: string) => [said.folder("hostFolderRead", "volumes[0].hostPath", hostPath)];
    for (const hostPath of ["/etc/localtime/x", "/etc/timezone-secrets", "/proc/1/root/etc/localtime"]) {
      expect(volumes(hostPath, true)).toEqual(read(hostPath));
    }
  });

  test.each(["/etc/localtime", "/etc/ssl/certs", "/usr/share/zoneinfo/UTC"])(
    "may be read when they say nothing: %s",
    (hostPath) => {
      expect(volumes(hostPath, true)).toEqual([]);
      expect(volumes(hostPath)).toEqual([said.folder("hostFolder", "volumes[0].hostPath", hostPath)]);
    },
  );

  test.each([
    "/srv",
    "/srv/etc",
    "/opt/x",
    "/home/ann/.openclaw",
    "/root/data",
    "/etcetera",
    "/var/lib/openclaw",
    "/data/run",
    "/run/user/1000/app",
    "/run/users",
    "/var/lib/dockers",
    "relative",
    "etc",
    "x/etc",
    "/run/app",
  ])("of a container's own pass: %s", (hostPath) => expect(volumes(hostPath)).toEqual([]));
});
