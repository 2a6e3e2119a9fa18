import { z } from "zod";
import { doc, form, localPath } from "../../config/fields.ts";
import { seconds } from "../../config/units.ts";

const dockerHost = z
  .string()
  .regex(
    /^(unix:\/\/\/[^\s?#]+|tcp:\/\/([\w.-]+|\[[\da-fA-F:]+\]):\d{1,5}|ssh:\/\/(\w[\w.-]*@)?(\w[\w.-]*|\[[\da-fA-F:]+\])(:\d{1,5})?(\/[\w./-]*)?)$/,
    form("Docker host", "Write unix:///PATH, tcp://NAME:PORT or ssh://USER@NAME"),
  );

export const dockerSettings = z
  .strictObject({
    kind: z.literal("docker").describe("Kind of the platform."),
    host: dockerHost
      .default("unix:///var/run/docker.sock")
      .meta(
        doc(
          "Address of the Docker engine that the stack runs on: `unix://`, `ssh://` or `tcp://`.",
          "ssh://deploy@docker-1.example.com",
        ),
      ),
    ssh: z
      .strictObject({
        identityFile: localPath
          .optional()
          .meta(
            doc(
              "Private key without a passphrase. Default: the keys that ssh finds by itself, those of its agent first.",
              "~/.ssh/deploy",
            ),
          ),
        knownHosts: localPath
          .optional()
          .meta(
            doc(
              "File with the key of the Docker host. A host with another key is refused. Default: `~/.ssh/known_hosts`.",
              "/etc/clawforce/known_hosts",
            ),
          ),
      })
      .optional()
      .describe("How to reach an `ssh://` host. OpenSSH's own client is used, with its configuration."),
    tls: z
      .strictObject({
        certPath: localPath.meta(
          doc("Folder with `ca.pem`, `cert.pem` and `key.pem`.", "/etc/clawforce/docker-1"),
        ),
      })
      .optional()
      .describe(
        "Certificates for a `tcp://` host. Default: DOCKER_CERT_PATH and DOCKER_TLS_VERIFY, as with the docker command.",
      ),
    answer: seconds
      .optional()
      .meta(
        doc(
          "How long the Docker engine may take to answer a question. A change gets four times as long. Default: `30s`.",
          "1m",
        ),
      ),
  })
  .refine(
    ({ host, ssh }) => ssh === undefined || host.startsWith("ssh://"),
    "`ssh` is given, but `host` is none of ssh://. Take `ssh` out, or write ssh://USER@NAME",
  )
  .refine(
    ({ host, tls }) => tls === undefined || host.startsWith("tcp://"),
    "`tls` is given, but `host` is none of tcp://. Take `tls` out, or write tcp://NAME:PORT",
  );

export type DockerSettings = z.output<typeof dockerSettings>;
