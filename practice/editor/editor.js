// The editor on the page: what is done with it, and what of that the server is told.
//
// Streamlit calls the function at the end for every change of what Python sent and of the theme,
// with the same parent element as long as the component stays on the page.

const IS_APPLE = /mac|iphone|ipad/i.test(navigator.platform);

// As many are put in as fast as they are typed.
const FEW_LINES = 10;

class Editor {
  constructor(root) {
    const find = (selector) => root.querySelector(selector);
    this.root = root;
    this.label = find("label");
    this.area = find("textarea");
    this.sheet = new Sheet(root);
    this.limit = find(".limit");
    this.actions = find(".actions");
    this.runButton = find(".run");
    this.stopButton = find(".stop");
    this.resetButton = find(".reset");
    this.confirm = find(".confirm");
    this.hint = find(".hint");
    this.leavingText = find(".leaving");

    this.composing = false;
    this.leaving = false;
    this.editing = false;
    this.listen();
  }

  listen() {
    const { area } = this;
    area.addEventListener("keydown", (event) => this.onKey(event));
    area.addEventListener("beforeinput", (event) => this.onBeforeInput(event));
    area.addEventListener("paste", (event) => this.onPaste(event));
    // What this editor itself puts in is drawn once, not at every line of it.
    area.addEventListener("input", () => this.editing || this.changed());
    area.addEventListener("compositionstart", () => (this.composing = true));
    area.addEventListener("compositionend", () => {
      this.composing = false;
      this.followServer();
    });
    area.addEventListener("blur", () => this.setLeaving(false));
    area.addEventListener("pointerdown", () => this.setLeaving(false));
    area.addEventListener("scroll", () => this.sheet.scrollTo(area.scrollLeft, area.scrollTop));
    // Streamlit has keys of its own on the page; a letter typed here is none of them.
    this.root.addEventListener("keydown", (event) => event.stopPropagation());

    this.runButton.addEventListener("click", () => this.run());
    this.stopButton.addEventListener("click", () => this.send("stop", true));
    // Beside Run; in a corner of the window when Run is out of sight.
    new IntersectionObserver(([place]) =>
      this.stopButton.classList.toggle("is-apart", !place.isIntersecting),
    ).observe(this.runButton);
    this.resetButton.addEventListener("click", () => this.ask(true));
    this.confirm.querySelector(".no").addEventListener("click", () => this.ask(false));
    this.confirm.querySelector(".yes").addEventListener("click", () => {
      this.ask(false);
      this.send("reset", true);
    });
    this.confirm.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.ask(false);
    });
  }

  /** Take what Python and the theme say now. */
  update({ data, setTriggerValue }) {
    this.send = setTriggerValue;
    this.data = data;
    const { labels } = data;
    say(this.label, labels.code);
    say(this.runButton.querySelector(".text"), data.running ? labels.running : labels.run);
    say(this.stopButton.querySelector(".text"), labels.stop);
    say(this.resetButton, labels.reset);
    say(this.confirm.querySelector("p"), labels.reset_question);
    say(this.confirm.querySelector(".yes"), labels.reset_yes);
    say(this.confirm.querySelector(".no"), labels.reset_no);
    say(this.hint, labels.hint.replaceAll("{modifier}", IS_APPLE ? "\u2318" : "Ctrl"));
    if (this.leaving) say(this.leavingText, labels.leaving);
    if (!data.running && this.root.getRootNode().activeElement === this.stopButton) {
      this.runButton.focus({ preventScroll: true });
    }
    this.stopButton.hidden = !data.running;
    this.runButton.setAttribute("aria-busy", String(data.running));
    this.runButton.setAttribute("aria-disabled", String(data.running));
    this.area.maxLength = data.limit;
    this.root.dataset.theme = isDark(this.root) ? "dark" : "light";
    this.followServer();
    this.draw();
  }

  /** Show the server's text where it is newer than the learner's. */
  followServer() {
    // What an input method is working on is not to be replaced; this runs again when it is done.
    if (this.composing) return;
    const { code, revision } = this.data;
    const [draftKey, ...former] = [this.data.key, ...this.data.former].map(
      (key) => `course-draft:${key}`,
    );
    const mine = this.draftKey === draftKey ? this.draft() : drafts.take(draftKey, former);
    const replaced = revision && revision !== mine?.revision;
    // The server has had this text and now gives another one. Where that is the one the learner
    // began with, it has only forgotten.
    const overtaken = mine?.text === mine?.sent && code !== mine?.sent && code !== mine?.base;
    const wins = !mine || replaced || overtaken;
    this.draftKey = draftKey;
    this.known = { base: wins ? code : mine.base, sent: code, revision };
    this.show(wins ? code : mine.text);
    this.keep();
  }

  /** The learner's text, the one it began as, and the one the server has sent last. */
  draft() {
    return { text: this.area.value, ...this.known };
  }

  show(text) {
    if (text === this.area.value) return;
    const { selectionStart } = this.area;
    this.area.value = text;
    if (this.area.matches(":focus")) this.area.setSelectionRange(selectionStart, selectionStart);
    this.draw();
  }

  /** The text has changed by the learner's hand. */
  changed() {
    this.keep();
    this.draw();
  }

  keep() {
    const draft = this.draft();
    if (draft.text === draft.base && draft.text === draft.sent) drafts.drop(this.draftKey);
    else drafts.save(this.draftKey, draft);
  }

  run() {
    if (this.data.running) return;
    this.send("run", this.area.value);
    // What comes of it is shown below the buttons, and a long program fills a window.
    if (this.runButton.getBoundingClientRect().bottom > window.innerHeight / 2) {
      const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
      this.runButton.scrollIntoView({ block: "center", behavior: calm ? "auto" : "smooth" });
    }
  }

  ask(asking) {
    this.confirm.hidden = !asking;
    this.actions.hidden = asking;
    (asking ? this.confirm.querySelector(".no") : this.resetButton).focus();
  }

  setLeaving(leaving) {
    if (leaving === this.leaving) return;
    this.leaving = leaving;
    this.root.classList.toggle("is-leaving", leaving);
    say(this.leavingText, leaving ? this.data.labels.leaving : "");
  }

  onKey(event) {
    // 229: the key belongs to an input method, and Safari says so in this way only.
    if (event.isComposing || event.keyCode === 229) return;
    const command = (event.ctrlKey || event.metaKey) && !event.altKey;
    if (event.key === "Tab" && !command && !event.altKey) {
      if (this.leaving) return;
      event.preventDefault();
      if (event.shiftKey) this.editLines(dedented);
      else this.indent();
    } else if (command && event.key === "Enter") {
      event.preventDefault();
      if (!event.repeat) this.run();
    } else if (command && event.key === "/") {
      event.preventDefault();
      this.editLines(commented);
    }
    if (event.key === "Escape") this.setLeaving(true);
    else if (event.key !== "Shift") this.setLeaving(false);
  }

  // Here and not at the key: an Enter that also ends a composition, and a phone's keyboard, arrive
  // as input only.
  onBeforeInput(event) {
    if (this.editing || event.isComposing || !event.cancelable) return;
    const { before, open } = this.behind();
    if (event.inputType === "insertLineBreak") {
      event.preventDefault();
      this.put(lineBreak(before, open));
    } else if (event.inputType === "deleteContentBackward") {
      const { selectionStart: start, selectionEnd: end } = this.area;
      const length = backspaceLength(before);
      if (start !== end || length === 1) return;
      event.preventDefault();
      this.edit({ from: start - length, to: start, text: "", start: start - length });
    } else if (event.inputType === "insertText" && CURLY.test(event.data ?? "")) {
      // What a phone makes of a straight quote.
      event.preventDefault();
      this.put(plainText(event.data, before, open));
    }
  }

  onPaste(event) {
    const text = event.clipboardData?.getData("text/plain");
    if (!text) return;
    const { before, open } = this.behind();
    const plain = plainText(text, before, open);
    // The browser itself makes line ends of CRLF, and is a hundred times as fast.
    if (plain === text.replace(/\r\n?/g, "\n")) return;
    event.preventDefault();
    this.put(plain);
  }

  /** The line up to the caret, and what the lines above it leave open. */
  behind() {
    const above = this.area.value.slice(0, this.area.selectionStart).split("\n");
    const before = above.pop();
    return { before, open: this.sheet.openAt(above.length) };
  }

  indent() {
    const { selectionStart: start, selectionEnd: end } = this.area;
    if (start !== end) this.editLines(indented);
    else this.put(" ".repeat(spacesToStop(this.behind().before)));
  }

  editLines(change) {
    const { value, selectionStart, selectionEnd } = this.area;
    const edit = changedLines(value, selectionStart, selectionEnd, change);
    const old = value.slice(edit.from, edit.to);
    const fits = value.length + edit.text.length - old.length <= this.data.limit;
    if (edit.text !== old && fits) this.edit(edit);
  }

  /** Put a text in the place of the selection, as if it had been typed. */
  put(text) {
    const { value, selectionStart: from, selectionEnd: to } = this.area;
    const room = this.data.limit - value.length + to - from;
    const fits = text.slice(0, Math.max(0, room));
    if (fits || from !== to) this.edit({ from, to, text: fits, start: from + fits.length });
  }

  edit({ from, to, text, start, end = start }) {
    const { area } = this;
    const { value } = area;
    area.setSelectionRange(from, to);
    this.editing = true;
    // Out of fashion, but the one way to change a text that undo can take back. Chromium puts lines
    // in one by one, each with an event and a layout of its own: many go in as one piece of HTML.
    const done = !text
      ? document.execCommand("delete")
      : (text.split("\n").length > FEW_LINES &&
          document.execCommand("insertHTML", false, escapedHtml(text))) ||
        document.execCommand("insertText", false, text);
    this.editing = false;
    const wanted = value.slice(0, from) + text + value.slice(to);
    if (!done || area.value !== wanted) area.value = wanted;
    this.changed();
    area.setSelectionRange(start, end);
  }

  draw() {
    const text = this.area.value;
    const { marks, code, limit, labels } = this.data;
    this.sheet.drawText(text);
    const found = movedMarks(marks, code, text);
    this.sheet.drawMarks(found, labels.line);
    this.area.setAttribute("aria-invalid", String(found.length > 0));
    say(this.limit, text.length < limit ? "" : labels.limit.replaceAll("{limit}", String(limit)));
  }
}

function escapedHtml(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}

function isDark(root) {
  const [red, green, blue] = getComputedStyle(root).backgroundColor.match(/[\d.]+/g).map(Number);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue < 128;
}

const editors = new WeakMap();

export default function (component) {
  const root = component.parentElement.querySelector(".editor");
  if (!editors.has(root)) editors.set(root, new Editor(root));
  editors.get(root).update(component);
}
