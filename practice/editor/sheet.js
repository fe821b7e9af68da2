// What lies around and beneath the textarea: numbers, marked rows, and the text in colour.

const FEWEST_ROWS = 8;
const MOST_ROWS = 30;

class Sheet {
  constructor(root) {
    this.root = root;
    this.numbers = root.querySelector(".numbers");
    this.rows = root.querySelector(".rows");
    this.colours = root.querySelector(".colours");
    this.messages = root.querySelector(".marks");
    this.lines = [];
    this.marked = "";
  }

  /** The quote that is open where the line with this index, counted from zero, begins. */
  openAt(index) {
    return this.lines[index - 1]?.open ?? "";
  }

  scrollTo(left, top) {
    this.colours.style.transform = `translate(${-left}px, ${-top}px)`;
    this.numbers.style.transform = this.rows.style.transform = `translateY(${-top}px)`;
  }

  /** Draw what has changed: the lines between the first and the last that differ. */
  drawText(text) {
    const texts = text.split("\n");
    const old = this.lines;
    const most = Math.min(old.length, texts.length);
    let head = 0;
    while (head < most && old[head].text === texts[head]) head++;
    let tail = 0;
    while (tail < most - head && old[old.length - 1 - tail].text === texts[texts.length - 1 - tail])
      tail++;
    const gone = old.slice(head, old.length - tail);
    const below = old.slice(old.length - tail);
    let open = head ? old[head - 1].open : "";
    const fresh = texts.slice(head, texts.length - tail).map((text, index) => {
      const line = drawn(text, open, gone[index]?.node);
      open = line.open;
      return line;
    });
    for (const { node } of gone.slice(fresh.length)) node.remove();
    const next = below[0]?.node ?? null;
    for (const { node } of fresh.slice(gone.length)) this.colours.insertBefore(node, next);
    // A quote that was opened or closed changes what the lines below it are.
    for (const [index, line] of below.entries()) {
      if (line.opened === open) break;
      below[index] = drawn(line.text, open, line.node);
      open = below[index].open;
    }
    this.lines = [...old.slice(0, head), ...fresh, ...below];
    this.drawNumbers();
  }

  drawNumbers() {
    const { numbers, lines } = this;
    while (numbers.childElementCount > lines.length) numbers.lastElementChild.remove();
    while (numbers.childElementCount < lines.length)
      numbers.append(element("span", "line-number", String(numbers.childElementCount + 1)));
    const rows = Math.min(Math.max(lines.length, FEWEST_ROWS), MOST_ROWS);
    this.root.style.setProperty("--rows", rows);
    this.root.style.setProperty("--digits", Math.max(2, String(lines.length).length));
  }

  /** Mark lines, counted from one, and say what is wrong; `name` is what a line is called. */
  drawMarks(marks, name) {
    const wanted = JSON.stringify([marks, name]);
    // What has not changed is not to be read out again.
    if (wanted === this.marked) return;
    this.marked = wanted;
    const lines = new Set(marks.map(({ line }) => line));
    for (const [index, number] of [...this.numbers.children].entries())
      number.classList.toggle("is-marked", lines.has(index + 1));
    this.rows.replaceChildren(
      ...[...lines].map((line) => {
        const row = element("div", "row");
        row.style.setProperty("--line", line);
        return row;
      }),
    );
    this.messages.replaceChildren(
      ...marks.map(({ line, message }) => {
        const said = element("p", "mark");
        const where = element("strong", "", name.replaceAll("{line}", String(line)));
        said.append(where, " ", message);
        return said;
      }),
    );
  }
}

/**
 * Draw a line of the program, into the element of another one if there is one.
 *
 * No node is removed: where one is, Chromium ends the step that undo takes back, and Ctrl+Z would
 * take one letter at a time.
 */
function drawn(text, opened, node = element("span", "line")) {
  const { pieces, open } = cut(text, opened);
  const spans = node.children;
  for (const [index, piece] of pieces.entries()) {
    if (index === spans.length) node.append(element("span", piece.kind, piece.text));
    else setPiece(spans[index], piece);
  }
  for (let index = pieces.length; index < spans.length; index++)
    setPiece(spans[index], { kind: "", text: "" });
  return { text, opened, open, node };
}

function setPiece(span, { kind, text }) {
  if (span.className !== kind) span.className = kind;
  if (span.firstChild.data !== text) span.firstChild.data = text;
}

function element(tag, kind, text = "") {
  const made = document.createElement(tag);
  if (kind) made.className = kind;
  made.textContent = text;
  return made;
}

function say(place, text) {
  if (place.textContent !== text) place.textContent = text;
}
