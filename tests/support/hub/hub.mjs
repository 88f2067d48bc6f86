/**
 * Let @gradio/client 2.7.0 connect to, call or duplicate a Space of a Hub on this machine.
 *
 * Arguments: the folder of the installed clients, the Hub's address, and a JSON object with
 *   action   "status": until the first status; "predict": connect and call /add; "duplicate"
 *   source   the Space
 *   options  for the client
 * Prints a JSON object: statuses, value and error.
 */

import process from "node:process";
import { pathToFileURL } from "node:url";

const [folder, hub, request] = process.argv.slice(2);
const { action, source, options } = JSON.parse(request);
const LOOPBACK = new Set(["127.0.0.1", "localhost", "[::1]"]);

console.log = console.info = console.debug = console.warn = console.error;

const network_fetch = globalThis.fetch;
globalThis.fetch = async (input, init) => {
	let url = new URL(input instanceof Request ? input.url : input);
	if (url.hostname === "huggingface.co") url = new URL(url.pathname + url.search, hub);
	if (!LOOPBACK.has(url.hostname)) throw new TypeError(`refused to contact ${url.hostname}`);
	const answer = await network_fetch(
		input instanceof Request ? new Request(url, input) : url,
		init
	);
	if (!url.pathname.endsWith("/config") || !answer.ok) return answer;
	// On Hugging Face an app knows which Space it is.
	return Response.json({ ...(await answer.json()), space_id: source });
};

const { Client } = await import(pathToFileURL(`${folder}/node_modules/client-2/dist/index.js`));

const statuses = [];
let value = null;
let error = null;

function finish() {
	process.stdout.write(JSON.stringify({ statuses, value, error }), () => process.exit());
}

const all = {
	...options,
	status_callback: (status) => {
		statuses.push(status);
		if (action === "status") finish();
	}
};
try {
	if (action === "duplicate") {
		await Client.duplicate(source, all);
	} else {
		const app = await Client.connect(source, all);
		if (action === "predict") value = (await app.predict("/add", [2, 3])).data[0];
	}
} catch (thrown) {
	error = String(thrown);
}
if (action !== "status" || error !== null) finish();
