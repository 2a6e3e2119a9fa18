import { z } from "zod";
import { doc, name, port } from "./fields.ts";
import { pinnedImage } from "./image-reference.ts";
import { ipAddress } from "./publish.ts";
import { seconds } from "./units.ts";

export const ingress = z.strictObject({
  name: name.default("clawforce-ingress").meta(doc("Name of the proxy's container.", "proxy")),
  image: pinnedImage.meta(
    doc(
      "Image with kamal-proxy 0.9 and bash. `toolchain/images/kamal-proxy` builds one.",
      "registry.example.com/clawforce/kamal-proxy:0.9.2@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    ),
  ),
  publish: z
    .strictObject({
      address: ipAddress.default("127.0.0.1").meta(doc("IP address of the Docker host.", "0.0.0.0")),
      port: port.default(80).meta(doc("Port on that address.", 8080)),
    })
    .prefault({})
    .describe("Where requests come in on the Docker host, as HTTP."),
  hold: seconds
    .default(300)
    .meta(doc("Longest time that requests are held. After it they are answered with 503.", "10m")),
  drain: seconds
    .default(10)
    .meta(doc("How long requests under way may take to end when the hold begins.", "30s")),
});
