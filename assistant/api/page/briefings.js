// What the loaded guidance says about a role, every line with its place; made to be printed and carried.

import { get } from "./api.js";
import { notices } from "./answer.js";
import { badge, documentHead, marker, place, readerUrl } from "./cite.js";
import { announce, dated, el, fill } from "./dom.js";

export async function showBriefings(view, id, state) {
  if (!id) return fill(view, list(state.roles));
  fill(view, el("h1", { tabindex: "-1" }, "Briefing"), el("p", { class: "searching" }, "Composing the briefing"));
  announce("Composing the briefing.");
  const asked = location.hash;
  try {
    const found = await get(`/v1/roles/${encodeURIComponent(id)}/briefing`);
    // A briefing takes a while; the reader may have gone elsewhere.
    if (location.hash !== asked) return;
    fill(view, briefing(found, state));
    announce(`Briefing for ${found.title}, ready.`);
  } catch (error) {
    fill(view, el("h1", { tabindex: "-1" }, "Briefing"), el("p", { class: "problem" }, error.message));
  }
}

const list = (roles) => [
  el("h1", { tabindex: "-1" }, "Briefings"),
  el("p", { class: "lead" }, "What the loaded guidance says about a post: its hats and reporting lines, what it decides, where its roles pull apart, and what to read first."),
  el("ul", { class: "roles" }, roles.map((role) =>
    el("li", {}, el("a", { href: `#/briefings/${encodeURIComponent(role.id)}` },
      el("span", { class: "role-name" }, role.short),
      role.title !== role.short ? el("span", { class: "meta" }, role.title) : null)))),
];

function briefing(found, state) {
  const numbered = new Map(found.sections.flatMap((s) => s.lines.map((l) => [l.citation.number, l.citation])));
  return el("article", { class: "briefing" },
    el("p", { class: "crumb no-print" }, el("a", { href: "#/briefings" }, "All briefings")),
    el("h1", { tabindex: "-1" }, found.title),
    el("p", { class: "meta" }, `Composed from the loaded guidance on ${dated(new Date().toISOString().slice(0, 10))}. Every line is the words of its source.`),
    el("div", { class: "actions no-print" },
      el("button", { type: "button", class: "quiet", onclick: () => window.print() }, "Print"),
      el("button", { type: "button", class: "quiet", onclick: () => askAs(found.role) }, "Ask in this role")),
    found.notices.length ? notices(found.notices) : null,
    found.hats.length ? hats(found.hats, numbered) : null,
    found.sections.map((s) => section(s, state)),
    reading(found.reading_list, state.documents),
    notCovered(found.not_covered),
    el("p", { class: "meta" }, `Index ${found.index}; ${found.classification.replaceAll("_", " ")}.`));
}

function askAs(role) {
  document.getElementById("role").value = role;
  location.hash = "#/";
}

function hats(found, numbered) {
  const cell = (numbers) => el("td", {}, numbers.length
    ? numbers.map((n) => (numbered.has(n) ? marker(numbered.get(n)) : `[${n}]`)) : el("span", { class: "meta" }, "not stated"));
  return el("section", {}, el("h2", {}, "Hats at a glance"),
    el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Hats and reporting lines" },
      el("table", {}, el("thead", {}, el("tr", {}, ["Hat", "Primary line", "Secondary line", "Dotted line"].map((h) => el("th", { scope: "col" }, h)))),
        el("tbody", {}, found.map((hat) => el("tr", {}, el("th", { scope: "row" }, hat.name),
          cell(hat.primary), cell(hat.secondary), cell(hat.dotted)))))));
}

function section(found, state) {
  if (!found.lines.length) return null;
  const groups = [];
  for (const line of found.lines) {
    const name = found.side_by_side ? line.citation.document_id : line.labels.join("; ");
    if (groups.at(-1)?.name === name) groups.at(-1).lines.push(line);
    else groups.push({ name, lines: [line] });
  }
  return el("section", { class: found.side_by_side ? "sided" : null }, el("h2", {}, found.title),
    el("div", { class: found.side_by_side ? "positions" : null }, groups.map((group) =>
      el("div", { class: found.side_by_side ? "position" : "group" }, groupHead(group, found, state), group.lines.map((l) => line(l, state))))));
}

function groupHead({ name, lines }, found, state) {
  if (!found.side_by_side) return name ? el("h3", {}, name) : null;
  return documentHead(lines[0].citation, state.documents);
}

const line = ({ text, citation }, state) =>
  el("div", { class: "line" },
    el("p", {}, text.replace(/^[-–•*▪]\s+/, "").replace(/\n[-–•*▪]?\s*/g, "\n")),
    el("p", { class: "meta" }, el("span", { class: "number" }, String(citation.number)), " ",
      el("a", { href: readerUrl(citation) }, place(citation)), citation.date ? `, ${dated(citation.date)} ` : " ",
      citation.standing === "in_force" ? null : badge(citation.standing, citation.superseded_by, state.documents)));

const reading = (found, documents) => !found.length ? null : el("section", {}, el("h2", {}, "What to read first"),
  el("ol", { class: "reading-list" }, found.map((entry) => el("li", {},
    el("a", { href: `/documents/${encodeURIComponent(entry.document_id)}` }, documents.get(entry.document_id)?.title ?? entry.name), " ", badge(entry.standing),
    el("p", { class: "meta" }, [entry.name, dated(entry.date)].filter(Boolean).join(", ")),
    entry.places.length ? el("p", { class: "meta" }, "Begin at ", entry.places.map((p, i) =>
      [i ? "; " : "", el("a", { href: readerUrl(p) }, p.paragraph ? `para. ${p.paragraph}` : p.section.at(-1) ?? place(p))])) : null))));

const notCovered = (found) => !found.length ? null : el("section", {}, el("h2", {}, "Not found in the loaded guidance"),
  el("ul", { class: "uncovered" }, found.map((gap) => el("li", {}, gap.question))));
