"""The pages for people: rendered on the server, made live with htmx and server-sent events."""
