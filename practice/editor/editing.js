// What an edit makes of a text. Nothing here knows of a page.

const INDENT = 4;
const ENDS_A_BLOCK = /^\s*(return|pass|break|continue|raise)(?![\p{L}\p{N}_])/u;
const STRAIGHT = new Map([
  ...[..."\u201c\u201d\u201e\u201f\u2033\u301d\u301e\uff02"].map((each) => [each, '"']),
  ...[..."\u2018\u2019\u201a\u201b\u2032\uff07"].map((each) => [each, "'"]),
]);
const CURLY = new RegExp(`[${[...STRAIGHT.keys()].join("")}]`);
// More curly quotes than that in one line, and which of them are code is not worth finding out.
const CURLY_TRIES = 100;

/** What to put in for Enter behind `before`, the line up to the caret; `open` as in `cut`. */
function lineBreak(before, open) {
  const spaces = /^[ \t]*/.exec(before)[0];
  const { pieces, inside } = cut(before, open);
  if (inside === "string") return `\n${spaces}`;
  const code = pieces.filter(({ kind }) => kind !== "comment");
  const brackets = code
    .filter(({ kind }) => kind === "")
    .flatMap(({ text }) => [...text])
    .reduce((depth, each) => depth + "([{".includes(each) - ")]}".includes(each), 0);
  const last = code.map(({ text }) => text).join("").trimEnd();
  if (last.endsWith(":") || brackets > 0) return `\n${spaces}${" ".repeat(INDENT)}`;
  if (!open && ENDS_A_BLOCK.test(last)) return `\n${spaces.slice(0, -INDENT)}`;
  return `\n${spaces}`;
}

/** How many spaces Tab puts in behind `before`: up to the next stop. */
function spacesToStop(before) {
  return INDENT - (before.length % INDENT);
}

/** How many characters Backspace takes away behind `before`: in leading spaces, a whole indent. */
function backspaceLength(before) {
  return /^ {2,}$/.test(before) ? ((before.length - 1) % INDENT) + 1 : 1;
}

const indented = (lines) => lines.map((line) => (line.trim() ? " ".repeat(INDENT) + line : line));
const dedented = (lines) => lines.map((line) => line.replace(/^(?: {1,4}|\t)/, ""));
const commented = (lines) => {
  const full = lines.filter((line) => line.trim());
  if (full.every((line) => /^\s*#/.test(line)) && full.length)
    return lines.map((line) => line.replace(/^(\s*)# ?/, "$1"));
  const column = Math.min(...full.map((line) => line.length - line.trimStart().length));
  return lines.map((line) =>
    line.trim() ? `${line.slice(0, column)}# ${line.slice(column)}` : line,
  );
};

/**
 * Change the lines that a selection touches.
 *
 * @returns {{from: number, to: number, text: string, start: number, end: number}} what to replace,
 *   by what, and the selection afterwards
 */
function changedLines(text, start, end, change) {
  const from = text.lastIndexOf("\n", start - 1) + 1;
  // A selection that ends before a line's first character does not touch that line.
  const stop = end > start && text[end - 1] === "\n" ? end - 1 : end;
  const newline = text.indexOf("\n", stop);
  const to = newline < 0 ? text.length : newline;
  const before = text.slice(from, to).split("\n");
  const after = change(before);
  const moved = (position) => {
    let old = from;
    let now = from;
    for (const [index, line] of before.entries()) {
      if (position <= old + line.length) {
        const column = position - old;
        const grown = after[index].length - line.length;
        // What begins at a line's beginning goes on beginning there.
        const keeps = column === 0 && start !== end;
        return now + (keeps ? 0 : Math.max(0, column + grown));
      }
      old += line.length + 1;
      now += after[index].length + 1;
    }
    return position - old + now;
  };
  return { from, to, text: after.join("\n"), start: moved(start), end: moved(end) };
}

/**
 * Make code of what came from a chat, a PDF or another system.
 *
 * Curly quotes stay where they are a string's or a comment's own text. `before` and `open` tell
 * what the text is put behind, as in `lineBreak`.
 */
function plainText(text, before, open) {
  const lines = text
    .replace(/\r\n?|[\u2028\u2029]/g, "\n")
    .replace(/[\u00a0\u2000-\u200a\u202f\u205f\u3000]/g, " ")
    // Not the joiners, which hold emoji together.
    .replace(/[\u200b\u2060\ufeff]/g, "")
    .replace(/^[ \t]+/gm, (spaces) => spaces.replaceAll("\t", " ".repeat(INDENT)))
    .split("\n");
  if (!CURLY.test(text)) return lines.join("\n");
  let behind = before;
  const straight = lines.map((line) => {
    const plain = cut(behind, open).inside ? line : straightened(line, behind, open);
    open = cut(behind + plain, open).open;
    behind = "";
    return plain;
  });
  return straight.join("\n");
}

function straightened(line, before, open) {
  let now = line;
  for (let tries = 0; tries < CURLY_TRIES; tries++) {
    const at = firstCurly(before, now, open);
    if (at < 0) return now;
    now = now.slice(0, at) + STRAIGHT.get(now[at]) + now.slice(at + 1);
  }
  return [...now].map((each) => STRAIGHT.get(each) ?? each).join("");
}

/** Where in `line` the first curly quote stands that is not a string's or a comment's own. */
function firstCurly(before, line, open) {
  const cutUp = cut(before + line, open);
  const broken = cutUp.inside === "string" && !cutUp.open;
  let at = -before.length;
  for (const [index, { kind, text }] of cutUp.pieces.entries()) {
    // In a string without an end, a curly quote may be the one that was to end it.
    const own = broken && index === cutUp.pieces.length - 1 ? "comment" : "string";
    if (kind !== "comment" && kind !== own) {
      for (let inside = Math.max(0, -at); inside < text.length; inside++)
        if (STRAIGHT.has(text[inside])) return at + inside;
    }
    at += text.length;
  }
  return -1;
}

/**
 * Find the marked lines again in a text that has changed since.
 *
 * @param {{line: number, message: string}[]} marks lines of `base`, counted from one
 * @returns the marks whose line is still there, with the line it is now
 */
function movedMarks(marks, base, text) {
  if (!marks.length) return [];
  const old = base.split("\n");
  const now = text.split("\n");
  const most = Math.min(old.length, now.length);
  let head = 0;
  while (head < most && old[head] === now[head]) head++;
  let tail = 0;
  while (tail < most - head && old[old.length - 1 - tail] === now[now.length - 1 - tail]) tail++;
  return marks.flatMap(({ line, message }) => {
    const index = Math.min(Math.max(line, 1), old.length) - 1;
    if (index < head) return [{ line: index + 1, message }];
    if (index >= old.length - tail)
      return [{ line: index + 1 + now.length - old.length, message }];
    return [];
  });
}
