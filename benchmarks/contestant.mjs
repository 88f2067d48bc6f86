// The JavaScript client as a contestant; see contestants.py for the protocol.
import { createInterface } from "node:readline";
import { performance } from "node:perf_hooks";

const [url, version] = process.argv.slice(2);
console.log = console.info = console.debug = console.error; // stdout carries answers only
const say = (value) => process.stdout.write(JSON.stringify(value) + "\n");
const words = (count) =>
  [...Array(count).keys()].map((n) => String(n % 1000).padStart(3, "0") + " ").join("");

let connect;
if (version === "0") {
  const { client } = await import("client-0");
  connect = () => client(url);
} else {
  const { Client } = await import("client-2");
  connect = () => Client.connect(url, { record_history: false });
}
const app = await connect();

const call = async (endpoint, value) => (await app.predict(endpoint, [value])).data[0];

async function iterate(endpoint, value) {
  let last = null;
  for await (const event of app.submit(endpoint, [value])) {
    if (event.type === "data") last = event.data[0];
  }
  return last;
}

async function timed(count, task) {
  const seconds = [];
  let right = 0;
  for (let n = 0; n < count; n++) {
    const start = performance.now();
    right += (await task()) ? 1 : 0;
    seconds.push((performance.now() - start) / 1000);
  }
  return [seconds, right];
}

const tasks = {
  predict: (count) => timed(count, async () => (await call("/echo", "hello")) === "hello"),
  direct: (count) => timed(count, async () => (await call("/direct", "hello")) === "hello"),
  connect: (count) => timed(count, async () => (await connect()) !== null),
  iterate: (count) => timed(1, async () => (await iterate("/grow", count)) === words(count)),
  final: (count) => timed(1, async () => (await call("/grow", count)) === words(count)),
  blob: (count) => timed(1, async () => (await call("/blob", count)).length === count),
  chat: (count) => timed(1, async () => (await iterate("/chat", count)).length === count),
  burst: async (count) => {
    const limit = new Promise((done) => setTimeout(done, 300_000, null).unref());
    const start = performance.now();
    const calls = [...Array(count).keys()].map((n) =>
      Promise.race([call("/echo", String(n)).catch(() => null), limit]),
    );
    const values = await Promise.all(calls);
    const right = values.filter((value, n) => value === String(n)).length;
    return [[(performance.now() - start) / 1000], right];
  },
};

say("connected");
for await (const line of createInterface({ input: process.stdin })) {
  const [task, count] = JSON.parse(line);
  const used = process.cpuUsage();
  const rss = process.memoryUsage.rss();
  const [seconds, right] = await tasks[task](count);
  const { user, system } = process.cpuUsage(used);
  const grown = Math.round((process.memoryUsage.rss() - rss) / 1024);
  say({ seconds, cpu: (user + system) / 1e6, rss: grown, threads: 0, right });
}
process.exit(0);
