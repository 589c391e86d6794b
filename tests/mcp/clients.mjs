// SPDX-License-Identifier: BSD-2-Clause-Patent
// One session of an official client with the server; what it saw is printed as one JSON object.
//   node clients.mjs MODULES 1|2|2-modern JOB.json stdio COMMAND ... | http URL PID
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const [modules, sdk, jobFile, way, ...rest] = process.argv.slice(2);
const need = createRequire(join(modules, 'x.js'));
const job = JSON.parse(readFileSync(jobFile, 'utf8'));
const info = { name: 'tinyvmaf-tests', version: '1.0.0' };

function load() {
  if (sdk === '1') {
    const base = '@modelcontextprotocol/sdk/client/';
    return {
      ...need(base + 'index.js'), ...need(base + 'stdio.js'), ...need(base + 'streamableHttp.js'),
    };
  }
  return { ...need('@modelcontextprotocol/client'), ...need('@modelcontextprotocol/client/stdio') };
}

const { Client, StdioClientTransport, StreamableHTTPClientTransport } = load();
const options = sdk === '2-modern' ? { versionNegotiation: { mode: 'auto' } } : {};
const client = new Client(info, { capabilities: {}, ...options });
const transport = way === 'stdio'
  ? new StdioClientTransport({
      command: rest[0], args: rest.slice(1), stderr: 'ignore', env: { ...process.env },
    })
  : new StreamableHTTPClientTransport(new URL(rest[0]));

// The second SDK has no argument for a schema.
const call = (name, args, opts = {}) => sdk === '1'
  ? client.callTool({ name, arguments: args }, undefined, { timeout: 120000, ...opts })
  : client.callTool({ name, arguments: args }, { timeout: 120000, ...opts });

const failure = async (promise) => {
  try { await promise; return null; } catch (e) { return { code: e.code ?? null, text: String(e.message) }; }
};

const cpu = (pid) => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (+fields[11] + +fields[12]) * 10; // milliseconds at 100 ticks a second
};

const seen = {};
const ms = () => performance.now();
let t = ms();
await client.connect(transport);
seen.connect_ms = ms() - t;
seen.server = client.getServerVersion();
seen.tools = (await client.listTools()).tools.map((x) => x.name);
seen.resources = (await client.listResources()).resources.map((x) => x.uri);
seen.templates = (await client.listResourceTemplates()).resourceTemplates.map((x) => x.uriTemplate);
seen.prompts = (await client.listPrompts()).prompts.map((x) => x.name);
seen.completion = (await client.complete({
  ref: { type: 'ref/prompt', name: 'compare_encodes' }, argument: { name: 'model', value: 'vmaf_4k' },
})).completion.values;
seen.prompt = (await client.getPrompt({
  name: 'find_worst_moments', arguments: { reference: 'a.mp4', distorted: 'b.mp4' },
})).messages[0].content.text;

seen.progress = [];
seen.score = await call('vmaf_score', job.score, { onprogress: (p) => seen.progress.push(p) });
const link = seen.score.content.find((c) => c.type === 'resource_link');
seen.report = (await client.readResource({ uri: link.uri })).contents[0].text;
if (job.golden) seen.golden = (await call('vmaf_score', job.golden)).structuredContent?.score;
seen.pages = (await client.complete({
  ref: { type: 'ref/resource', uri: 'vmaf://docs/{page}' }, argument: { name: 'page', value: 'm' },
})).completion.values;
seen.worst = await call('describe_worst_frames', { ...job.score, n: 1 });
seen.wrong_value = await call('vmaf_score', { ...job.score, width: -1 });
seen.unknown_tool = await failure(call('no_such_tool', {}));
seen.unknown_resource = await failure(client.readResource({ uri: 'vmaf://reports/none' }));
seen.two = (await Promise.all([call('vmaf_score', job.score), call('vmaf_score', job.score)]))
  .map((r) => r.structuredContent?.score);

// A long score is cancelled once it has begun.
const pid = way === 'stdio' ? transport.pid : +rest[1];
const stop = new AbortController();
let began;
const frames = new Promise((resolve) => { began = resolve; });
const long = failure(call('vmaf_score', job.long, {
  signal: stop.signal, onprogress: (p) => { if (p.progress >= 1) began(p.progress); },
}));
seen.frames_before_cancel = await frames;
t = ms();
seen.while_busy = (await client.listTools()).tools.length;
seen.list_while_busy_ms = ms() - t;
stop.abort();
seen.cancelled = await long;
await sleep(job.patience_ms);
const before = cpu(pid);
await sleep(500);
seen.cpu_ms_after_cancel = cpu(pid) - before;
seen.after_cancel = (await call('vmaf_score', job.score)).structuredContent?.score;
await client.close();
process.stdout.write(JSON.stringify(seen), () => process.exit(0));
