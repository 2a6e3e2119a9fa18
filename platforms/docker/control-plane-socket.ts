/** Where a control plane finds the Docker socket, inside of its container. */
export const socketInside = "/var/run/docker.sock";
