/** What the stand-in of the control plane can be: 1.4.1 and 1.4.2 share a database schema, 1.5.0 moves it without a word in user_version. */
const controlPlaneVersions = ["1.4.1", "1.4.2", "1.5.0"] as const;

export type ControlPlaneVersion = (typeof controlPlaneVersions)[number];
