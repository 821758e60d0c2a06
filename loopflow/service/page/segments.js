// A text as segments whose counts add up to that of the whole, so that a key makes one of them unknown and no more.
//
// A border has a line break before it, and neither white space nor a slash after it: there no token of either encoding
// reaches across (loopflow/tokens/safe_cuts.py). What JavaScript and the encodings call white space differs; a place
// that either of them doubts is no border.

export const SIZE = 16_384;
export const LEAST = 4_096;
const BORDER = /\n(?=[^\s/\x1c-\x1f\x85])/g;

/** Return the lengths of the segments that `text` is cut into. */
export function cut(text) {
  const lengths = [];
  let start = 0;
  while (text.length - start > SIZE + LEAST) {
    BORDER.lastIndex = start + SIZE - 1;
    const found = BORDER.exec(text);
    if (!found || text.length - BORDER.lastIndex < LEAST) break;
    lengths.push(BORDER.lastIndex - start);
    start = BORDER.lastIndex;
  }
  if (start < text.length) lengths.push(text.length - start);
  return lengths;
}

/** Make segments of a stretch of text. `parts` is what is known of one, once it has been looked at. */
export function split(read, from, to) {
  return from < to ? cut(read(from, to)).map((length) => ({ length, parts: null })) : [];
}

/**
 * Return the segments after `changes`, which stand in order and in places of the text before. `read(from, to)` gives the
 * text after. Every segment whose closed interval a change meets is cut anew, so both of its outer borders are where
 * nothing changed; all others stay the same objects.
 */
export function change(list, changes, read) {
  const next = [];
  let at = 0; // in the text before
  let shift = 0; // from there to the text after
  let coming = 0; // the first change that may still meet a segment
  let index = 0;
  if (!list.length) return split(read, 0, changes.reduce((sum, each) => sum + each.inserted, 0));
  while (index < list.length) {
    if (!meets(changes[coming], at, at + list[index].length)) {
      next.push(list[index]);
      at += list[index].length;
      index += 1;
      continue;
    }
    const start = at;
    let growth = 0;
    while (index < list.length && meets(changes[coming], at, at + list[index].length)) {
      at += list[index].length;
      index += 1;
      while (coming < changes.length && changes[coming].to < at) {
        growth += changes[coming].inserted - (changes[coming].to - changes[coming].from);
        coming += 1;
      }
    }
    while (coming < changes.length && changes[coming].to <= at) { // at the very end of the text
      growth += changes[coming].inserted - (changes[coming].to - changes[coming].from);
      coming += 1;
    }
    if (at - start + growth < LEAST && index < list.length) {
      at += list[index].length;
      index += 1;
    }
    next.push(...split(read, start + shift, at + shift + growth));
    shift += growth;
  }
  return next;
}

function meets(change, start, end) {
  return change !== undefined && change.from <= end && change.to >= start;
}
