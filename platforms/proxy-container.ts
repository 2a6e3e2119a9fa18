/** What kamal-proxy's image is like, wherever it runs. */
export const proxyContainer = {
  /** Inside of it; below 1024 a user that is not root may not listen everywhere. */
  ports: { http: 8080, https: 8443, metrics: 9090 },
  /** Where both the maker's image and ours keep the services; the deadlines of holds stand beside them. */
  stateFolder: "/home/kamal-proxy/.config/kamal-proxy",
  /** It gives requests under way 10 s when it is stopped. Seconds. */
  stopGrace: 15,
  /** Fails where it does not answer. */
  healthCommand: ["kamal-proxy", "list"],
} as const;

/** What it reads its ports from. `METRICS_PORT` is for what waits while it holds: see platforms/proxies/kamal/scripts/metrics.sh. */
export const proxyEnvironment: Readonly<Record<string, string>> = {
  HTTP_PORT: String(proxyContainer.ports.http),
  HTTPS_PORT: String(proxyContainer.ports.https),
  METRICS_PORT: String(proxyContainer.ports.metrics),
};
