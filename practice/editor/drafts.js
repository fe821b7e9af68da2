/** The learner's own texts, kept in the browser; in memory where the browser keeps nothing. */
const drafts = {
  memory: new Map(),
  load(key) {
    try {
      const draft = JSON.parse(this.memory.get(key) ?? localStorage.getItem(key));
      return typeof draft?.text === "string" ? draft : null;
    } catch {
      return null;
    }
  },
  /** Load a draft that may still be kept under a key from before its exercise moved. */
  take(key, former) {
    for (const old of former) {
      const draft = this.load(old);
      if (draft && !this.load(key)) this.save(key, draft);
      this.drop(old);
    }
    return this.load(key);
  },
  save(key, draft) {
    const kept = JSON.stringify(draft);
    this.drop(key);
    try {
      localStorage.setItem(key, kept);
    } catch {
      this.memory.set(key, kept);
    }
  },
  drop(key) {
    this.memory.delete(key);
    try {
      localStorage.removeItem(key);
    } catch {
      // Denied: there is nothing to remove.
    }
  },
};
