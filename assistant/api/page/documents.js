// What the assistant covers, and how fresh it is.

import { badge } from "./cite.js";
import { dated, el, fill, plural } from "./dom.js";

/** One sentence for the foot of the page. */
export function coverage(documents) {
  if (!documents.length) return "No documents are loaded that may be read here.";
  return ["Answers rest on ", el("a", { href: "#/documents" }, plural(documents.length, "document")), `, ${summary(documents)}.`];
}

function summary(documents) {
  const newest = documents.map((d) => d.date).filter(Boolean).sort().at(-1);
  const counts = [["in_force", "in force"], ["superseded", "superseded"], ["historical", "historical"], ["draft", "draft"],
    ["review_overdue", "overdue for review"], ["unknown", "of unstated standing"]]
    .map(([standing, words]) => [documents.filter((d) => d.standing === standing).length, words])
    .filter(([count]) => count).map(([count, words]) => `${count} ${words}`);
  return [newest ? `the newest of ${dated(newest)}` : null, ...counts].filter(Boolean).join(", ");
}

export function showDocuments(view, { documents }) {
  const all = [...documents.values()].sort((a, b) => (b.date ?? "").localeCompare(a.date ?? "") || a.title.localeCompare(b.title));
  const body = el("tbody");
  const count = el("p", { class: "meta", role: "status" });
  const show = (wanted) => {
    const words = wanted.toLowerCase().split(/\s+/).filter(Boolean);
    const found = all.filter((d) => {
      const held = [d.title, d.symbol, d.short_title, d.kind, d.publisher, d.date, d.standing].join(" ").toLowerCase();
      return words.every((w) => held.includes(w));
    });
    fill(body, found.map((d) => row(d, documents)));
    fill(count, words.length ? `${plural(found.length, "document")} of ${all.length}` : `${plural(all.length, "document")}: ${summary(all)}.`);
  };
  fill(view,
    el("h1", { tabindex: "-1" }, "What the answers rest on"),
    count,
    el("label", { class: "find" }, "Find a document", el("input", { type: "search", oninput: (e) => show(e.target.value) })),
    el("table", { class: "register" },
      el("thead", {}, el("tr", {}, ["Document", "Date", "Kind", "Standing", "Review due"].map((h) => el("th", { scope: "col" }, h)))),
      body));
  show("");
}

const row = (d, documents) => el("tr", {},
  el("th", { scope: "row" }, el("a", { href: `/documents/${encodeURIComponent(d.id)}` }, d.title),
    el("span", { class: "meta" }, [d.symbol, d.publisher].filter(Boolean).join(", "), el("span", { class: "sparse" }, d.date ? `, ${dated(d.date)}` : ""))),
  el("td", {}, dated(d.date) || "not stated"),
  el("td", { class: "spare" }, d.kind === "sop" ? "SOP" : d.kind),
  el("td", {}, badge(d.standing, d.superseded_by, documents)),
  el("td", { class: "spare" }, dated(d.review_due)));
