// The editor: CodeMirror, and what is drawn into it. A text area cannot hold megabytes; this one draws what is in view.

import {
  Compartment, Decoration, defaultKeymap, drawSelection, dropCursor, EditorState, EditorView, highlightSpecialChars,
  highlightWhitespace, history, historyKeymap, hoverTooltip, keymap, placeholder, RangeSetBuilder, search, searchKeymap,
  StateEffect, StateField, ViewPlugin, WidgetType,
} from "./vendor/codemirror.js";
import { completing } from "./completing.js";

const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/;
const LOOKED_AT = 2_000; // characters of a line, to see which way it runs

/** Returns a field that holds what is drawn, moved along by edits, and the effect that replaces it. */
function layer() {
  const put = StateEffect.define();
  const field = StateField.define({
    create: () => Decoration.none,
    update(drawn, transaction) {
      const given = transaction.effects.findLast((effect) => effect.is(put));
      return given ? given.value : drawn.map(transaction.changes);
    },
    provide: (self) => EditorView.decorations.from(self),
  });
  return { field, put };
}

class LineBreak extends WidgetType {
  constructor(name) {
    super();
    this.name = name;
  }

  eq(other) {
    return other.name === this.name;
  }

  toDOM() {
    const mark = document.createElement("span");
    mark.className = `line-break ${this.name}`;
    mark.setAttribute("aria-hidden", "true");
    mark.textContent = "↵";
    return mark;
  }
}

/** Draws something at lines in view: `draw(line, text, view)` returns a decoration or nothing. */
function atLines(draw) {
  const build = (view) => {
    const builder = new RangeSetBuilder();
    for (const { from, to } of view.visibleRanges) {
      for (let at = from; at <= to; ) {
        const line = view.state.doc.lineAt(at);
        const found = draw(line, view);
        if (found) builder.add(found.at, found.at, found.drawn);
        at = line.to + 1;
      }
    }
    return builder.finish();
  };
  return ViewPlugin.fromClass(
    class {
      constructor(view) {
        this.decorations = build(view);
      }

      update(update) {
        if (update.docChanged || update.viewportChanged) this.decorations = build(update.view);
      }
    },
    { decorations: (plugin) => plugin.decorations },
  );
}

const RUNS_BACK = Decoration.line({ attributes: { dir: "auto" } });
const directions = atLines((line, view) => {
  const text = view.state.sliceDoc(line.from, Math.min(line.to, line.from + LOOKED_AT));
  return RIGHT_TO_LEFT.test(text) ? { at: line.from, drawn: RUNS_BACK } : null;
});
const ENDS = Decoration.widget({ widget: new LineBreak("plain"), side: 1 });
const lineEnds = atLines((line, view) => (line.to < view.state.doc.length ? { at: line.to, drawn: ENDS } : null));

export class Editor {
  #tokens = layer();
  #references = layer();
  #lit = layer();
  #marks = new Compartment();

  /** `edited(changes, read)`, `moved(selection)`, `viewed()`; `describe(position)` gives the element of a hover, or null; `list` names files. */
  constructor({ parent, nonce, hint, edited, moved, viewed, describe, list }) {
    const hover = hoverTooltip((view, position, side) => {
      const found = describe(position, side);
      return found && { pos: found.from, end: found.to, above: true, create: () => ({ dom: found.element }) };
    }, { hoverTime: 60 });
    this.view = new EditorView({
      parent,
      state: EditorState.create({
        extensions: [
          EditorState.lineSeparator.of("\n"), // a carriage return is text: it stays, shows and counts
          EditorView.cspNonce.of(nonce),
          EditorView.lineWrapping,
          EditorView.perLineTextDirection.of(true),
          EditorView.contentAttributes.of({
            "aria-label": "Text to count", "aria-describedby": hint, spellcheck: "false", autocorrect: "off", autocapitalize: "off",
          }),
          history(), drawSelection(), dropCursor(), highlightSpecialChars(), search({ top: true }),
          keymap.of([...searchKeymap, ...defaultKeymap, ...historyKeymap]),
          placeholder("Type or paste a text, or drop a file here"),
          this.#tokens.field, this.#references.field, this.#lit.field, directions, hover, completing(list), this.#marks.of([]),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) edited(changesOf(update), readerOf(update.state.doc));
            if (update.docChanged || update.selectionSet || update.focusChanged) moved();
            if (update.docChanged || update.viewportChanged || update.geometryChanged) viewed();
          }),
        ],
      }),
    });
  }

  get length() {
    return this.view.state.doc.length;
  }

  get selection() {
    return this.view.state.selection.main;
  }

  read(from, to) {
    return this.view.state.sliceDoc(from, to);
  }

  get visible() {
    return this.view.visibleRanges;
  }

  focus() {
    this.view.focus();
  }

  /** Put text in place of a stretch, as one step that can be undone; the caret goes behind it, or where it is said. */
  replace(from, to, text, caret = null) {
    const insert = this.view.state.toText(text);
    this.view.dispatch({
      changes: { from, to, insert }, selection: { anchor: caret ?? from + insert.length }, scrollIntoView: true, userEvent: "input.paste",
    });
  }

  select(from, to) {
    this.view.dispatch({ selection: { anchor: from, head: to }, effects: EditorView.scrollIntoView(from, { y: "center" }) });
    this.focus();
  }

  placeAt(x, y) {
    return this.view.posAtCoords({ x, y }, false);
  }

  showWhiteSpace(isOn) {
    this.view.dispatch({ effects: this.#marks.reconfigure(isOn ? [highlightWhitespace(), lineEnds] : []) });
  }

  /** Underline references: {from, to, state, title}, in order. */
  drawReferences(references) {
    const builder = new RangeSetBuilder();
    for (const { from, to, state, title } of references) {
      builder.add(from, to, Decoration.mark({ class: `reference reference-${state}`, attributes: { title } }));
    }
    this.#draw(this.#references, builder.finish());
  }

  /** Colour tokens: {from, to, colour, breaks}, in order; `breaks` are places of line breaks that belong to one. */
  drawTokens(units) {
    const drawn = [];
    for (const { from, to, colour, breaks } of units) {
      if (to - from > breaks.length) drawn.push(TOKENS[colour].range(from, to));
      for (const at of breaks) drawn.push((at > from ? JOINED : BREAKS)[colour].range(at));
    }
    this.#draw(this.#tokens, Decoration.set(drawn, true));
  }

  /** Light up a stretch, or none. */
  light(from, to) {
    this.#draw(this.#lit, to > from ? Decoration.set(LIT.range(from, to)) : Decoration.none);
  }

  #draw({ put }, drawn) {
    this.view.dispatch({ effects: put.of(drawn) });
  }
}

export const COLOURS = 6;
const TOKENS = Array.from({ length: COLOURS }, (_, index) => Decoration.mark({ class: `token token-${index}` }));
const BREAKS = Array.from({ length: COLOURS }, (_, index) => lineBreak(`token token-${index}`));
const JOINED = Array.from({ length: COLOURS }, (_, index) => lineBreak(`token token-${index} joined`)); // of a token that began before
const LIT = Decoration.mark({ class: "lit" });

function lineBreak(name) {
  return Decoration.widget({ widget: new LineBreak(name), side: 1 });
}

function changesOf(update) {
  const changes = [];
  update.changes.iterChanges((from, to, start, end) => changes.push({ from, to, inserted: end - start }));
  return changes;
}

function readerOf(doc) {
  return (from, to) => doc.sliceString(from, to);
}
