// A page of another origin, in the browser that is in: what it tries changes nothing, and it reads nothing.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { World } from "./world.mjs";

let world;
let foreign;
before(async () => {
  world = await World.begin();
  const server = createServer((request, response) => {
    response.setHeader("Content-Type", "text/html");
    response.end("<!doctype html><title>elsewhere</title><iframe name=sink></iframe>");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  foreign = `http://127.0.0.1:${server.address().port}/`;
  world.ends.push(() => server.close());
});
after(async () => { await world.end(); });

const favorites = () => world.sql("SELECT count(*) FROM flyers_favorite")[0][0];

test("a page of another origin can neither write nor read", async () => {
  const inside = await world.page();
  world.sql("DELETE FROM flyers_favorite WHERE id IN (SELECT id FROM flyers_favorite ORDER BY id LIMIT 3)");
  const damaged = favorites();
  assert.equal(damaged, 97);

  // The same browser, so the cookie is there for the taking.
  const page = await inside.context().newPage();
  await page.goto(foreign);
  const tried = await page.evaluate(async ({ url, token }) => {
    const json = { "Content-Type": "application/json" };
    const tries = {
      "JSON with the cookie": () => fetch(`${url}/v1/reset`, { method: "POST", headers: json, credentials: "include", body: "{}" }),
      "text with the cookie": () => fetch(`${url}/v1/reset`, { method: "POST", credentials: "include", body: "{}" }),
      "unread, with the cookie": () => fetch(`${url}/v1/reset`, { method: "POST", mode: "no-cors", credentials: "include", body: "{}" }),
      "JSON with the token": () => fetch(`${url}/v1/reset`, { method: "POST", headers: { ...json, Authorization: `Bearer ${token}` }, body: "{}" }),
      "a look with the cookie": () => fetch(`${url}/v1/personas`, { credentials: "include" }),
      "a look with the token": () => fetch(`${url}/v1/personas`, { headers: { Authorization: `Bearer ${token}` } }),
      "the page": () => fetch(`${url}/`, { credentials: "include" }),
    };
    const results = {};
    for (const [name, begin] of Object.entries(tries)) {
      results[name] = await begin().then((response) => (response.type === "opaque" ? "opaque" : response.text()), () => "refused");
    }
    return results;
  }, { url: world.url, token: world.token });
  for (const [name, result] of Object.entries(tried)) {
    assert.equal(result, "refused", name);
  }
  assert.equal(favorites(), damaged);

  // A form needs no script to be let through, and goes without asking first.
  for (const kind of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]) {
    await page.evaluate(({ url, kind }) => {
      const form = Object.assign(document.createElement("form"), { action: `${url}/v1/reset`, method: "post", enctype: kind, target: "sink" });
      form.append(Object.assign(document.createElement("input"), { name: "{\"worker\":0,\"x\":\"", value: "\"}" }));
      document.body.append(form);
      form.submit();
    }, { url: world.url, kind });
    await page.waitForResponse((response) => response.url().endsWith("/v1/reset") && response.status() >= 400);
  }
  assert.equal(favorites(), damaged);

  // Nor does the page stand in a frame, where clicks could be led astray.
  const framed = await page.evaluate(async (url) => {
    const frame = document.querySelector("iframe");
    const loaded = new Promise((done) => { frame.onload = done; });
    frame.src = `${url}/`;
    await loaded;
    try { return frame.contentDocument === null ? "out of reach" : frame.contentDocument.body.textContent; } catch { return "out of reach"; }
  }, world.url);
  assert.equal(framed, "out of reach");

  // The page that is in still may.
  await inside.getByRole("button", { name: "Reset" }).click();
  await inside.locator('#state strong:text-is("IN SYNC")').waitFor();
  assert.equal(favorites(), 100);
});
