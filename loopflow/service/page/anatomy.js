// What can be said of a text without counting tokens: its parts, characters, bytes, words.

import { parse } from "./parse.js";

/** Return the stretches and references of `text`, and its figures. */
export function examine(text) {
  const figures = measure(text);
  const whole = figures.lone ? text.toWellFormed() : text; // half a character is sent as U+FFFD, which is as long
  const stretches = [];
  const references = [];
  let at = 0;
  for (const part of parse(whole)) {
    if (typeof part === "string") {
      stretches.push({ at, text: part });
      at += part.length;
    } else {
      references.push(part);
      at = part.end;
    }
  }
  return { ...figures, stretches, references };
}

/** Return characters (code points), bytes of UTF-8, words, and how many are half a character. */
export function measure(text) {
  let bytes = 0;
  let pairs = 0;
  let lone = 0;
  let words = 0;
  let inWord = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code < 0x80) {
      bytes += 1;
      const isBlank = code === 32 || (code >= 9 && code <= 13);
      if (!isBlank && !inWord) words += 1;
      inWord = !isBlank;
      continue;
    }
    if (code < 0x800) bytes += 2;
    else bytes += 3; // half a character becomes U+FFFD: three bytes too
    if (code >= 0xd800 && code < 0xe000) {
      const following = text.charCodeAt(at + 1);
      if (code < 0xdc00 && following >= 0xdc00 && following < 0xe000) {
        bytes += 1;
        pairs += 1;
        at += 1;
      } else lone += 1;
    }
    const isBlank = code === 0xa0 || code === 0x85 || (code >= 0x1680 && /\s/.test(text[at]));
    if (!isBlank && !inWord) words += 1;
    inWord = !isBlank;
  }
  return { characters: text.length - pairs, bytes, words, lone };
}

/** Return how many bytes of UTF-8 `text` has. */
export function byteLength(text) {
  return measure(text).bytes;
}
