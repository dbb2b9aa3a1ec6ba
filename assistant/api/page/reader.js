// The document reader: a stretch of a document with the cited words marked, and what stands before and after.

import { get } from "./api.js";
import { badge, needsCare, place, standingWords } from "./cite.js";
import { announce, byId, copy, dated, el, fill, plural } from "./dom.js";

const STRETCH = 40;
const CELL = " | ";
const NOTES = {
  superseded: "This document has been superseded. Do not act on it before checking what replaced it.",
  historical: "This document is background. It is not current guidance.",
  draft: "This document is a draft.",
  review_overdue: "This document was due for review and has not been reviewed.",
};

const id = decodeURIComponent(location.pathname.split("/").pop());
const path = `/v1/documents/${encodeURIComponent(id)}/passages`;
const [anchor = "", ...ends] = location.hash.slice(1).split("~").map(decoded);
const around = new URLSearchParams(location.search).get("passage") || anchor;
const shown = { from: 0, to: 0, total: 0 };

function decoded(words) {
  try { return decodeURIComponent(words); } catch { return words; }
}

async function open() {
  const documents = get("/v1/documents").then((d) => new Map(d.documents.map((e) => [e.id, e])), () => new Map());
  let found;
  try {
    found = await stretch(around);
  } catch (error) {
    fill(byId("about"), el("h1", {}, "This document cannot be shown"), el("p", { class: "lead" }, error.message),
      el("p", {}, el("a", { href: "/#/access" }, "Enter an API key"), " or ", el("a", { href: "/#/documents" }, "see what may be read here"), "."));
    return;
  }
  byId("text").lang = found.document.language;
  about(found.document, await documents);
  Object.assign(shown, { from: found.first, to: found.first + found.passages.length, total: found.total });
  fill(byId("text"), passages(found.passages, null));
  showMore();
  mark(found, await documents);
}

async function stretch(wanted) {
  const start = `${path}?limit=${STRETCH}`;
  if (!wanted) return get(start);
  try {
    return await get(`${start}&around=${encodeURIComponent(wanted)}`);
  } catch (error) {
    if (error.status !== 404) throw error;
    // A newer edition may not hold the passage any more; its paragraph number may still be there.
    const found = wanted === anchor || !anchor ? null : await get(`${start}&around=${encodeURIComponent(anchor)}`).catch(() => null);
    if (!found) note("The place named in the link is not in this edition; the document is shown from its beginning.");
    return found ?? get(start);
  }
}

function about(document_, documents) {
  const facts = [document_.symbol, dated(document_.date), document_.publisher, document_.kind === "sop" ? "SOP" : document_.kind,
    document_.binding, document_.pages ? plural(document_.pages, "page") : null].filter(Boolean);
  document.title = `${document_.symbol ?? document_.title}, Focal Point`;
  const care = needsCare(document_.standing);
  fill(byId("about"),
    el("h1", { lang: document_.language }, document_.title),
    el("p", { class: "meta" }, facts.join(" · ")),
    el("div", { class: `banner ${document_.standing}`, role: care ? "note" : null },
      badge(document_.standing, document_.superseded_by, documents),
      care ? el("p", {}, NOTES[document_.standing] ?? standingWords(document_.standing)) : null,
      document_.review_due ? el("p", { class: "meta" }, `Review due ${dated(document_.review_due)}`) : null));
  byId("main").dataset.name = document_.symbol ?? document_.title;
}

/** Passages with the headings that change between them. */
function passages(found, before) {
  let above = before;
  return found.map((p) => {
    const heads = headings(p, above);
    above = p;
    return [heads, passage(p)];
  });
}

function headings(p, above) {
  const old = above?.part === p.part ? (above?.section ?? []) : [];
  let same = 0;
  while (same < p.section.length && p.section[same] === old[same]) same += 1;
  const part = p.part && above?.part !== p.part ? [el("h2", { class: "part" }, p.part)] : [];
  return [...part, ...p.section.slice(same).map((words, i) => el(`h${Math.min(6, same + i + 2)}`, {}, words))];
}

function passage(p) {
  const label = p.paragraph ?? (p.page ? `p. ${p.page}` : "");
  const made = el("div", { class: `passage ${p.kind}`, id: p.passage_id, "data-anchor": p.anchor },
    el("div", { class: "margin" }, p.paragraph ? el("span", { class: "hidden" }, "Paragraph ") : null, label), el("div", { class: "words" }));
  made.passage = p;
  write(made, 0, 0);
  return made;
}

/** Put the words in, those from `start` to `end` marked. */
function write(made, start, end) {
  const p = made.passage;
  let offset = 0;
  const lines = p.text.split("\n").map((words) => {
    const line = { words, at: offset };
    offset += words.length + 1;
    return line;
  });
  const marked = (words, at) => {
    const a = Math.max(0, start - at), b = Math.min(words.length, end - at);
    return a < b ? [words.slice(0, a), el("mark", {}, words.slice(a, b)), words.slice(b)] : [words];
  };
  fill(made.querySelector(".words"), p.kind === "table" ? table(lines, marked) : p.kind === "list" ? list(lines, marked)
    : lines.map(({ words, at }) => el("p", {}, marked(words, at))));
}

function table(lines, marked) {
  const first = lines.findIndex(({ words }) => words.includes(CELL));
  const above = lines.slice(0, first < 0 ? lines.length : first);
  const cells = ({ words, at }) => {
    let offset = at;
    return words.split(CELL).map((cell) => {
      const made = marked(cell, offset);
      offset += cell.length + CELL.length;
      return made;
    });
  };
  const [head, ...rows] = first < 0 ? [] : lines.slice(first);
  return [above.map(({ words, at }) => el("p", { class: "caption" }, marked(words, at))),
    head ? el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Table" }, el("table", {},
      el("thead", {}, el("tr", {}, cells(head).map((c) => el("th", { scope: "col" }, c)))),
      el("tbody", {}, rows.map((row) => el("tr", {}, cells(row).map((c, i) => (i ? el("td", {}, c) : el("th", { scope: "row" }, c)))))))) : null];
}

function list(lines, marked) {
  const item = /^\s*(?:[-–•*▪]\s+|\([a-z0-9]{1,4}\)\s|[a-z0-9]{1,3}[.)]\s)/i;
  const made = [];
  for (const { words, at } of lines) {
    const found = item.exec(words);
    if (!found) made.push(el("p", {}, marked(words, at)));
    else {
      if (made.at(-1)?.tagName !== "UL") made.push(el("ul"));
      const bullet = /[-–•*▪]/.test(found[0]) ? found[0].length : 0;
      made.at(-1).append(el("li", { class: bullet ? null : "lettered" }, marked(words.slice(bullet), at + bullet)));
    }
  }
  return made;
}

function mark(found, documents) {
  if (!around) return;
  const all = [...byId("text").querySelectorAll(".passage")];
  const cited = all.find((m) => m.id === around) ?? all.find((m) => m.dataset.anchor === anchor);
  if (!cited) return;
  const [start, end] = span(cited.passage.text);
  // A table cited as a whole is shown by its frame: every cell in colour would show nothing.
  if (cited.passage.kind !== "table" || end - start < cited.passage.text.length) write(cited, start, end);
  cited.classList.add("cited");
  cited.tabIndex = -1;
  cited.append(tools(cited.passage, found.document, start, end, documents));
  const target = cited.querySelector("mark") ?? cited;
  cited.focus({ preventScroll: true });
  target.scrollIntoView({ block: "center" });
  announce(`Cited words, ${place({ ...found.document, ...cited.passage })}: ${cited.passage.text.slice(start, end)}`);
}

/** Where the quoted words stand in the passage; the whole of it where the link names none or they have changed. */
function span(text) {
  const [first, last] = ends.filter(Boolean);
  const start = first ? text.indexOf(first) : -1;
  if (start < 0) {
    if (first) note("The words named in the link are not in this edition; the paragraph is shown as it reads now.");
    return [0, text.length];
  }
  const close = last ? text.indexOf(last, start) : start;
  return close < 0 ? [start, text.length] : [start, close + (last ?? first).length];
}

function tools(p, document_, start, end, documents) {
  const button = el("button", { type: "button", class: "quiet", onclick: async () => {
    const by = `${place({ ...document_, ...p })}${document_.symbol ? `, ${document_.title}` : ""}${document_.date ? `, ${dated(document_.date)}` : ""}`;
    await copy(`“${p.text.slice(start, end)}” (${by}; ${standingWords(document_.standing).toLowerCase()})`);
    button.textContent = "Copied";
    announce("Copied with its reference.");
  } }, "Copy with reference");
  return el("div", { class: "tools" },
    el("div", {}, el("strong", {}, place({ ...document_, ...p })), " ", badge(document_.standing, document_.superseded_by, documents),
      p.section.length ? el("div", {}, p.section.join(" › ")) : null), el("span", { class: "no-print" }, button));
}

function note(words) {
  byId("place-note").hidden = false;
  fill(byId("place-note"), words);
}

function showMore() {
  byId("earlier").hidden = shown.from === 0;
  byId("later").hidden = shown.to >= shown.total;
}

async function more(later) {
  const first = later ? shown.to : Math.max(0, shown.from - STRETCH);
  const limit = later ? STRETCH : shown.from - first;
  const text = byId("text");
  try {
    const found = await get(`${path}?first=${first}&limit=${limit}`);
    const count = found.passages.length;
    const last = [...text.querySelectorAll(".passage")].at(-1)?.passage;
    const height = document.documentElement.scrollHeight;
    if (later) text.append(...passages(found.passages, last).flat(2));
    else {
      text.prepend(...passages(found.passages, null).flat(2));
      window.scrollBy(0, document.documentElement.scrollHeight - height);
    }
    Object.assign(shown, later ? { to: first + count } : { from: first });
    showMore();
    announce(`${plural(count, "paragraph")} more.`);
  } catch (error) {
    note(error.message);
  }
}

byId("earlier").addEventListener("click", () => more(false));
byId("later").addEventListener("click", () => more(true));
byId("skip").addEventListener("click", (event) => {
  event.preventDefault();
  byId("text").focus();
});
window.addEventListener("hashchange", () => location.reload());
open();
