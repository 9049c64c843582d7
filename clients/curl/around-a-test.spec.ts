/** The commands of docs/testing.md, run as they stand there. */

import { execFileSync } from "node:child_process";
import { join } from "node:path";

import { expect, test } from "@playwright/test";

const SCRIPT = join(__dirname, "around-a-test.sh");

test("a reset, a state, a token and a plan, with curl alone", () => {
  const out = execFileSync("sh", [SCRIPT], { stdio: "pipe", encoding: "utf8" });
  // One object after the other, with nothing between them.
  const [whole, state, token, plan, ...more] = JSON.parse(`[${out.replaceAll("}{", "},{")}]`);
  expect(more).toEqual([]);
  expect([whole.exit_code, state.exit_code, token.exit_code, plan.exit_code]).toEqual([0, 0, 0, 0]);
  expect(state.state).toBe("active_follows_nobody");
  expect(token.token.split(".")).toHaveLength(3);
  expect(plan.plan.tables.map(({ table }: { table: string }) => table)).toEqual(["users_follow"]);
});

test("a wrong token is refused, and curl says so", () => {
  const env = { ...process.env, SEEDBED_TOKEN: "0".repeat(64) };
  expect(() => execFileSync("sh", [SCRIPT], { env, stdio: "pipe", encoding: "utf8" })).toThrow("401");
});
