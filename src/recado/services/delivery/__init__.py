"""What is told: the event log on its way to webhooks and live streams."""
