"""JSON for programs: one file per noun; what is decided here is only the form of requests and answers."""
