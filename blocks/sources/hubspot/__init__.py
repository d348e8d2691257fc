"""HubSpot's deals as a source of deals."""
