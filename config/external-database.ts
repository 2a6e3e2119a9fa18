/** What Clawforce calls the variable of its database, and what the program that it comes from does. */
const variables = ["CLAWFORCE_DATABASE", "CLAWORC_DATABASE"];

/** The variable that puts a control plane's database on a server: no snapshot of its data would have it. */
export function externalDatabase(value: (variable: string) => unknown): string | undefined {
  return variables.find((variable) =>
    /^\s*(postgres|pgx|mysql|mariadb)/i.test(String(value(variable) ?? "")),
  );
}

/** What is wrong with that, and what to do. */
export function externalDatabaseText(variable: string): string {
  return (
    `${variable} names a database on a server. Snapshots of its data would be without it, so going back would not take it back. ` +
    "Update this control plane by hand, with a backup of that database. Or let it have its SQLite database."
  );
}
