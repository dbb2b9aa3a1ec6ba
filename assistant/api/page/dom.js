// Elements are built here and nowhere else; words only ever become text nodes, so markup in a document stays words.

// Direction overrides and control characters can make a text look like another one.
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

export const clean = (words) => String(words ?? "").replace(UNSEEN, "");

export const byId = (id) => document.getElementById(id);

/** An element with attributes, listeners (`onclick`) and children: nodes, strings, or nothing. */
export function el(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value === true ? "" : clean(value));
  }
  made.append(...nodes(children));
  return made;
}

const nodes = (children) =>
  children.flat(3).filter((c) => c !== null && c !== undefined && c !== false && c !== "")
    .map((c) => (c instanceof Node ? c : document.createTextNode(clean(c))));

export function fill(parent, ...children) {
  parent.replaceChildren(...nodes(children));
  return parent;
}

/** Say something to those who listen to the page; repeating the same words is heard again. */
export function announce(words) {
  const region = byId("announcer");
  region.textContent = "";
  setTimeout(() => { region.textContent = clean(words); }, 60);
}

export function openOption(select, value, words) {
  select.append(el("option", { value }, words));
}

export const plural = (count, one, many = `${one}s`) => `${count} ${count === 1 ? one : many}`;

const MONTHS = "January February March April May June July August September October November December".split(" ");

/** `2008-05-17` as 17 May 2008, as exact as it is given. */
export function dated(iso) {
  const [year, month, day] = String(iso ?? "").split("-");
  if (!month) return year;
  return `${day ? `${Number(day)} ` : ""}${MONTHS[Number(month) - 1] ?? month} ${year}`;
}

export async function copy(words) {
  try {
    await navigator.clipboard.writeText(words);
  } catch {
    // Without a secure context there is no clipboard object; the old way still works there.
    const area = el("textarea", { class: "hidden", "aria-hidden": "true" });
    area.value = words;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
}
