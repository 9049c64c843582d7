// The page in a real browser, beside a database that is damaged and mended.

import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { createRequire } from "node:module";
import { World } from "./world.mjs";

const AXE = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const POWER = "test_user_power@pockitflyer.test";

let world;
before(async () => { world = await World.begin(); });
after(async () => { await world.end(); });
beforeEach(async () => {
  for (const context of world.browser.contexts()) await context.close();
  await world.ask("/v1/seed", {});
  await world.ask("/v1/reset", {});
});

const stateOf = (page) => page.locator("#state strong");
const clipboard = (page) => page.evaluate(() => navigator.clipboard.readText());
const untilState = (page, word) => page.locator(`#state strong:text-is("${word}")`).waitFor();

function damage() {
  const [[power]] = world.sql("SELECT id FROM users_user WHERE email = ?", POWER);
  const [[favorite]] = world.sql("SELECT id FROM flyers_favorite WHERE user_id = ? ORDER BY id LIMIT 1", power);
  world.sql("DELETE FROM flyers_favorite WHERE id = ?", favorite);
  world.sql("UPDATE flyers_flyer SET title = 'damaged <b>here</b>' WHERE id = 1100000017");
  return favorite;
}

async function axe(page) {
  // The policy of the page lets no script in but its own, so the checker comes by the browser's own door.
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  return violations.map((one) => `${one.id}: ${one.nodes.slice(0, 3).map((node) => node.html).join(" ")}`);
}

async function openAll(page) {
  await page.evaluate(() => document.querySelectorAll("details").forEach((part) => { part.open = true; }));
}

test("damage appears without a reload, a button undoes it, and it is gone", async () => {
  const page = await world.page();
  await page.evaluate(() => { globalThis.kept = true; });
  assert.equal(await stateOf(page).textContent(), "IN SYNC");
  damage();
  await untilState(page, "CHANGED");
  await page.locator("#changes", { hasText: "damaged <b>here</b>" }).waitFor();
  assert.equal(await page.locator("#changes b").count(), 0, "what a test wrote is text, not markup");
  assert.match(await page.locator("#checks h3").textContent(), /does not hold/);
  await page.getByRole("button", { name: "Reset" }).click();
  await untilState(page, "IN SYNC");
  assert.match(await page.locator("#changes").textContent(), /Nothing\./);
  assert.match(await page.locator("#last summary").textContent(), /last: reset/);
  assert.match(await page.locator("#last pre").textContent(), /flyers_favorite/);
  assert.equal(await page.evaluate(() => globalThis.kept), true, "the page was not loaded again");
  assert.equal(world.sql("SELECT title FROM flyers_flyer WHERE id = 1100000017")[0][0].includes("damaged"), false);
  assert.deepEqual(page.wrong, []);
});

test("a hidden page asks for nothing, and looks at once when it is shown again", async () => {
  const page = await world.page({ clock: true });
  await page.clock.fastForward(1100);
  await page.waitForResponse(/\/v1\/plan/);
  const turn = (hidden) => page.evaluate((hidden) => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
    document.dispatchEvent(new Event("visibilitychange"));
  }, hidden);
  await turn(true);
  await page.waitForLoadState("networkidle");
  const before = page.asked.length;
  for (let seconds = 0; seconds < 10; seconds += 1) await page.clock.fastForward(1000);
  await page.evaluate(() => fetch("/assets/page.css"));
  assert.deepEqual(page.asked.slice(before).map((url) => new URL(url).pathname), ["/assets/page.css"]);
  const looked = page.waitForRequest(/\/v1\/plan/);
  await turn(false);
  await looked;
});

test("email, password and id are copied by a click and by keyboard", async () => {
  const page = await world.page();
  const power = page.locator('.person[data-name="power"]');
  await power.getByRole("button", { name: /email of power/ }).click();
  assert.equal(await clipboard(page), POWER);
  const password = power.getByRole("button", { name: /password of power/ });
  await password.focus();
  await page.keyboard.press("Enter");
  await page.locator('.person[data-name="power"] [data-done]').nth(1).waitFor();
  assert.equal(await clipboard(page), "TestPass123!");
});

test("a copied token is good for the application, and is never shown", async () => {
  const page = await world.page();
  const backend = await world.backend();
  const copied = async (kind) => {
    const button = page.locator(`.person[data-name="power"] .token[data-kind="${kind}"]`);
    await button.click();
    await button.and(page.locator("[data-done]")).waitFor();
    return await clipboard(page);
  };
  const asked = async (token) => (await fetch(`${backend}/api/v1/users/me/privacy-settings/`, { headers: { Authorization: `Bearer ${token}` } })).status;
  const token = await copied("valid");
  assert.equal(await asked(token), 200);
  assert.equal(await asked(await copied("expired")), 401);
  assert.equal(await asked(await copied("malformed")), 401);
  assert.equal((await page.content()).includes(token), false);
});

test("what the application answered is compared: the same, missing, too much, another order", async () => {
  const page = await world.page();
  await page.locator("#choice [name=who]").selectOption("power");
  await page.locator("#choice [name=list]").selectOption("favorites_feed");
  const list = page.locator(".list.chosen");
  const ids = JSON.parse(await list.getAttribute("data-ids"));
  assert.ok(ids.length > 3);
  await list.locator(".compare summary").click();
  const compared = async (text) => {
    await list.locator("textarea").fill(text);
    await list.getByRole("button", { name: "Compare" }).click();
    return await list.locator("output").innerText();
  };
  assert.match(await compared(JSON.stringify({ count: ids.length, results: ids.map((id) => ({ id, title: "x" })) })), /The same/);
  assert.match(await compared(ids.join("\n")), /The same/);
  const other = [ids[1], ids[0], ...ids.slice(3), 42];
  const answer = await compared(JSON.stringify(other));
  assert.match(answer, new RegExp(`1 missing: ${ids[2]}`));
  assert.match(answer, /1 too much: 42/);
  assert.match(answer, /2 in another order/);
  assert.match(await list.locator(`tr[data-id="${ids[2]}"]`).innerText(), /missing/);
  assert.match(await compared(""), new RegExp(`${ids.length} missing`));
});

test("a list is copied as the ids that the application should answer", async () => {
  const page = await world.page();
  await page.locator("#choice [name=who]").selectOption("everybody");
  await page.locator(".list.chosen").getByRole("button", { name: /copy ids/ }).click();
  const ids = JSON.parse(await clipboard(page));
  const feed = await world.ask("/v1/verify");
  assert.ok(feed.holds);
  assert.equal(ids.length, await page.locator(".list.chosen tr[data-id]").count());
});

test("cleanup asks, shows what would go, and goes only then", async () => {
  const page = await world.page();
  const rows = () => world.sql("SELECT count(*) FROM flyers_favorite WHERE id / 1000000 = 1300")[0][0];
  assert.equal(rows(), 50);
  await page.getByRole("button", { name: /Cleanup/ }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("users_follow").waitFor();
  assert.match(await dialog.innerText(), /80 to remove/);
  await page.keyboard.press("Escape");
  assert.equal(rows(), 50);
  await page.getByRole("button", { name: /Cleanup/ }).click();
  await dialog.getByRole("button", { name: "Keep it" }).click();
  assert.equal(rows(), 50);
  await page.getByRole("button", { name: /Cleanup/ }).click();
  await dialog.getByText("users_follow").waitFor();
  await dialog.getByRole("button", { name: "Clean up" }).click();
  await page.locator("#last summary", { hasText: "last: cleanup" }).waitFor();
  assert.equal(rows(), 0);
  assert.notEqual(await stateOf(page).textContent(), "IN SYNC");
  await page.getByRole("button", { name: "Seed", exact: true }).click();
  await untilState(page, "IN SYNC");
  assert.deepEqual(page.wrong, []);
});

test("while a verb runs the others wait", async () => {
  const page = await world.page();
  let go;
  const held = new Promise((resume) => { go = resume; });
  await page.route("**/v1/verify*", async (route) => { await held; await route.continue(); });
  await page.getByRole("button", { name: "Verify" }).click();
  await page.locator("#progress").waitFor({ state: "visible" });
  for (const name of ["Plan", "Seed", "Reset", "Verify"]) {
    assert.ok(await page.getByRole("button", { name, exact: true }).isDisabled(), name);
  }
  go();
  await page.locator("#progress").waitFor({ state: "hidden" });
  assert.ok(await page.getByRole("button", { name: "Reset" }).isEnabled());
});

test("everything is done by keyboard alone, and where one is can be seen", async () => {
  const page = await world.page();
  damage();
  await untilState(page, "CHANGED");
  const seen = new Set();
  let reset = false;
  for (let presses = 0; presses < 60; presses += 1) {
    await page.keyboard.press("Tab");
    const here = await page.evaluate(() => {
      const at = document.activeElement;
      const style = getComputedStyle(at);
      return { name: at.textContent.trim(), outline: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 };
    });
    assert.ok(here.outline, `no outline on ${here.name}`);
    seen.add(here.name);
    if (here.name === "Reset") { reset = true; break; }
  }
  assert.ok(reset, [...seen].join(", "));
  await page.keyboard.press("Space");
  await untilState(page, "IN SYNC");
  await page.waitForFunction(() => document.activeElement?.dataset?.verb === "reset");
});

test("the worker is switched, and its rows are its own", async () => {
  const page = await world.page();
  await page.locator("#chooser [name=worker]").selectOption("1");
  await page.waitForURL(/worker=1/);
  await page.locator("#verbs").waitFor({ state: "visible" });
  const power = page.locator('.person[data-name="power"]');
  await power.getByRole("button", { name: /email of power/ }).click();
  assert.equal(await clipboard(page), "test_user_power+w1@pockitflyer.test");
});

test("personas are filtered by what they are for", async () => {
  const page = await world.page();
  await page.getByLabel("filter").fill("deactivated");
  assert.deepEqual(await page.locator(".person:visible h3").allTextContents(), ["user_019"]);
  await page.getByLabel("filter").fill("zzz");
  await page.locator("#nobody").waitFor({ state: "visible" });
});

test("nothing is wider than a phone, with everything open and damage", async () => {
  damage();
  const page = await world.page({ width: 360, height: 740 });
  await untilState(page, "CHANGED");
  const wide = () => page.evaluate(() => document.documentElement.scrollWidth);
  assert.equal(await wide(), 360);
  const folded = await page.locator("details.fold:not([open])").count();
  assert.ok(folded >= 4, "the rest is folded on a phone");
  await openAll(page);
  assert.equal(await wide(), 360);
});

for (const scheme of ["light", "dark"]) {
  test(`axe finds nothing in the served page, ${scheme}, in sync and damaged`, async () => {
    const page = await world.page({ scheme });
    await openAll(page);
    assert.deepEqual(await axe(page), []);
    damage();
    await untilState(page, "CHANGED");
    assert.deepEqual(await axe(page), []);
    await page.getByRole("button", { name: /Cleanup/ }).click();
    await page.getByRole("dialog").getByText("users_follow").waitFor();
    assert.deepEqual(await axe(page), []);
  });
}

test("no request leaves the service", async () => {
  const page = await world.page();
  await openAll(page);
  await page.getByRole("button", { name: "Verify" }).click();
  await page.locator("#said", { hasText: "verify: IN SYNC" }).waitFor();
  const foreign = page.asked.filter((url) => !url.startsWith(world.url) && !url.startsWith("data:"));
  assert.deepEqual(foreign, []);
  assert.deepEqual(page.wrong, []);
});

test("without script everything can be read", async () => {
  const context = await world.browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await context.setExtraHTTPHeaders({ Authorization: `Bearer ${world.token}` });
  await page.goto(world.url);
  for (const text of [POWER, "IN SYNC", "134 of 134 checks hold", "favorites per user"]) {
    assert.ok((await page.content()).includes(text), text);
  }
  assert.equal(await page.locator(".list").count(), await page.locator(".list:visible").count());
});

test("a browser that is not in is told how to come in, and gets no data", async () => {
  const page = await (await world.browser.newContext()).newPage();
  await page.goto(`${world.url}/#key=${"0".repeat(64)}`);
  await page.locator("#door", { hasText: "Ask for a new one" }).waitFor();
  assert.equal((await page.content()).includes("pockitflyer"), false);
  assert.equal(new URL(page.url()).hash, "");
});

test("the report fetches nothing, runs nothing, and holds no password and no token", async () => {
  damage();
  const file = path.join(world.folder, "report.html");
  world.seedbed("report", "m03", "--html", file);
  assert.equal(world.code, 1);
  const text = await readFile(file, "utf8");
  for (const secret of ["TestPass123!", "pbkdf2", world.token, "<script", "<button", "eyJ"]) {
    assert.equal(text.includes(secret), false, secret);
  }
  for (const [width, scheme] of [[1280, "light"], [1280, "dark"], [360, "light"]]) {
    const context = await world.browser.newContext({ viewport: { width, height: 800 }, colorScheme: scheme });
    const page = await context.newPage();
    const asked = [];
    page.on("request", (request) => asked.push(request.url()));
    await page.goto(`file://${file}`);
    await openAll(page);
    assert.equal(await stateOf(page).textContent(), "CHANGED");
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width);
    assert.deepEqual(asked.filter((url) => !url.startsWith("data:")), [`file://${file}`]);
    assert.deepEqual(await axe(page), []);
  }
});
