// Harm to honest clients is seen, and noise isn't taken for it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { figures, judge, median } from "../siege/judge.mjs";

// Rounds of [p50, p99] of the node that is attacked, and of the other one.
function rounds(...pairs) {
  return pairs.map(([attacked, control]) => {
    const [one, other] = [attacked, control].map(([half, last]) => ({ half, last }));
    return { attacked: one, control: other };
  });
}

test("figuresAreThoseOfTheSortedTimes", () => {
  const millis = Array.from({ length: 200 }, (_, at) => 200 - at);
  assert.deepEqual(figures(millis), { count: 200, half: 101, last: 199 });
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 3]), 2.5);
});

test("whatHonestClientsDoNotNoticeIsNoHarm", () => {
  const calm = rounds([[1, 5], [1, 4]], [[1.2, 9], [1, 5]], [[0.9, 4], [1, 4]]);
  assert.deepEqual(judge(calm).faults, []);
  // Three times as long, and still nothing that anybody feels.
  assert.deepEqual(judge(rounds([[1.5, 9], [0.5, 3]], [[1.5, 9], [0.5, 3]])).faults, []);
});

test("longerTimesAreHarm", () => {
  const { faults, attacked, control } = judge(rounds([[9, 20], [1, 19]], [[8, 21], [1, 18]]));
  assert.deepEqual([attacked.half, control.half], [8.5, 1]);
  assert.match(faults.join(), /^p50 from set to answer is 8\.50 ms, and 1\.00 ms/);
  assert.match(judge(rounds([[1, 90], [1, 9]], [[1, 80], [1, 8]])).faults.join(), /^p99 /);
});

test("whatTheOtherNodeSuffersTooIsNoHarm", () => {
  const busy = rounds([[2, 90], [2, 4]], [[2, 80], [2, 112]], [[2, 70], [2, 20]]);
  assert.deepEqual(judge(busy).faults, []);
});

test("oneRoundOfBadLuckIsNoHarm", () => {
  const lucky = [[1, 5], [1, 5]];
  assert.deepEqual(judge(rounds(lucky, [[50, 500], [1, 5]], lucky)).faults, []);
});
