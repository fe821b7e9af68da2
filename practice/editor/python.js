// What each piece of a line of Python is, so that it can be coloured, and what a line leaves open.

const WORDS = {
  keyword:
    "False None True and as assert async await break class continue def del elif else except " +
    "finally for from global if import in is lambda nonlocal not or pass raise return try while " +
    "with yield",
  builtin:
    "__name__ abs all any ascii bin bool breakpoint bytearray bytes callable chr classmethod " +
    "compile complex delattr dict dir divmod enumerate eval exec filter float format frozenset " +
    "getattr globals hasattr hash help hex id input int isinstance issubclass iter len list " +
    "locals map max memoryview min next object oct open ord pow print property range repr " +
    "reversed round set setattr slice sorted staticmethod str sum super tuple type vars zip " +
    "aiter anext BaseException Exception ArithmeticError AssertionError AttributeError EOFError " +
    "GeneratorExit ImportError IndexError KeyError KeyboardInterrupt LookupError MemoryError " +
    "ModuleNotFoundError NameError NotImplementedError OSError OverflowError RecursionError " +
    "RuntimeError StopAsyncIteration StopIteration SyntaxError SystemExit TimeoutError " +
    "TypeError UnicodeDecodeError UnicodeEncodeError UnicodeError ValueError Warning " +
    "ZeroDivisionError",
};
const KIND_OF_WORD = new Map(
  Object.entries(WORDS).flatMap(([kind, words]) => words.split(" ").map((word) => [word, kind])),
);

// The group that took part in a match says what has been found.
const PIECE = new RegExp(
  [
    /(?<comment>#.*)/,
    /(?<prefix>[rbuft]{0,2})(?<quote>'''|"""|'|")/,
    /(?<number>0[xbo][\da-f_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:e[+-]?[\d_]+)?j?)/,
    /(?<word>[\p{L}_][\p{L}\p{N}\p{M}_]*)/,
    /(?<space>\s+)/,
    /(?<other>.)/,
  ]
    .map((each) => each.source)
    .join("|"),
  "iyu",
);
const DECORATOR = /^\s*@\s*[\p{L}\p{N}_.]*/u;
// `match` and `case` are names as well; they are keywords where they begin what opens a block.
const SOFT_KEYWORD = /^\s*(match|case)\s+[^\s=.,)\]:].*:\s*(#.*)?$/u;

/**
 * Cut a line into pieces.
 *
 * @param {string} line
 * @param {string} open the quote of a string that an earlier line has left open, or ""
 * @returns {{pieces: {kind: string, text: string}[], open: string, inside: string}} `open` is for
 *   the next line; `inside` is what the end of this one stands in: "string", "comment" or "".
 */
function cut(line, open) {
  const pieces = [];
  const add = (kind, text) => {
    const last = pieces.at(-1);
    if (last?.kind === kind && kind !== "string") last.text += text;
    else if (text) pieces.push({ kind, text });
  };
  let at = 0;
  let wanted = "";
  let soft = SOFT_KEYWORD.test(line) && !open;

  // Takes a string whose inside begins at `from`; tells whether the line ends in it.
  const string = (start, from, quote) => {
    let end = from;
    while (end < line.length && !line.startsWith(quote, end)) end += line[end] === "\\" ? 2 : 1;
    const closed = end < line.length;
    at = closed ? end + quote.length : line.length;
    add("string", line.slice(start, at));
    // One quote holds to the end of its line, unless a backslash takes the next line in.
    return closed ? null : { open: quote.length === 3 || end > line.length ? quote : "" };
  };

  if (open) {
    const left = string(0, 0, open);
    if (left) return { pieces, open: left.open, inside: "string" };
  } else {
    const decorator = DECORATOR.exec(line);
    if (decorator) {
      add("decorator", decorator[0]);
      at = decorator[0].length;
    }
  }
  while (at < line.length) {
    PIECE.lastIndex = at;
    const found = PIECE.exec(line).groups;
    const start = at;
    if (found.quote) {
      const left = string(start, start + found.prefix.length + found.quote.length, found.quote);
      if (left) return { pieces, open: left.open, inside: "string" };
      wanted = "";
      continue;
    }
    at = PIECE.lastIndex;
    if (found.comment) {
      add("comment", found.comment);
      return { pieces, open: "", inside: "comment" };
    }
    if (found.number) {
      add("number", found.number);
    } else if (found.word) {
      const attribute = line[start - 1] === "." && line[start - 2] !== ".";
      let kind = KIND_OF_WORD.get(found.word) ?? "";
      if (soft && (found.word === "match" || found.word === "case")) kind = "keyword";
      if (attribute) kind = "";
      add(kind === "keyword" ? kind : wanted || kind, found.word);
      wanted = found.word === "def" || found.word === "class" ? "name" : "";
      soft = false;
    } else {
      add("", found.space ?? found.other);
      if (found.other) wanted = "";
    }
  }
  return { pieces, open: "", inside: "" };
}
