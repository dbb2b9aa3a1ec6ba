// The page: which view is shown, what is loaded, and the key of this tab.

import { get, key, setKey } from "./api.js";
import { startAsking } from "./ask.js";
import { showBriefings } from "./briefings.js";
import { coverage, showDocuments } from "./documents.js";
import { byId, el, fill } from "./dom.js";
import { showGaps } from "./gaps.js";
import { showGlossary } from "./glossary.js";

const VIEWS = ["ask", "briefings", "documents", "glossary", "gaps", "access"];
const TITLES = { ask: "Focal Point", briefings: "Briefings", documents: "Documents", glossary: "Abbreviations", gaps: "Knowledge gaps", access: "Access" };
const state = { documents: new Map(), roles: [], asking: null };
let shown = null;

async function load() {
  const [documents, roles] = await Promise.all([get("/v1/documents"), get("/v1/roles")]);
  state.documents = new Map(documents.documents.map((d) => [d.id, d]));
  state.roles = roles.roles;
  fill(byId("coverage"), coverage(documents.documents));
  state.asking.offer(state);
  await showManagerLink();
}

async function showManagerLink() {
  const link = document.querySelector('[data-view="gaps"]');
  // Only a key can belong to a guidance manager; asking without one would just log refusals.
  link.hidden = !key() || !(await get("/v1/gaps").then(() => true, () => false));
}

async function route() {
  const [, view = "", argument = ""] = location.hash.match(/^#\/([a-z]*)\/?([^/]*)$/) ?? [];
  const name = VIEWS.includes(view) ? view : "ask";
  for (const each of VIEWS) byId(`view-${each}`).hidden = each !== name;
  for (const link of document.querySelectorAll("nav a")) {
    link.toggleAttribute("aria-current", link.dataset.view === name);
    if (link.dataset.view === name) link.setAttribute("aria-current", "page");
  }
  document.title = name === "ask" ? TITLES.ask : `${TITLES[name]}, Focal Point`;
  const moved = shown !== null && location.hash !== shown;
  shown = location.hash;
  const place = byId(`view-${name}`);
  await ready;
  if (name === "briefings") await showBriefings(place, decodeURIComponent(argument), state);
  if (name === "documents") showDocuments(place, state);
  if (name === "glossary") await showGlossary(place, state);
  if (name === "gaps") await showGaps(place);
  if (name === "access") showAccess();
  if (!moved) return;
  window.scrollTo(0, 0);
  if (name === "ask") byId("question").focus();
  else place.querySelector("h1")?.focus();
}

function showAccess(words) {
  byId("forget").hidden = !key();
  fill(byId("access-state"), words ?? (key() ? "A key is in use in this tab." : "No key is in use."));
}

async function useKey(value) {
  setKey(value);
  // Another key may be another reader: what the first one saw goes.
  state.asking.forget();
  Object.assign(state, { documents: new Map(), roles: [] });
  state.asking.offer(state);
  for (const name of ["briefings", "documents", "glossary", "gaps"]) fill(byId(`view-${name}`));
  fill(byId("coverage"));
  try {
    await load();
    showAccess(value ? "The key is in use." : "The key is forgotten.");
  } catch (error) {
    if (error.status === 401) setKey("");
    await showManagerLink();
    showAccess(error.message);
  }
}

byId("access").addEventListener("submit", (event) => {
  event.preventDefault();
  const value = byId("key").value.trim();
  byId("key").value = "";
  if (/^[!-~]+$/.test(value)) useKey(value);
  else showAccess("A key is one word of plain letters, digits and signs.");
});
byId("forget").addEventListener("click", () => useKey(""));

document.querySelector(".skip").addEventListener("click", (event) => {
  // The fragment names the view, so the link must not change it.
  event.preventDefault();
  byId("main").focus();
});

state.asking = startAsking(state);
const ready = load().catch((error) => {
  fill(byId("offers"), el("p", { class: "problem", role: "alert" }, error.message, " ",
    error.status === 401 ? el("a", { href: "#/access" }, "Enter a key") : null));
});
window.addEventListener("hashchange", route);
route();
