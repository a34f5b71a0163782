"""What is asked to be sent: taken in, queued, paced, tried, and settled."""
