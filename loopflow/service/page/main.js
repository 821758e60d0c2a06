// The page, put together: the text goes in, snapshots and states come out, and one function draws what holds now.

import { Attachments, MOST as MOST_OF_FILE, readFile } from "./attachments.js";
import { Connection } from "./connection.js";
import { Counter } from "./counter.js";
import { byId, copy, setText } from "./dom.js";
import { Editor } from "./editor.js";
import { Events } from "./events.js";
import { Figures } from "./figures.js";
import { Inspector } from "./inspector.js";
import { Live } from "./live.js";
import { Notices } from "./notices.js";
import { group, plural } from "./numbers.js";
import { parse } from "./parse.js";
import { ReferenceList } from "./reference_list.js";
import { References } from "./references.js";
import { segmentsWithin, Selection, sumOf } from "./selection.js";
import { Problem, Service, takeToken } from "./service.js";
import { readSize, Settings } from "./settings.js";
import { addUp } from "./snapshots.js";
import { Speech } from "./speech.js";
import { Tokens } from "./tokens.js";
import { Windows } from "./windows.js";

const ENCODINGS = ["o200k_base", "cl100k_base"]; // each window has its own, and the windows that come with it have both
const AROUND = 4_200; // characters beside the caret that a marker around it may have
const SELECTED_PAUSE = 150;
const BEST_IN_LIST = 10_000_000; // bytes of a file that is counted, but better not edited

const script = document.querySelector("script[data-most]");
const service = new Service(takeToken());
const settings = new Settings();
const connection = new Connection();
const counter = new Counter({ service, connection, most: Number(script.dataset.most), counted: () => live.counted() });
counter.encodings = ENCODINGS;
const live = new Live({ counter, looked, shown: draw });
const references = new References({ service, connection, changed: () => { drawMarkers(); draw(); } });
references.encodings = ENCODINGS;
const events = new Events({ service, changed: (name) => references.variableChanged(name) });
const tokens = new Tokens({ service, connection, live, changed: () => inspector.draw() });
const inspector = new Inspector({ tokens, strip: byId("inspector"), list: byId("ids") });
const selection = new Selection(counter);
const figures = new Figures();
const windows = new Windows(byId("windows"));
const speech = new Speech(byId("speech"));
const notices = new Notices({ place: byId("notices"), connection, service });
const attachments = new Attachments({ counter, list: byId("file-list"), changed: draw, opened: openText });
const list = new ReferenceList({ list: byId("reference-list"), more: byId("references-more"), again: (marker) => references.again([marker]), shown: showMarker });
const editor = new Editor({
  parent: byId("editor"), nonce: script.nonce, hint: "hint", edited, moved, viewed,
  describe: (position, side) => (tokens.isOn ? inspector.hover(position, side) : null),
  list: (prefix, signal) => service.post("v1/references/complete", { prefix }, { signal, has: "paths" }).catch(() => null), // nothing hangs on it
});
tokens.attach(editor);
inspector.attach(editor);

/** The encoding of the numbers; until the service has said which, the first. */
const encoding = () => settings.encoding || ENCODINGS[0];
let models = [];
let pinned = null;
let exactAt = Date.now();
let selectedTimer = 0;
let summed = { shown: null, sums: null };

function edited(changes, read) {
  live.edit(changes, read);
  references.edited();
  tokens.edited();
  figures.setBusy(true, () => live.progress);
  if (!connection.problem) figures.setStatus("busy", "counting");
}

/** All of the text has been looked at: its references are known, and its tokens can be asked for. */
function looked() {
  const parsed = live.segments.flatMap(({ parts }) => parts.references);
  references.want(parsed);
  events.want(parsed.some(({ kind }) => kind === "var"));
  drawMarkers();
  if (tokens.isOn) tokens.refresh();
  select();
}

function moved() {
  references.caretIn(editor.view.hasFocus ? markerAt(editor.selection.head) : "");
  inspector.caretMoved();
  clearTimeout(selectedTimer);
  selectedTimer = setTimeout(select, SELECTED_PAUSE);
}

function viewed() {
  if (tokens.isOn) tokens.refresh();
  if (references.size) requestAnimationFrame(drawMarkers);
}

/** Return the marker that a place lies inside of, "" for none. */
function markerAt(place) {
  const line = editor.view.state.doc.lineAt(place);
  const from = Math.max(line.from, place - AROUND);
  const found = parse(editor.read(from, Math.min(line.to, place + AROUND)));
  return found.find((part) => part.marker && from + part.start < place && place < from + part.end)?.marker ?? "";
}

function select() {
  const { from, to } = editor.selection;
  selection.select(from < to ? segmentsWithin(counter, live.segments, (start, end) => editor.read(start, end), from, to) : []);
  drawSelection();
}

function drawSelection() {
  if (selection.isEmpty) return figures.showSelection("");
  const count = selection.tokens(encoding(), references);
  return figures.showSelection(count === null ? "counting" : group(count));
}

/** Underline the references in view. */
function drawMarkers() {
  const drawn = [];
  const [first, last] = [editor.visible[0]?.from ?? 0, editor.visible.at(-1)?.to ?? 0];
  let at = 0;
  for (const { length, parts } of live.segments) {
    if (at > last) break;
    if (at + length >= first) {
      for (const each of parts?.references ?? []) drawn.push({ from: at + each.start, to: at + each.end, ...looks(references.get(each.marker)) });
    }
    at += length;
  }
  editor.drawReferences(drawn.filter((each) => each.to >= first && each.from <= last));
}

function looks(known) {
  const state = !known || known.state === "waiting" ? "resolving" : known.state;
  const titles = { error: known?.error?.detail, resolving: "resolving" };
  return { state, title: titles[state] ?? plural(known.tokens[encoding()], "token") };
}

/** Return the sums of what is shown. */
function sumUp() {
  if (summed.shown !== live.snapshots.shown) summed = { shown: live.snapshots.shown, sums: addUp(live.snapshots.shown.segments, ENCODINGS) };
  const { sums } = summed;
  const files = attachments.sum(ENCODINGS);
  const of = (name) => ({ content: sums.tokens[name], references: sumOf(sums.references, references, name), files: files.tokens[name] });
  const totals = Object.fromEntries(ENCODINGS.map((name) => [name, Object.values(of(name)).reduce((sum, each) => sum + each, 0)]));
  return { ...sums, ...of(encoding()), totals, areFilesKnown: files.isKnown, errors: [...sums.errors, ...files.errors], markers: sums.references };
}

function draw() {
  const sums = sumUp();
  const total = sums.totals[encoding()];
  const isBusy = !live.isExact || !sums.areFilesKnown || references.isWaitingFor(sums.markers.keys());
  if (!isBusy && !connection.problem) exactAt = Date.now();
  figures.show({
    ...sums, total, pinned: pinned && pinned[encoding()], hasReferences: sums.markers.size > 0, hasFiles: attachments.size > 0,
  });
  figures.setBusy(isBusy, () => live.progress);
  drawStatus(sums, isBusy);
  drawSelection();
  windows.setBusy(isBusy && figures.isLong);
  const troubles = windows.show(sums.totals, settings.room);
  byId("references-card").hidden = references.size === 0;
  byId("files-card").hidden = attachments.size === 0;
  list.draw(references, encoding(), total);
  attachments.draw(encoding(), total);
  document.title = total ? `${plural(total, "token")}` : "Tokens";
  if (!isBusy) speech.say([plural(total, "token"), pinned ? byId("difference").textContent : "", ...troubles, byId("status").dataset.kind === "fine" ? "" : byId("status").textContent].filter(Boolean).join(". "));
}

function drawStatus({ errors, markers }, isBusy) {
  const failed = [...markers.keys()].filter((marker) => references.get(marker)?.state === "error").length;
  const written = references.caret && markers.has(references.caret) && references.get(references.caret)?.state === "waiting";
  if (connection.problem) figures.setStatus("old", `as it was at ${new Date(exactAt).toLocaleTimeString()}`);
  else if (isBusy) figures.setStatus("busy", "counting");
  else if (errors.length) figures.setStatus("incomplete", `incomplete: ${[errors[0].detail, errors[0].hint].filter(Boolean).join("; ")}`);
  else if (failed) figures.setStatus("incomplete", `incomplete: ${plural(failed, "reference")} failed`);
  else if (written) figures.setStatus("incomplete", "a reference is being written");
  else figures.setStatus("fine", `exact in ${encoding()}`);
}

function showMarker(marker) {
  let at = 0;
  for (const { length, parts } of live.segments) {
    const found = parts?.references.find((each) => each.marker === marker);
    if (found) return editor.select(at + found.start, at + found.end);
    at += length;
  }
}

function openText(text) {
  editor.replace(0, editor.length, text, 0);
  editor.focus();
}

/** Take files: one into an empty text is edited, one that is dropped onto the text goes there, others are counted beside it. */
async function take(files, place = null) {
  for (const file of files) {
    try {
      const text = await readFile(file);
      const isEdited = files.length === 1 && file.size <= BEST_IN_LIST;
      if (isEdited && !editor.length) openText(text);
      else if (isEdited && place !== null) editor.replace(place, place, text);
      else await attachments.add(file.name, text);
    } catch (error) {
      notices.say(`${error.message}.`);
    }
  }
}

async function loadModels() {
  try {
    const reply = await service.get("v1/models", { has: "models" });
    models = reply.models;
    if (!settings.encoding) settings.encoding = reply.default;
    connection.answered();
    applySettings();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    connection.failed(error);
  }
}

function applySettings() {
  document.documentElement.dataset.theme = settings.theme === "system" ? "" : settings.theme;
  setText(byId("theme"), `Theme: ${settings.theme}`);
  for (const input of document.querySelectorAll("input[name=encoding]")) input.checked = input.value === encoding();
  byId("show-tokens").setAttribute("aria-pressed", String(settings.tokens));
  byId("show-marks").setAttribute("aria-pressed", String(settings.marks));
  byId("tokens-card").hidden = !settings.tokens;
  document.body.classList.toggle("shows-tokens", settings.tokens);
  for (const name of ["room", "limit"]) if (readSize(byId(name).value || "0") !== settings[name]) byId(name).value = settings[name] || "";
  windows.setModels([...models, ...ownLimit()]);
  tokens.turn(settings.tokens, encoding());
  draw();
}

function ownLimit() {
  if (!settings.limit || !models.length) return [];
  const [{ window, near_from: nearFrom }] = models;
  const near = Math.ceil((settings.limit * nearFrom) / window); // the same share as for all others
  return [{ name: "your limit", window: settings.limit, near_from: near, encoding: encoding(), exact: true }];
}

async function copyIds(form) {
  try {
    const ids = await tokens.all();
    const text = form === "json" ? JSON.stringify({ encoding: encoding(), tokens: ids.length, ids }) : ids.join(" ");
    setText(byId("copied"), (await copy(text)) ? `${plural(ids.length, "id")} copied` : "the browser does not let the page copy");
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    setText(byId("copied"), error.detail);
  }
}

function listen() {
  const on = (id, event, does) => byId(id).addEventListener(event, does);
  on("encodings", "change", (event) => settings.set("encoding", event.target.value));
  on("show-tokens", "click", () => settings.set("tokens", !settings.tokens));
  on("show-marks", "click", () => settings.set("marks", !settings.marks));
  on("theme", "click", () => settings.set("theme", { system: "light", light: "dark", dark: "system" }[settings.theme]));
  on("clear", "click", () => openText(""));
  on("pin", "click", () => {
    pinned = pinned ? null : sumUp().totals;
    byId("pin").setAttribute("aria-pressed", String(pinned !== null));
    draw();
  });
  for (const name of ["room", "limit"]) on(name, "input", (event) => readField(name, event.target));
  on("choose", "change", (event) => {
    take([...event.target.files]);
    event.target.value = "";
  });
  on("no-files", "click", () => attachments.clear());
  on("all-again", "click", () => references.again([...references].map(([known]) => known.marker)));
  on("copy-ids", "click", () => copyIds("text"));
  on("copy-json", "click", () => copyIds("json"));
  settings.listen((name) => {
    if (name === "marks") editor.showWhiteSpace(settings.marks);
    applySettings();
  });
  window.addEventListener("hashchange", () => {
    const token = takeToken();
    if (!token) return;
    service.setToken(token);
    connection.retry();
  });
  connection.listen(() => {
    const wantsProof = connection.problem && !counter.isAsking && !references.isAsking; // else nothing would ask again
    if (connection.isOpen && (wantsProof || !models.length)) loadModels();
    draw();
  });
  listenToDrops();
  setInterval(() => references.size && draw(), 15_000); // ages
}

function readField(name, field) {
  const size = field.value.trim() === "" ? 0 : readSize(field.value);
  field.setAttribute("aria-invalid", String(size === undefined));
  if (size !== undefined) settings.set(name, size);
}

function listenToDrops() {
  const isFiles = (event) => event.dataTransfer?.types.includes("Files");
  const guard = (event, isShown) => {
    if (!isFiles(event)) return false;
    event.preventDefault();
    event.stopPropagation();
    byId("drop").hidden = !isShown;
    return true;
  };
  setText(byId("drop"), `Drop to count, up to ${group(MOST_OF_FILE)} bytes`);
  window.addEventListener("dragover", (event) => guard(event, true), true);
  window.addEventListener("dragleave", (event) => !event.relatedTarget && guard(event, false), true);
  window.addEventListener("drop", (event) => {
    if (!guard(event, false)) return;
    const isInText = byId("editor").contains(event.target) && editor.length > 0;
    take([...event.dataTransfer.files], isInText ? editor.placeAt(event.clientX, event.clientY) : null);
  }, true);
}

listen();
editor.showWhiteSpace(settings.marks);
applySettings();
loadModels();
editor.focus();
