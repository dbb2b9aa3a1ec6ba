// Every abbreviation of the loaded documents, with all it is said to stand for and where.

import { get } from "./api.js";
import { badge, place, readerUrl } from "./cite.js";
import { el, fill, plural } from "./dom.js";

export async function showGlossary(view, { documents }) {
  const asked = location.hash;
  let entries;
  try {
    ({ entries } = await get("/v1/glossary"));
  } catch (error) {
    return fill(view, el("h1", { tabindex: "-1" }, "Abbreviations"), el("p", { class: "problem" }, error.message));
  }
  if (location.hash !== asked) return;
  const body = el("tbody");
  const count = el("p", { class: "meta", role: "status" });
  const several = entries.filter((entry) => entry.expansions.length > 1).length;
  const show = (wanted) => {
    const words = wanted.toLowerCase().split(/\s+/).filter(Boolean);
    const found = entries.filter((entry) => {
      const held = [entry.short, ...entry.expansions.map((e) => e.long)].join(" ").toLowerCase();
      return words.every((word) => held.includes(word));
    });
    fill(body, found.map((entry) => rows(entry, documents)));
    const all = plural(entries.length, "abbreviation");
    fill(count, words.length ? `${found.length} of ${all}` : `${all}, ${several} with more than one expansion.`);
  };
  fill(view,
    el("h1", { tabindex: "-1" }, "Abbreviations"),
    count,
    el("label", { class: "find" }, "Find an abbreviation", el("input", { type: "search", oninput: (e) => show(e.target.value) })),
    el("table", { class: "glossary" },
      el("thead", {}, el("tr", {}, ["Abbreviation", "Stands for", "Where"].map((h) => el("th", { scope: "col" }, h)))),
      body));
  show("");
}

const rows = ({ short, expansions }, documents) => expansions.map((expansion, number) =>
  el("tr", {},
    number ? null : el("th", { scope: "row", rowspan: expansions.length }, short),
    el("td", {}, expansion.long),
    el("td", {}, el("ul", {}, expansion.places.map((p) =>
      el("li", {}, el("a", { href: readerUrl(p) }, place(p)), " ",
        p.standing === "in_force" ? null : badge(p.standing, p.superseded_by, documents)))))));
