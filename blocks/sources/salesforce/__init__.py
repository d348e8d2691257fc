"""Salesforce's opportunities as a source of deals."""
