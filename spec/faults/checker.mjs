// The checker of the hostile crowds, which also knows what was acknowledged since the last look.
import { Checker } from "../hostile/checker.mjs";

const OLDER = 20_000;

export class LastingChecker extends Checker {
  recent = [];
  older = [];

  setIsAnswered(id, first, who) {
    if (!this.isStored(id)) this.recent.push(id);
    super.setIsAnswered(id, first, who);
  }

  takeRecent() {
    const taken = this.recent;
    this.older = [...this.older, ...taken].slice(-OLDER);
    this.recent = [];
    return taken;
  }
}
