/*
 * HubSpot custom coded action: tells Dealbooks that a deal was won, signed by Standard Webhooks 1.0.
 * It carries no figures: Dealbooks reads the deal again. Installing it: README.md.
 *
 * HubSpot tries an action again, for up to three days, when axios throws with 429 or 5xx (its error handling page).
 * Whether it does so when nobody answers is not documented, so that is tried a second time here.
 */
const axios = require('axios');
const crypto = require('crypto');

const GATEWAY = 'https://gateway.example/hooks/hubspot-code';
const SECRET_NAME = 'DEALBOOKS_SECRET';
const TRIES = 2;
const WAIT_MS = 8000; // two of them fit into the 20 seconds that HubSpot gives an action

exports.main = async (event, callback) => {
  const deal = String(event.object.objectId);
  const portal = String(event.origin.portalId);
  const run = event.callbackId || crypto.randomUUID(); // HubSpot's id of this run of the action
  const id = 'hs_' + crypto.createHash('sha256').update([portal, deal, run].join(':')).digest('hex').slice(0, 32);
  const body = JSON.stringify({
    type: 'deal.completed',
    timestamp: new Date().toISOString(),
    data: { deal_id: deal, object_ids: { portal: portal } },
  });
  for (let attempt = 1; ; attempt += 1) {
    try {
      await send(id, body);
      break;
    } catch (error) {
      if (error.response || attempt === TRIES) throw error;
    }
  }
  callback({ outputFields: { sent: 'true', event_id: id } });
};

async function send(id, body) {
  const secret = process.env[SECRET_NAME];
  if (!secret) throw new Error('Add the secret ' + SECRET_NAME + ' to this action: whsec_... as in dealbooks.yaml.');
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const at = String(Math.floor(Date.now() / 1000));
  const signature = crypto.createHmac('sha256', key).update(id + '.' + at + '.' + body, 'utf8').digest('base64');
  // As bytes: axios leaves those as they are, so what arrives is what was signed.
  await axios.post(GATEWAY, Buffer.from(body, 'utf8'), {
    headers: {
      'Content-Type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': at,
      'webhook-signature': 'v1,' + signature,
    },
    timeout: WAIT_MS,
    maxRedirects: 0,
  });
}
