/*
 * Google Sheets: tells Dealbooks about rows that are done, signed by Standard Webhooks 1.0.
 * It carries no figures: Dealbooks reads the sheet again. Installing it: README.md.
 *
 * The mark column says how far a row is: empty (nothing to tell), "due TIME" (to be told), "sent TIME" (Dealbooks has it).
 * A row is marked due before anything is sent and sent only after a 2xx, so a failure leaves it due for the next sweep.
 */
const SETTINGS = {
  tab: 'Deals',
  headerRow: 1,
  columns: { id: 'Deal ID', status: 'Status', mark: 'Sent to Dealbooks' }, // as the header row has them
  done: 'Delivered', // the status of a sale that is done
};
const RUN_MS = 4 * 60 * 1000; // Google ends a run after six minutes
const LOCK_MS = 30 * 1000;

/** Run once by hand, and again after a change of SETTINGS: checks everything and sets the two triggers. */
function install() {
  const book = SpreadsheetApp.getActive();
  gateway_();
  columns_(tab_(book));
  ScriptApp.getProjectTriggers()
    .filter((one) => ['onSheetEdit', 'sweep'].indexOf(one.getHandlerFunction()) >= 0)
    .forEach((one) => ScriptApp.deleteTrigger(one));
  ScriptApp.newTrigger('onSheetEdit').forSpreadsheet(book).onEdit().create();
  ScriptApp.newTrigger('sweep').timeBased().everyMinutes(5).create();
}

/** A person edited cells, maybe many rows at once: rows that are done, or were told before, are told (again). */
function onSheetEdit(event) {
  const sheet = event.range.getSheet();
  if (sheet.getName() !== SETTINGS.tab) return;
  const first = Math.max(SETTINGS.headerRow + 1, event.range.getRow());
  const last = Math.min(event.range.getLastRow(), sheet.getLastRow());
  if (first > last) return;
  const columns = columns_(sheet);
  const due = due_();
  rows_(sheet, first, last).forEach((row, i) => {
    const told = /^(due|sent) /.test(String(row[columns.mark - 1]));
    if (told || isDone_(row, columns)) sheet.getRange(first + i, columns.mark).setValue(due);
  });
  send_(sheet, first, last);
}

/** Every five minutes: all rows still unsent, also those that no trigger saw (scripts, forms, formulas). */
function sweep() {
  const sheet = tab_(SpreadsheetApp.getActive());
  const first = SETTINGS.headerRow + 1;
  if (sheet.getLastRow() >= first) send_(sheet, first, sheet.getLastRow());
}

function send_(sheet, first, last) {
  const lock = LockService.getDocumentLock();
  if (!lock.tryLock(LOCK_MS)) return; // another run is sending; what is due stays due
  let refusal = '';
  try {
    const until = Date.now() + RUN_MS;
    const gateway = gateway_();
    const columns = columns_(sheet);
    const rows = rows_(sheet, first, last);
    for (let i = 0; i < rows.length && Date.now() < until; i += 1) {
      const told = tellRow_(gateway, sheet, columns, first + i, rows[i]);
      if (told.refusal) refusal = refusal || told.refusal;
      if (told.stop) break;
    }
  } finally {
    SpreadsheetApp.flush();
    lock.releaseLock();
  }
  if (refusal) throw new Error(refusal); // Google mails this to whoever installed the script
}

/** One row: {} when there is nothing to tell or it was told; otherwise why not, and whether others can be tried. */
function tellRow_(gateway, sheet, columns, number, row) {
  let mark = String(row[columns.mark - 1]);
  if (mark.indexOf('sent ') === 0) return {};
  if (mark.indexOf('due ') !== 0) {
    if (!isDone_(row, columns)) return {};
    mark = due_();
    sheet.getRange(number, columns.mark).setValue(mark);
  }
  let id = String(row[columns.id - 1]).trim();
  if (id === '') {
    id = 'GS-' + Utilities.getUuid();
    sheet.getRange(number, columns.id).setValue(id);
  }
  SpreadsheetApp.flush();
  let code;
  try {
    code = post_(gateway, sheet, id, mark, isDone_(row, columns) ? 'deal.completed' : 'deal.updated');
  } catch (error) {
    console.warn('The gateway did not answer; the next sweep tries again. ' + error);
    return { stop: true };
  }
  if (code >= 200 && code < 300) {
    // Rows may have been sorted or edited meanwhile: a row is marked only if it is still the one that was told.
    const same = String(sheet.getRange(number, columns.id).getValue()).trim() === id;
    const marked = sheet.getRange(number, columns.mark);
    if (same && String(marked.getValue()) === mark) marked.setValue('sent ' + new Date().toISOString());
    return {};
  }
  if (code === 429 || code >= 500) {
    console.warn('The gateway answered ' + code + '; the next sweep tries again.');
    return { stop: true };
  }
  const refusal = 'The gateway refused row ' + number + ' (' + id + ') with ' + code + '; the row stays due. ' +
    '401: the secret differs from the one in dealbooks.yaml. 404: the address has another name than under hooks:.';
  return { refusal: refusal, stop: code !== 400 };
}

function post_(gateway, sheet, id, mark, type) {
  const book = SpreadsheetApp.getActive().getId();
  const gid = String(sheet.getSheetId());
  const body = JSON.stringify({
    type: type,
    timestamp: mark.slice('due '.length),
    data: { deal_id: id, object_ids: { spreadsheet: book, sheet: gid } },
  });
  const digest = Utilities.computeDigest(Utilities.DigestAlgorithm.SHA_256, bytes_([book, gid, id, mark].join(':')));
  const eventId = 'gs_' + Utilities.base64EncodeWebSafe(digest).replace(/=+$/, '');
  const at = String(Math.floor(Date.now() / 1000));
  const key = Utilities.base64Decode(gateway.secret.replace(/^whsec_/, ''));
  const signature = Utilities.computeHmacSha256Signature(bytes_(eventId + '.' + at + '.' + body), key);
  return UrlFetchApp.fetch(gateway.url, {
    method: 'post',
    contentType: 'application/json',
    payload: body,
    muteHttpExceptions: true,
    followRedirects: false,
    headers: {
      'webhook-id': eventId,
      'webhook-timestamp': at,
      'webhook-signature': 'v1,' + Utilities.base64Encode(signature),
    },
  }).getResponseCode();
}

function gateway_() {
  const kept = PropertiesService.getScriptProperties();
  const url = kept.getProperty('DEALBOOKS_URL');
  const secret = kept.getProperty('DEALBOOKS_SECRET');
  if (!url || !secret) throw new Error('Set DEALBOOKS_URL and DEALBOOKS_SECRET under Project Settings, Script Properties.');
  return { url: url, secret: secret };
}

function tab_(book) {
  const sheet = book.getSheetByName(SETTINGS.tab);
  if (!sheet) throw new Error('There is no tab "' + SETTINGS.tab + '". Correct SETTINGS.tab, then run install again.');
  return sheet;
}

/** Where the columns are now, by their headers: people move columns. */
function columns_(sheet) {
  const headers = rows_(sheet, SETTINGS.headerRow, SETTINGS.headerRow)[0].map(plain_);
  const found = {};
  Object.keys(SETTINGS.columns).forEach((name) => {
    const header = SETTINGS.columns[name];
    const at = headers.indexOf(plain_(header));
    if (at < 0) throw new Error('The tab "' + SETTINGS.tab + '" has no column "' + header + '". Add it, or correct SETTINGS.');
    if (headers.lastIndexOf(plain_(header)) !== at) {
      throw new Error('The tab "' + SETTINGS.tab + '" has two columns "' + header + '". Rename one of them.');
    }
    found[name] = at + 1;
  });
  return found;
}

function rows_(sheet, first, last) {
  return sheet.getRange(first, 1, last - first + 1, sheet.getLastColumn()).getValues();
}

function isDone_(row, columns) {
  return plain_(row[columns.status - 1]) === plain_(SETTINGS.done);
}

function due_() {
  return 'due ' + new Date().toISOString();
}

function plain_(value) {
  return String(value).trim().toLowerCase();
}

function bytes_(text) {
  return Utilities.newBlob(text).getBytes();
}
