/** The example for pytest, run as its readers run it. */

import { execFileSync } from "node:child_process";

import { expect, test } from "@playwright/test";

import { manifest } from "../manifest";
import { Service, told } from "../seedbed";

test("pytest finds the service, and the names in it", () => {
  const args = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:django", "--rootdir", __dirname, __dirname];
  expect(execFileSync(process.env["PYTHON"]!, args, { encoding: "utf8" })).toContain("2 passed");
});

test("what a test has changed is told in the same words in both languages", async ({ request }) => {
  const service = new Service();
  await service.reset();
  const { email, password } = manifest().personas.power;
  const login = await request.post(`${process.env["BACKEND"]}/api/v1/auth/login/`, { data: { email, password } });
  const headers = { Authorization: `Bearer ${(await login.json()).token}` };
  const url = `${process.env["BACKEND"]}/api/v1/follows/`;
  const { user_001, user_002, prolific } = manifest().personas;
  for (const { id } of [user_001, user_002]) await request.post(url, { headers, data: { followed_id: id } });
  await request.delete(`${url}${prolific.id}/`, { headers });

  const plan = await service.plan();
  const program = "import json, sys; from seedbed.difference import told; print(told(json.load(sys.stdin)['plan']), end='')";
  const words = execFileSync(process.env["PYTHON"]!, ["-c", program], { input: JSON.stringify(plan), encoding: "utf8" });
  expect(words).toBe(told(plan));
  expect(words.split("\n").map((line) => line.split(" ")[0])).toEqual(["changed", "removed", "made", "made", ""]);
});
