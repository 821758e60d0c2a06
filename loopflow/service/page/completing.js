// Completing the path of `@[file:` while it is written: names come from the service, which lists what it would read.

import { visible } from "./numbers.js";
import { autocompletion, pickedCompletion } from "./vendor/codemirror.js";

const LOOKED_AT = 8_300; // characters before the caret: the longest target with every character escaped
const OPEN = /@\[file:((?:[^\]\\\n\r]|\\[^\n\r])*)$/; // nothing has closed it yet

/** Return what of a path stands before the caret, and where it begins; null where none is being written. */
export function pathBefore(text) {
  const found = OPEN.exec(text);
  return found && { written: found[1], prefix: found[1].replace(/\\([\\\]])/g, "$1") };
}

/** The extension of the editor. `list(prefix, signal)` promises {paths, more}, or null where there is no reply. */
export function completing(list) {
  const source = async (context) => {
    const { state, pos } = context;
    const from = Math.max(state.doc.lineAt(pos).from, pos - LOOKED_AT);
    const path = pathBefore(state.sliceDoc(from, pos));
    if (!path) return null;
    const controller = new AbortController();
    context.addEventListener("abort", () => controller.abort(), { onDocChange: true });
    const found = await list(path.prefix, controller.signal);
    if (!found?.paths.length) return null;
    const section = found.more ? `The first ${found.paths.length}: write on for others` : undefined;
    return { from: pos - path.written.length, filter: false, options: found.paths.map((each) => optionOf(each, section)) };
  };
  return autocompletion({
    override: [source], icons: false, maxRenderedOptions: 100,
    activateOnCompletion: (option) => option.isDirectory, // what is in it comes next
  });
}

function optionOf(path, section) {
  const isDirectory = path.endsWith("/");
  return {
    label: path,
    displayLabel: path.replace(/\p{C}/gu, visible),
    section,
    isDirectory,
    apply: (view, option, from, to) => {
      const escaped = path.replace(/[\\\]]/g, "\\$&");
      const isClosed = view.state.sliceDoc(to, to + 1) === "]";
      const end = from + escaped.length;
      view.dispatch({
        changes: { from, to, insert: isDirectory || isClosed ? escaped : `${escaped}]` },
        selection: { anchor: isDirectory ? end : end + 1 }, // behind the bracket: then it is asked for
        userEvent: "input.complete", annotations: pickedCompletion.of(option), scrollIntoView: true,
      });
    },
  };
}
