/** What a failing test leaves in its report, and what a manifest of another dataset is told. */

import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, test } from "@playwright/test";

const PLAYWRIGHT = ["npx", "playwright", "test", "--project", "failing", "--reporter", "json"];

/** Runs a command here; returns its exit code and the only result in Playwright's report. */
async function result([program = "", ...args]: string[], env: Record<string, string> = {}) {
  const options = { cwd: join(__dirname, ".."), env: { ...process.env, ...env, PLAYWRIGHT_FORCE_TTY: "0" } };
  const [code, out] = await new Promise<[unknown, string]>((resolve) => {
    execFile(program, args, options, (error, stdout) => resolve([error?.code ?? 0, stdout]));
  });
  const report = JSON.parse(out.slice(out.indexOf("{\n")));
  return { code, ...report.suites[0].specs[0].tests[0].results[0] };
}

test("a failing test tells what it has changed, in its report", async () => {
  const { code, attachments } = await result(PLAYWRIGHT);
  expect(code).toBe(1);
  const [text, json] = attachments.filter(({ name }: { name: string }) => name.startsWith("what the test changed"));
  expect(Buffer.from(text.body, "base64").toString()).toMatch(
    /^removed {2}flyers_favorite {2}power>flyer_\d+\nmade {5}users_follow {2}power -> user_001\n$/,
  );
  const plan = JSON.parse(Buffer.from(json.body, "base64").toString());
  expect(plan.debris).toHaveLength(1);
});

test("a manifest of another dataset is told what to do", async () => {
  const folder = await mkdtemp(join(tmpdir(), "seedbed-"));
  const places = ["--db", `sqlite:${folder}/other.sqlite3`, "--media", `${folder}/media`, "--report", `${folder}/report`];
  const run = [process.env["SEEDBED"]!, "run", "m03", "--seed", "2", ...places, "--quiet", "--", ...PLAYWRIGHT];
  const { code, error } = await result(run, { POCKITFLYER_SQLITE: `${folder}/other.sqlite3` });
  await rm(folder, { recursive: true });
  expect(code).toBe(1);
  expect(error.message).toContain("the database has another dataset than manifest.ts speaks of");
  expect(error.message).toContain("help: seedbed manifest m03 --format ts --out manifest.ts");
});
