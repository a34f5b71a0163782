"""What is done now and then: days of the log made and dropped, backups, counted hours."""
