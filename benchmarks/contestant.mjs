// The JavaScript client as a contestant; see contestants.py for the protocol.
import { createInterface } from "node:readline";
import { performance } from "node:perf_hooks";
import { Client } from "client-2";

const started = performance.now();
const app = await Client.connect(process.argv[2], { record_history: false });
console.log(JSON.stringify((performance.now() - started) / 1000));
const echo = async (text) => (await app.predict("/echo", [text])).data[0];

for await (const line of createInterface({ input: process.stdin })) {
  const [kind, count] = JSON.parse(line);
  const answer = [];
  const start = performance.now();
  if (kind === "predict") {
    for (let n = 0; n < count; n++) {
      const one = performance.now();
      if ((await echo("hello")) !== "hello") throw new Error("a wrong answer");
      answer.push((performance.now() - one) / 1000);
    }
  } else {
    const limit = new Promise((done) => setTimeout(done, 30_000, null));
    const calls = [...Array(count).keys()].map((n) =>
      Promise.race([echo(String(n)).catch(() => null), limit]),
    );
    const values = await Promise.all(calls);
    answer.push((performance.now() - start) / 1000);
    answer.push(values.filter((value, n) => value === String(n)).length);
  }
  console.log(JSON.stringify(answer));
}
process.exit(0);
