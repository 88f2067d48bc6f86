/**
 * Tell which events the Gradio JavaScript client emits for one submission.
 *
 * Reads one JSON request a line on stdin and answers each with one JSON line on stdout, in the
 * order in which the submissions end; several may run at once. Ends when stdin has ended and the
 * last request is answered. Standard error is for people: what the clients log goes there.
 *
 * Request:
 *   id            given back in the answer
 *   client        "2": @gradio/client 2.7.0, for 4.x and later; "0": 0.2.1, for 3.x
 *   url           of the app; only addresses of this machine are ever contacted
 *   endpoint      "/name" or an fn_index
 *   payload       a list by position, or for "2" an object by name; null: none given. "0" wants
 *                 a slot for each state component, "2" wants none.
 *   cancel_after  null, or after how many data events cancel() is called; 0: once it is accepted
 *   chunks        null, or further inputs of a streaming endpoint, lists by position without state:
 *                 one is sent after each data event, then the stream is closed; "2" only
 *   event_data, trigger_id
 *                 null, or the third and fourth argument of submit()
 *   session       null, or a name: submissions with the same one share a connection, and so state
 *   auth          null, or [user, password]; "2" only
 *   timeout       seconds until an unfinished submission is given up (60)
 * Answer:
 *   id, events (as emitted and in order, undefined fields left out, dates as ISO text), and
 *   error: null, or why there are no more events.
 */

import process from "node:process";
import readline from "node:readline";

const EVENTS = ["status", "data", "log", "render"];
const TIMEOUT = 60; // s; a bound for failures
const TRAILING = 250; // ms; how long an event may come after the final status, if nothing ends it
const LOOPBACK = new Set(["127.0.0.1", "localhost", "[::1]"]);
const INFO_SERVICE = "gradio-space-api-fetcher-v2.hf.space"; // 0.2.1 asks it about apps before 3.30

console.log = console.info = console.debug = console.error; // stdout carries answers only
for (const failure of ["uncaughtException", "unhandledRejection"]) {
	process.on(failure, (error) => console.error(failure, error)); // the clients leave some uncaught
}

const network_fetch = globalThis.fetch;
globalThis.fetch = async (input, init) => {
	const url = new URL(input instanceof Request ? input.url : input);
	if (LOOPBACK.has(url.hostname)) return network_fetch(...mend(url, input, init));
	if (url.hostname === INFO_SERVICE) return Response.json(api_info(init.body));
	throw new TypeError(`refused to contact ${url.hostname}`);
};

let message_id = null; // of the message that a 2.7.0 client is handling

/**
 * Make 2.7.0 able to talk to servers of 4.0 to 4.8 ("sse"), which it can no longer do by itself:
 * it asks for events at an address that they do not have, and forgets the id that they gave it.
 */
function mend(url, input, init) {
	if (!url.pathname.endsWith("/queue/data")) return [input, init];
	if (url.searchParams.has("fn_index")) {
		url.pathname = url.pathname.replace(/data$/, "join");
		return [new Request(url, input), init];
	}
	if (init?.method !== "POST") return [input, init];
	const body = JSON.parse(init.body);
	return [input, { ...init, body: JSON.stringify({ ...body, event_id: message_id }) }];
}

let socket_class;
Object.defineProperty(globalThis, "WebSocket", {
	get: () => socket_class,
	set: (base) => (socket_class = forgiving(base)) // 0.2.1 puts its own there
});

/** Return a class whose listener may throw, as in a browser: 0.2.1 throws at each log message. */
function forgiving(base) {
	return class extends base {
		set onmessage(listener) {
			super.onmessage = (event) => {
				try {
					listener(event);
				} catch (error) {
					console.error("onmessage", error);
				}
			};
		}
	};
}

const clients = { 0: await import("client-0"), 2: await import("client-2") }; // after the gate

/** Answer in the service's place, without which 0.2.1 cannot submit: the component types. */
function api_info(body) {
	const config = JSON.parse(JSON.parse(body).config);
	const types = new Map(config.components.map(({ id, type, props }) => [id, { type, props }]));
	const describe = (ids) =>
		ids
			.map((id) => types.get(id))
			.filter(({ type }) => type !== "state")
			.map(({ type, props }) => ({
				label: props.label,
				component: type[0].toUpperCase() + type.slice(1),
				type: {},
				serializer: ""
			}));
	const info = { named_endpoints: {}, unnamed_endpoints: {} };
	config.dependencies.forEach(({ api_name, inputs, outputs }, index) => {
		const endpoint = { parameters: describe(inputs), returns: describe(outputs) };
		if (api_name) info.named_endpoints[`/${api_name}`] = endpoint;
		else info.unnamed_endpoints[index] = endpoint;
	});
	return info;
}

const connections = new Map();
const connection_key = ({ client, url, session, auth }) =>
	JSON.stringify([client, url, session, auth]);

/** Return the connection of this request, made once and shared with others of its session. */
function connect({ client, url, session, auth }) {
	const key = connection_key({ client, url, session, auth });
	if (!LOOPBACK.has(new URL(url).hostname)) throw new Error(`not on this machine: ${url}`);
	if (!(client in clients)) throw new Error(`no client ${JSON.stringify(client)}: "0" or "2"`);
	if (!connections.has(key)) {
		const connection = client === "2" ? connect_2(url, auth) : connect_0(url);
		connections.set(key, connection);
		connection.catch(() => connections.delete(key));
	}
	return connections.get(key);
}

/** Connect with 0.2.1, which without a callback would never say that it cannot. */
function connect_0(url) {
	return new Promise((resolve, reject) => {
		const status_callback = ({ message }) => reject(new Error(message));
		clients[0].client(url, { status_callback }).then(resolve, reject);
	});
}

async function connect_2(url, auth) {
	const options = { events: EVENTS, ...(auth ? { auth } : {}) };
	const client = new clients[2].Client(url, options);
	pace(client);
	await client.init(); // with the line before, what Client.connect does
	return client;
}

/**
 * Make the streams of a client behave the same at any speed.
 *
 * Messages are handed on one a turn: the client applies edits to the very values that it gave out,
 * and those that came in one packet would change them before we have written them down. `closed`
 * says when a stream has ended and all of it is handed on.
 */
function pace(client) {
	const open = client.stream;
	client.stream = (url) => {
		const stream = open(url);
		let last = Promise.resolve();
		for (const name of ["onmessage", "onerror"]) {
			let listener = null;
			const later = (value) => {
				last = last
					.then(() => new Promise((resolve) => setImmediate(resolve)))
					.then(() => {
						message_id = name === "onmessage" ? JSON.parse(value.data).event_id : null;
						listener(value); // posts, if it does, before it returns
					});
			};
			Object.defineProperty(stream, name, {
				get: () => listener && later,
				set: (value) => (listener = value)
			});
		}
		client.closed_stream = new Promise((resolve) => {
			Object.defineProperty(stream, "readyState", {
				set: (state) => state === stream.CLOSED && last.then(resolve)
			});
		});
		return stream;
	};
}

/**
 * Wait for the server to end the stream after the last job of a client.
 *
 * A job submitted while the stream is ending never hears of its events again, and after a stream
 * that ended without saying so (before 4.22) the client never opens another.
 */
async function settle(client) {
	const ended = await Promise.race([client.closed_stream.then(() => true), trailing()]);
	if (ended === true && !client.jobs) client.stream_status.open = false;
}

const is_final = (event) =>
	event.type === "status" && (event.stage === "complete" || event.stage === "error");

/** Submit with 2.7.0, and call `emit` for each event until there are no more. */
async function submit_2(client, request, emit) {
	client.jobs = (client.jobs ?? 0) + 1;
	try {
		await iterate_2(client, request, emit);
	} finally {
		client.jobs -= 1;
	}
	if (client.stream_status.open && !client.jobs) await settle(client);
}

/** Return a chunk as the server wants it, and 2.7.0 leaves to its user: with a slot for state. */
function laid_out(client, endpoint, values) {
	const { components, dependencies } = client.config;
	const named = ({ id, api_name }) => id === endpoint || `/${api_name}` === endpoint;
	const { id: fn_index, inputs } = dependencies.find(named);
	const left = [...values];
	const is_state = (input) => components.find(({ id }) => id === input).type === "state";
	return { fn_index, data: inputs.map((input) => (is_state(input) ? null : left.shift())) };
}

async function iterate_2(client, request, emit) {
	const { endpoint, payload, cancel_after, chunks, event_data, trigger_id } = request;
	const event = event_data == null ? [] : [event_data, trigger_id];
	const job = client.submit(endpoint, payload ?? undefined, ...event);
	const left = chunks && [...chunks];
	let count = 0;
	let finished = false;
	if (cancel_after === 0) job.wait_for_id().then(job.cancel);
	for (;;) {
		const next = job.next();
		// A job without a queue leaves its iterator open, and so do some of the client's errors.
		const { value: event, done } = await (finished ? Promise.race([next, trailing()]) : next);
		if (done) return;
		emit(event);
		if (event.type === "data" && ++count === cancel_after) job.cancel();
		if (event.type === "data" && left) {
			if (left.length) job.send_chunk(laid_out(client, endpoint, left.shift()));
			else job.close_stream();
		}
		finished ||= is_final(event);
		if (finished && event.queue === false) return;
	}
}

function trailing() {
	return new Promise((resolve) => setTimeout(resolve, TRAILING, { done: true }));
}

/** Submit with 0.2.1, and call `emit` for each event until the final one. */
function submit_0(client, { endpoint, payload, cancel_after, event_data }, emit) {
	return new Promise((resolve) => {
		const job = client.submit(endpoint, payload ?? [], event_data ?? undefined);
		let count = 0;
		let accepted = false;
		const listen = (event) => {
			emit(event);
			if (event.type === "data" && ++count === cancel_after) job.cancel();
			if (cancel_after === 0 && !accepted && event.position !== undefined) {
				accepted = true; // it is in the queue
				job.cancel();
			}
			if (is_final(event)) setImmediate(resolve); // after what is emitted in the same turn
		};
		for (const type of EVENTS) job.on(type, listen);
	});
}

async function answer(request) {
	const events = [];
	const emit = (event) => events.push(JSON.parse(JSON.stringify(event))); // as it is right now
	const seconds = request.timeout ?? TIMEOUT;
	let timer;
	const limit = new Promise((_, reject) => {
		timer = setTimeout(() => {
			connections.delete(connection_key(request)); // whatever it waits for
			reject(new Error(`no end within ${seconds} s`));
		}, seconds * 1000);
	});
	const run = async () => {
		const client = await connect(request);
		await (request.client === "2" ? submit_2 : submit_0)(client, request, emit);
	};
	let error = null;
	try {
		await Promise.race([run(), limit]);
	} catch (thrown) {
		error = String(thrown?.message ?? thrown);
	}
	clearTimeout(timer);
	process.stdout.write(`${JSON.stringify({ id: request.id, events: [...events], error })}\n`);
}

process.stdout.on("error", () => process.exit(1)); // nobody listens any more
const running = new Set();
for await (const line of readline.createInterface({ input: process.stdin })) {
	if (!line.trim()) continue;
	const job = answer(JSON.parse(line));
	running.add(job);
	job.finally(() => running.delete(job));
}
await Promise.all(running);
process.stdout.write("", () => process.exit(0)); // heartbeat streams would keep it alive
