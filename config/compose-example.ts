/** What the official and the community Compose files of gateways set. */
export const composeExample = `services:
  gateway:
    image: ghcr.io/openclaw/openclaw:2026.4.23
    container_name: gateway_1
    entrypoint: [/usr/bin/tini, --]
    command: [openclaw, gateway, run]
    environment: {LOG_LEVEL: debug, MODEL_API_KEY: "\${MODEL_API_KEY}"}
    env_file: gateway.env
    volumes:
      - /srv/gateway/config:/home/node/.openclaw
      - /srv/gateway/workspace:/home/node/.openclaw/workspace
      - /srv/gateway/auth-secrets:/home/node/.config/openclaw
      - /srv/shared:/shared:ro
    secrets: [model_key]
    tmpfs: [/tmp]
    ports: ["0.0.0.0:18789:18789", "127.0.0.1:18790:18790"]
    networks: [gateway-net, ollama-net]
    extra_hosts: ["host.docker.internal:host-gateway"]
    cap_drop: [ALL]
    security_opt: ["no-new-privileges:true"]
    read_only: true
    gpus: all
    devices: [/dev/net/tun]
    ulimits: {nofile: 65536}
    cpus: 2
    mem_limit: 2g
    pids_limit: 512
    shm_size: 1gb
    user: "1000:1000"
    init: true
    labels: {traefik.enable: "true"}
    logging: {driver: json-file, options: {max-size: 10m, max-file: "3"}}
    restart: on-failure
    healthcheck: {test: ["CMD-SHELL", "curl -fsS http://127.0.0.1:18789/healthz || exit 1"]}
    stop_grace_period: 40s
  behind-a-vpn:
    image: ghcr.io/openclaw/openclaw:2026.4.23
    network_mode: service:tailscale
    volumes: ["behind-a-vpn:/home/node/.openclaw"]
secrets:
  model_key: {file: /srv/gateway/model_key}
`;

/** The same in a stack file. */
export const stackExample = `clawforce:agentImages:
  openclaw:
    stable: ghcr.io/openclaw/openclaw:2026.4.23@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
clawforce:instanceGroups:
  desk:
    agentImage: openclaw
    instances:
      - name: gateway-1
        containerName: gateway_1
        directory: /srv/gateway/config
        publish: "0.0.0.0:18789"
        aliases: [gateway]
        mounts:
          - {kind: bind, source: /srv/gateway/workspace, target: /home/node/.openclaw/workspace, state: true}
          - {kind: bind, source: /srv/gateway/auth-secrets, target: /home/node/.config/openclaw, state: true}
        adopt: gateway_1
    stopGrace: 40s
    container:
      entrypoint: [/usr/bin/tini, --]
      command: [openclaw, gateway, run]
      environment: {LOG_LEVEL: debug}
      secrets: {MODEL_API_KEY: model-api-key}
      envFile: gateway.env
      mounts:
        - {kind: bind, source: /srv/shared, target: /shared, readOnly: true}
        - {kind: bind, source: /srv/gateway/model_key, target: /run/secrets/model_key, readOnly: true}
        - {kind: tmpfs, target: /tmp}
      ports:
        - {container: 18790, host: 18790}
      network: gateway-net
      networks:
        - {name: gateway-net, existing: true}
        - {name: ollama-net, existing: true}
      extraHosts: {host.docker.internal: host-gateway}
      capabilities: {drop: [ALL]}
      securityOptions: ["no-new-privileges:true"]
      readOnly: true
      gpus: all
      devices:
        - {host: /dev/net/tun}
      ulimits: {nofile: 65536}
      cpus: 2
      memory: 2 GiB
      shmSize: 1 GiB
      user: "1000:1000"
      init: true
      labels: {traefik.enable: "true"}
      logging: {driver: json-file, options: {max-size: 10m, max-file: "3"}}
      restart: on-failure
      health:
        command: [sh, -c, "curl -fsS http://127.0.0.1:18789/healthz || exit 1"]
      options: {cgroupParent: gateways.slice}        # pids_limit: TasksMax=512 in that slice of the host
  behind-a-vpn:
    agentImage: openclaw
    instances:
      - {name: behind-a-vpn, volume: openclaw_behind-a-vpn, adopt: openclaw-behind-a-vpn-1}
    container:
      networkMode: container:openclaw-tailscale-1
`;

/** The section of the page. */
export const composeSection = `## A Compose file beside a stack file

What a Compose file says of gateways:

\`\`\`yaml
${composeExample}\`\`\`

The same in a stack file. [\`fleet adopt\`](adopt.md) prints most of it:

\`\`\`yaml
${stackExample}\`\`\`

- \`network_mode: host\` and \`none\` are \`networkMode: host\` and \`none\`. \`service:NAME\` is \`container:\` with the name of that service's container.
- A name with \`_\` or capital letters is \`containerName\`, for an instance can't be called so.
- \`pids_limit\` has no input in the Docker provider. A slice of the host with \`TasksMax\` limits all containers in it together.
- A secret of Compose is a file of the host. In a stack file it is a mount that is read-only, or better a variable under \`secrets\`.
- \`\${…}\` is not read in an \`envFile\`, and quotes there stay.
- \`build\` is not ours to do. Push the image, and name it with its digest.
`;
