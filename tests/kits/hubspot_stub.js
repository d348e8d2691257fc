// Runs the custom coded action as HubSpot does, with axios answered by the task's list (a status, or null: no answer).
const fs = require('fs');
const Module = require('module');

const task = JSON.parse(fs.readFileSync(0, 'utf8'));
const sent = [];
const answers = task.answers.slice();
const axios = {
  async post(url, data, config) {
    sent.push({ url, body: data.toString('base64'), bytes: Buffer.isBuffer(data), headers: config.headers,
      timeout: config.timeout, maxRedirects: config.maxRedirects });
    const status = answers.length ? answers.shift() : 202;
    if (status === null) throw Object.assign(new Error('timeout'), { code: 'ECONNABORTED' });
    if (status >= 300) throw Object.assign(new Error('status ' + status), { response: { status } });
    return { status };
  },
};
const allowed = { axios, crypto: require('crypto') };
const load = Module._load;
Module._load = (name, ...rest) => (rest[0] && rest[0].filename === task.file ? need(name) : load(name, ...rest));
function need(name) {
  if (!(name in allowed)) throw new Error('HubSpot has no module ' + name + ' for this action');
  return allowed[name];
}
const RealDate = Date;
globalThis.Date = class extends RealDate {
  constructor(...given) { if (given.length) super(...given); else super(task.now); }
  static now() { return task.now; }
};
for (const name of Object.keys(process.env)) delete process.env[name];
Object.assign(process.env, task.secrets);

const action = require(task.file);
const output = [];
action.main(task.event, (found) => output.push(found)).then(
  () => finish(null),
  (error) => finish({ message: error.message, status: error.response ? error.response.status : null }),
);
function finish(error) {
  process.stdout.write(JSON.stringify({ sent, output, error }));
}
