// What the page uses of CodeMirror; nothing else comes into the bundle.
export { autocompletion, pickedCompletion } from "@codemirror/autocomplete";
export { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
export { openSearchPanel, search, searchKeymap } from "@codemirror/search";
export { Compartment, EditorSelection, EditorState, RangeSet, RangeSetBuilder, StateEffect, StateField, Transaction } from "@codemirror/state";
export {
  Decoration, drawSelection, dropCursor, EditorView, highlightSpecialChars, highlightWhitespace, hoverTooltip, keymap,
  placeholder, ViewPlugin, WidgetType,
} from "@codemirror/view";
