// Runs the Apps Script over a small spreadsheet. The task: cells, the answers of the gateway, and steps one after another.
const crypto = require('crypto');
const fs = require('fs');
const vm = require('vm');

const task = JSON.parse(fs.readFileSync(0, 'utf8'));
const grid = task.grid;
const out = { grid, sent: [], errors: [], warnings: [], triggers: [], flushes: 0, locked: 0 };
const answers = (task.answers || []).slice();
const properties = task.properties;
let now = task.now;
let triggers = (task.triggers || []).map((name) => trigger(name));
let lockHeld = false;
let uuids = 0;

const signed = (buffer) => Array.from(buffer, (one) => (one > 127 ? one - 256 : one)); // Apps Script's bytes: -128..127
const buffer = (bytes) => {
  if (!Array.isArray(bytes)) throw new Error('bytes are needed, not ' + typeof bytes);
  return Buffer.from(bytes.map((one) => one & 0xff));
};
const height = () => grid.reduce((last, row, i) => (row.some((one) => one !== '') ? i + 1 : last), 0);
const width = () => Math.max(...grid.map((row) => row.length));

function range(row, column, rows = 1, columns = 1) {
  if (row < 1 || column < 1 || rows < 1 || columns < 1) throw new Error('a range outside of the sheet');
  const cell = (r, c) => { const value = (grid[r - 1] || [])[c - 1]; return value === undefined ? '' : value; };
  return {
    getSheet: () => sheet,
    getRow: () => row, getLastRow: () => row + rows - 1,
    getColumn: () => column, getLastColumn: () => column + columns - 1,
    getValue: () => cell(row, column),
    getValues: () => Array.from({ length: rows }, (_, r) => Array.from({ length: columns }, (_, c) => cell(row + r, column + c))),
    setValue: (value) => { grid[row - 1][column - 1] = value; },
  };
}
const sheet = {
  getName: () => 'Deals', getSheetId: () => 0, getLastRow: height, getLastColumn: width,
  getRange: range,
};
const other = { ...sheet, getName: () => 'Notes' };
const book = { getId: () => 'spreadsheet-1', getSheetByName: (name) => (name === 'Deals' ? sheet : null) };

function trigger(handler, kind = 'other') { return { handler, kind, getHandlerFunction: () => handler }; }
function building(handler) {
  const made = (kind) => ({ create: () => { triggers.push(trigger(handler, kind)); } });
  return {
    forSpreadsheet: (one) => { if (one !== book) throw new Error('another spreadsheet'); return { onEdit: () => made('edit') }; },
    timeBased: () => ({ everyMinutes: (minutes) => made('every ' + minutes) }),
  };
}

const context = vm.createContext({
  console: { warn: (words) => out.warnings.push(String(words)), log() {} },
  Date: class extends Date {
    constructor(...given) { if (given.length) super(...given); else super(now); }
    static now() { return now; }
  },
  SpreadsheetApp: { getActive: () => book, flush: () => { out.flushes += 1; } },
  PropertiesService: { getScriptProperties: () => ({ getProperty: (name) => (name in properties ? properties[name] : null) }) },
  LockService: { getDocumentLock: () => ({
    tryLock: () => { if (task.lockTaken || lockHeld) return false; lockHeld = true; out.locked += 1; return true; },
    releaseLock: () => { lockHeld = false; },
  }) },
  ScriptApp: {
    getProjectTriggers: () => triggers.slice(),
    deleteTrigger: (one) => { triggers = triggers.filter((kept) => kept !== one); },
    newTrigger: building,
  },
  Utilities: {
    DigestAlgorithm: { SHA_256: 'sha256' },
    getUuid: () => { uuids += 1; return '00000000-0000-4000-8000-' + String(uuids).padStart(12, '0'); },
    newBlob: (text) => ({ getBytes: () => signed(Buffer.from(text, 'utf8')) }),
    base64Decode: (text) => signed(Buffer.from(text, 'base64')),
    base64Encode: (bytes) => buffer(bytes).toString('base64'),
    base64EncodeWebSafe: (bytes) => buffer(bytes).toString('base64').replace(/\+/g, '-').replace(/\//g, '_'),
    computeDigest: (name, bytes) => signed(crypto.createHash(name).update(buffer(bytes)).digest()),
    computeHmacSha256Signature: (bytes, key) => signed(crypto.createHmac('sha256', buffer(key)).update(buffer(bytes)).digest()),
  },
  UrlFetchApp: {
    fetch: (url, options) => {
      if (!lockHeld) throw new Error('sent without the lock');
      const answer = answers.length ? answers.shift() : 202;
      out.sent.push({ url, ...options, at: now });
      now += task.fetchMs || 0;
      for (const change of (task.meanwhile || {})[out.sent.length] || []) apply(change);
      if (answer === null) throw new Error('Address unavailable');
      return { getResponseCode: () => answer };
    },
  },
});
vm.runInContext(fs.readFileSync(task.file, 'utf8'), context, { filename: 'Code.gs' });

function apply(change) {
  if ('sort' in change) grid.splice(1, grid.length - 1, ...grid.slice(1).reverse());
  else grid[change.row - 1][change.column - 1] = change.value;
}
const steps = {
  install: () => context.install(),
  sweep: () => context.sweep(),
  // A person edits; as in Google, the trigger then gets the range only.
  edit: ({ row, column, values, tab }) => {
    values.forEach((line, r) => line.forEach((value, c) => {
      while (grid.length < row + r) grid.push(grid[0].map(() => ''));
      grid[row + r - 1][column + c - 1] = value;
    }));
    const edited = range(row, column, values.length, values[0].length);
    context.onSheetEdit({ range: tab ? { ...edited, getSheet: () => other } : edited });
  },
  write: apply, // by another script: no trigger runs
  wait: ({ ms }) => { now += ms; },
};
for (const [name, given] of task.steps) {
  try { steps[name](given || {}); } catch (error) { out.errors.push(error.message); }
  if (lockHeld) throw new Error('the lock is not given back');
}
out.triggers = triggers.map((one) => [one.handler, one.kind]);
process.stdout.write(JSON.stringify(out));
