/**
 * The service that `seedbed run` and `seedbed serve` start, as one worker of a test runner sees it.
 *
 * Needs nothing but `fetch`. Each call is one verb, and its answer is what the command line prints
 * with `--format json`. Where the service is, and the token it asks for, come from the environment
 * that `seedbed run` hands to its command.
 */

export class Service {
  /** What an account that a test registers has in its e-mail: it is removed by this worker's reset. */
  readonly mark: string;
  /** The state that the last reset has asked for. */
  private state: string | undefined;

  constructor(
    readonly worker = 0,
    private readonly url = given("SEEDBED_URL"),
    private readonly secret = given("SEEDBED_TOKEN"),
  ) {
    this.mark = worker === 0 ? "" : `+w${worker}`;
  }

  /** The last test is undone, and told. With `state`, the dataset is that declared variant of it. */
  reset(state?: string): Promise<Difference> {
    this.state = state;
    return this.ask("POST", "reset", { state });
  }

  /** What has changed since the last reset; nothing is written. */
  plan(): Promise<Difference> {
    return this.ask("GET", "plan", { state: this.state });
  }

  /** Whether every row is as declared and every declared fact holds. */
  verify(): Promise<{ exit_code: number }> {
    return this.ask("GET", "verify");
  }

  /** What the application takes for proof that this is the persona. */
  async token(persona: string, wanted: { kind?: "valid" | "expired" | "malformed"; ttl?: number } = {}): Promise<string> {
    const { token } = await this.ask<{ token: string }>("POST", "token", { persona, ...wanted });
    return token;
  }

  private async ask<Answer>(method: "GET" | "POST", verb: string, wanted: object = {}): Promise<Answer> {
    const said = JSON.stringify({ ...wanted, worker: this.worker });
    const query = method === "GET" ? `?${new URLSearchParams(JSON.parse(said))}` : "";
    const response = await fetch(`${this.url}/v1/${verb}${query}`, {
      method,
      headers: { Authorization: `Bearer ${this.secret}`, "Content-Type": "application/json" },
      ...(method === "POST" && { body: said }),
    });
    const answer = await response.json();
    if (!response.ok) {
      const { message, details = [], help = [] } = answer.error;
      const lines = [...details, ...help.map((line: string) => `help: ${line}`)];
      throw new Error([`seedbed ${verb}: ${message}`, ...lines].join("\n  "));
    }
    return answer;
  }
}

function given(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set; start the tests with \`seedbed run SCENARIO -- COMMAND\``);
  return value;
}

/** What `plan` finds different from the dataset, and what `reset` has undone. */
export interface Difference {
  exit_code: number;
  dataset: { digest: string; worker: number; scenarios: string[] };
  plan: {
    tables: { table: string; inserts: { row: string }[]; updates: Update[]; deletes: { label: string }[] }[];
    debris: { table: string; label: string }[];
    files: { write: string[]; remove: string[] };
  };
}

interface Update {
  row: string;
  clock_only: boolean;
  changes: { column: string; before: unknown; after: unknown }[];
  /** Columns whose values are told to nobody: passwords and tokens. */
  not_shown?: string[];
}

/** No more lines are told. */
const LONGEST = 100;

/** What a test did, a line for each row and file; empty when it left everything as it was. */
export function told({ plan }: Difference): string {
  const rows = plan.tables.flatMap(({ table, inserts, updates, deletes }) => [
    ...inserts.map(({ row }) => `removed  ${table}  ${row}`),
    ...updates.filter((update) => !update.clock_only).map((update) => `changed  ${table}  ${changes(update)}`),
    ...deletes.map(({ label }) => `made     ${table}  ${label}`),
  ]);
  const made = plan.debris.map(({ table, label }) => `made     ${table}  ${label}`);
  const files = [
    ...plan.files.write.map((path) => `changed  file  ${path}`),
    ...plan.files.remove.map((path) => `made     file  ${path}`),
  ];
  const lines = [...rows, ...made, ...files];
  const more = lines.length - LONGEST;
  if (more > 0) lines.splice(LONGEST, more, `... and ${more} more`);
  return lines.map((line) => line + "\n").join("");
}

function changes({ row, changes, not_shown = [] }: Update): string {
  const cell = (value: unknown) => {
    const text = JSON.stringify(value);
    return text.length > 40 ? `${text.slice(0, 36)}..."` : text;
  };
  const told = changes.map(({ column, before, after }) =>
    not_shown.includes(column) ? `${column} differs (not shown)` : `${column} ${cell(after)} -> ${cell(before)}`,
  );
  return `${row}: ${told.join(", ")}`;
}
