// Small helpers for the document. Names and texts come in as text nodes only.

const SVG = "http://www.w3.org/2000/svg";
const ICONS = {
  ok: "M3.5 8.5l3 3 6-7",
  near: "M8 2.2 14.6 13.6H1.4zM8 6.4v3.4M8 11.6v.2",
  exceeded: "M8 1.6a6.4 6.4 0 1 0 0 12.8A6.4 6.4 0 0 0 8 1.6zM5.6 5.6l4.8 4.8M10.4 5.6l-4.8 4.8",
  error: "M8 1.6a6.4 6.4 0 1 0 0 12.8A6.4 6.4 0 0 0 8 1.6zM8 4.6v4.2M8 11v.2",
  changed: "M13.4 7A5.6 5.6 0 0 0 3.2 4.8M2.6 2.2v3h3M2.6 9a5.6 5.6 0 0 0 10.2 2.2M13.4 13.8v-3h-3",
  again: "M13.4 8A5.4 5.4 0 1 1 11.6 4M13.4 1.8v3.2h-3.2",
  resolving: "M8 1.8a6.2 6.2 0 1 0 6.2 6.2",
  remove: "M4 4l8 8M12 4l-8 8",
};

/** Return an element with properties, `class`, `data`, attributes that begin with "aria-" or "role", and children. */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "class") element.className = value;
    else if (name === "data") Object.assign(element.dataset, value);
    else if (name === "role" || name.startsWith("aria-")) element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children.filter((each) => each !== null && each !== undefined));
  return element;
}

/** Return an icon. What it says stands beside it in words. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", `icon icon-${name}`);
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

export function byId(id) {
  return document.getElementById(id);
}

/** Set the text of an element, if it is another one: what is read aloud is not to be read again. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Put text on the clipboard. Off loopback and without TLS there is no API for it, hence the old way. */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const before = document.activeElement;
    const field = make("textarea", { value: text, class: "unseen", readOnly: true });
    document.body.append(field);
    field.select();
    const isDone = document.execCommand("copy");
    field.remove();
    before?.focus();
    return isDone;
  }
}
