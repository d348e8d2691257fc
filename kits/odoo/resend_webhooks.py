# Odoo scheduled action, "Execute Code": sends again what the webhook actions to Dealbooks sent lately.
#
# Odoo sends a webhook once, waits one second, and never repeats it. A repeat costs nothing: Dealbooks knows an event by
# model, id and write_date. Odoo's code may not import anything, so the webhook actions themselves are run again.
# Installing it: README.md.  The line below is for our own linter; Odoo passes the names in, and its clock is UTC.
# ruff: noqa: F821

HOOK = "/hooks/odoo/"  # what the address of the webhook actions has in it
LOOK_BACK_MINUTES = 30  # three times the interval of the scheduled action
AT_MOST = 100  # records of one model in one run; Odoo 17 may wait a second for each

wanted = {
    "sale.order": [("state", "in", ["sale", "cancel"])],
    "account.move": [("state", "=", "posted"), ("move_type", "in", ["out_invoice", "out_refund"])],
}
since = datetime.datetime.now() - datetime.timedelta(minutes=LOOK_BACK_MINUTES)
actions = env["ir.actions.server"].search([("state", "=", "webhook"), ("webhook_url", "like", HOOK)])
if not actions:
    raise UserError(
        "No action 'Send Webhook Notification' has " + HOOK + " in its address. Add the action, or correct HOOK."
    )
for webhook in actions:
    name = webhook.model_id.model
    if name not in wanted:
        continue
    if "write_date" not in webhook.webhook_field_ids.mapped("name"):
        raise UserError("Add the field write_date to the webhook action " + webhook.name + ": it tells events apart.")
    domain = wanted[name] + [("write_date", ">=", since)]
    found = env[name].search(domain, order="write_date desc, id desc", limit=AT_MOST)
    if found:
        webhook.with_context(active_model=name, active_id=found.ids[0], active_ids=found.ids).run()
