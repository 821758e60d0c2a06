// A text into stretches of text and references: the same grammar as loopflow/service/parsing.py, held to the same table.

const LONGEST = 4096; // characters of a target, with what escapes them
const START = /@\[(file|api|var):/g;
const END = /[\n\r]|(?<!\\)(?:\\\\)*\]/g;

/** Return the parts of `text`, in order: strings, and references with where they begin and end. */
export function parse(text) {
  const parts = [];
  let done = 0;
  let end = -1; // where the next line break or unescaped bracket is; found once, however many beginnings there are
  START.lastIndex = END.lastIndex = 0;
  for (let start = START.exec(text); start; start = START.exec(text)) {
    const begin = START.lastIndex;
    if (start.index < done) continue;
    while (end < begin) {
      if (!END.test(text)) return close(parts, text, done);
      end = END.lastIndex - 1;
    }
    if (text[end] !== "]" || !isTarget(text, begin, end)) continue;
    if (start.index > done) parts.push(text.slice(done, start.index));
    done = end + 1;
    const marker = text.slice(start.index, done);
    parts.push({ kind: start[1], target: unescape(text.slice(begin, end)), marker, start: start.index, end: done });
  }
  return close(parts, text, done);
}

function close(parts, text, done) {
  if (done < text.length) parts.push(done ? text.slice(done) : text);
  return parts;
}

function isTarget(text, begin, end) {
  if (end - begin <= LONGEST) return end > begin;
  return end - begin <= 2 * LONGEST && [...text.slice(begin, end)].length <= LONGEST;
}

function unescape(target) {
  return target.replace(/\\([\\\]])/g, "$1");
}
