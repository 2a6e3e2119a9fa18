import { defineBundledChannelEntry } from "openclaw/plugin-sdk/channel-entry-contract";

// biome-ignore lint/style/noDefaultExport: OpenClaw loads a plugin by its default export.
export default defineBundledChannelEntry({
  id: "clawforce-loopback",
  name: "Clawforce loopback",
  description: "A channel that talks to nothing but its own machine.",
  importMetaUrl: import.meta.url,
  plugin: { specifier: "./channel.js", exportName: "channel" },
});
